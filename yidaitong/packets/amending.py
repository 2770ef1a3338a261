"""A10 for packets: released and unfetched ones that hold more than the amendment allows."""

from uuid import UUID

from sqlalchemy import select

from consent.service import EventType
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.lifecycle import UNFETCHED
from yidaitong.packets.models import Packet
from yidaitong.packets.moving import destroy_key, members_of, move, read
from yidaitong.pulls import moving
from yidaitong.pulls.lifecycle import LineStatus
from yidaitong.pulls.moving import Locked
from yidaitong.pulls.scoping import WITHDRAW_OUTSIDE, outside

CAUSE = "SUPERSEDED"


def withdraw_outside(uow: UnitOfWork, chain_id: UUID) -> list[UUID]:
    """Withdraw unfetched packets of an earlier version that show more than the present one allows.

    Safe to repeat. Between the amendment and this job none can be fetched: a fetch locks the
    consent and looks.

    Raises:
        NotFoundError: no such consent.
    """
    locked = moving.lock(uow, chain_id, WITHDRAW_OUTSIDE)
    waiting = uow.session.scalars(
        select(Packet.id)
        .where(
            Packet.chain_id == chain_id,
            Packet.state.in_(UNFETCHED),
            Packet.consent_id != locked.live.consent_id,
        )
        .order_by(Packet.id)
    ).all()
    gone = [packet_id for packet_id in waiting if _withdraw(locked, packet_id)]
    uow.session.flush()
    return gone


def shows_too_much(locked: Locked, packet: Packet) -> bool:
    """Whether a packet made under an earlier version holds what the present one excludes."""
    if packet.consent_id == locked.live.consent_id:
        return False
    found = moving.lines(locked, packet.pull_id)
    shown = [line for line in found if line.status is not LineStatus.EXCLUDED_BY_SUBJECT]
    return bool(outside(locked, shown))


def _withdraw(locked: Locked, packet_id: UUID) -> bool:
    packet = read(locked.uow, packet_id)
    if not shows_too_much(locked, packet):
        return False
    changes = {"ended_at": locked.at}
    move(locked, packet, EventType.PACKET_WITHDRAWN, members_of(packet, CAUSE), changes)
    destroy_key(locked, packet, CAUSE)
    return True
