"""Withdrawing (P12): the consent ended so that nothing unfetched may be fetched any more."""

from uuid import UUID

from sqlalchemy import select

from consent.lifecycle import RUN_OUT, ConsentState
from consent.service import EventType
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import copies
from yidaitong.packets.lifecycle import UNFETCHED
from yidaitong.packets.models import Packet
from yidaitong.packets.moving import destroy_key, members_of, move, read
from yidaitong.pulls import moving, stopping

WITHDRAW = "packets.withdraw"


def withdraw(uow: UnitOfWork, chain_id: UUID) -> list[UUID]:
    """Withdraw what no bank has fetched, and end the use of what one has; the packets withdrawn.

    Does nothing while the consent is live, or where it only ran out: what was released before
    that stands. Safe to repeat. Between the end and this job nothing can be fetched: a fetch
    locks the consent and looks.

    Raises:
        NotFoundError: no such consent.
    """
    locked = moving.lock(uow, chain_id, WITHDRAW)
    row, state = locked.live.row, locked.live.state
    ran_out = state in RUN_OUT - {ConsentState.SUPERSEDED}
    if locked.live.is_live or (ran_out and row.use_ended_at is None):
        return []
    cause = "USE_WITHDRAWN" if ran_out else state.value
    waiting = uow.session.scalars(
        select(Packet.id)
        .where(Packet.chain_id == chain_id, Packet.state.in_(UNFETCHED))
        .order_by(Packet.id)
    ).all()
    for packet_id in waiting:
        packet = read(uow, packet_id)
        move(
            locked,
            packet,
            EventType.PACKET_WITHDRAWN,
            members_of(packet, cause),
            {"ended_at": locked.at},
        )
        destroy_key(locked, packet, cause)
    if row.use_ended_at is not None:
        copies.end_use(locked)
        uow.session.flush()
        stopping.reissue(locked, copies.erasures(locked))
    uow.session.flush()
    return list(waiting)
