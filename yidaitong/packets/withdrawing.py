"""Withdrawing (P12): the consent ended so that nothing unfetched may be fetched any more."""

from uuid import UUID

from sqlalchemy import select

from consent.lifecycle import RUN_OUT, ConsentState
from consent.service import EventType
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import copies
from yidaitong.packets.covering import SUPERSEDED, is_covered
from yidaitong.packets.lifecycle import UNFETCHED
from yidaitong.packets.models import Packet
from yidaitong.packets.moving import destroy_key, members_of, move
from yidaitong.pulls import moving
from yidaitong.pulls.moving import Locked

WITHDRAW = "packets.withdraw"


def withdraw(uow: UnitOfWork, chain_id: UUID) -> list[UUID]:
    """Withdraw what no bank has fetched, and end the use of what one has; the packets withdrawn.

    Where the consent only ran out, what was released before that stands. Where it was amended,
    what its newest version still allows does. Safe to repeat. Between the end and this job
    nothing can be fetched: a fetch locks the consent and looks.

    Raises:
        NotFoundError: no such consent.
    """
    locked = moving.lock(uow, chain_id, WITHDRAW)
    cause = _cause(locked)
    gone = []
    for packet in _unfetched(locked):
        if cause is None and is_covered(locked, packet):
            continue
        why = cause or SUPERSEDED
        changes = {"ended_at": locked.at}
        move(locked, packet, EventType.PACKET_WITHDRAWN, members_of(packet, why), changes)
        destroy_key(locked, packet, why)
        gone.append(packet.id)
    if cause is None and locked.live.is_live:
        copies.shorten(locked)
    if locked.live.row.use_ended_at is not None:
        copies.end_use(locked)
        copies.tell(locked)
    uow.session.flush()
    return gone


def _cause(locked: Locked) -> str | None:
    """Why nothing of this consent may be fetched any more; None where something still may."""
    state = locked.live.state
    if state in RUN_OUT - {ConsentState.SUPERSEDED}:
        return None if locked.live.row.use_ended_at is None else "USE_WITHDRAWN"
    return None if locked.live.is_live else state.value


def _unfetched(locked: Locked) -> list[Packet]:
    waiting = locked.uow.session.scalars(
        select(Packet)
        .where(Packet.chain_id == locked.live.id, Packet.state.in_(UNFETCHED))
        .order_by(Packet.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(waiting)
