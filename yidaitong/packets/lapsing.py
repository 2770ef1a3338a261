"""What the clock does to packets: unfetched ones lapse (P11), duties of copies become due."""

from uuid import UUID

from sqlalchemy import select

from consent.service import EventType
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import copies, holding
from yidaitong.packets.lifecycle import UNFETCHED, CopyState
from yidaitong.packets.models import Packet, PacketCopy
from yidaitong.packets.moving import destroy_key, lock, members_of, move

LAPSE = "packets.lapse"
TIME = "TIME"


def due(uow: UnitOfWork, limit: int = 100) -> list[UUID]:
    """Packets the clock has passed, or whose copy it has; each is handled by itself."""
    late = (
        select(Packet.id)
        .where(Packet.state.in_(UNFETCHED), Packet.fetch_before <= uow.now)
        .order_by(Packet.fetch_before)
        .limit(limit)
    )
    duties = (
        select(PacketCopy.packet_id)
        .where(copies.due_before(uow.now))
        .order_by(PacketCopy.erase_due_at)
        .limit(limit)
    )
    return [*uow.session.scalars(late), *uow.session.scalars(duties)]


def lapse_due(uow: UnitOfWork, limit: int = 100) -> int:
    """Lapse what nobody fetched in time and move duties that are due; how many packets.

    Takes several consents one after the other, so it belongs in a job. Safe to repeat.
    """
    packets = due(uow, limit)
    # By consent, so that two of these never wait for each other.
    order = uow.session.execute(
        select(Packet.id).where(Packet.id.in_(packets)).order_by(Packet.chain_id, Packet.id)
    ).scalars()
    return sum(lapse(uow, packet_id) for packet_id in list(order))


def lapse(uow: UnitOfWork, packet_id: UUID) -> bool:
    """Record what the clock did to one packet and its copy; False where it did nothing.

    Raises:
        NotFoundError: no such packet.
    """
    locked, packet = lock(uow, packet_id, LAPSE)
    if packet.state in UNFETCHED and locked.at >= packet.fetch_before:
        changes = {"ended_at": locked.at}
        move(locked, packet, EventType.PACKET_LAPSED, members_of(packet, TIME), changes)
        destroy_key(locked, packet, TIME)
        uow.session.flush()
        return True
    duty = uow.session.get(PacketCopy, packet_id, with_for_update=True, populate_existing=True)
    if duty is None:
        return False
    before = duty.state
    copies.advance(locked, duty)
    if duty.state is before:
        return False
    if before is CopyState.LEGAL_HOLD:
        holding.let_go(locked, packet_id)
    copies.tell(locked)
    return True
