"""Disputes (P10): what became of a packet its bank could not open or verify."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from consent.service import EventType
from yidaitong import audit
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import ForbiddenError, InvalidStateError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.lifecycle import Fault
from yidaitong.packets.models import Packet
from yidaitong.packets.moving import destroy_key, lock, move
from yidaitong.pulls import moving as pulls
from yidaitong.pulls.models import PullSlot
from yidaitong.pulls.slots import give_back

RESOLVE: Final = "packet.resolve"
_CAUSE: Final = "DISPUTED"


def resolve(uow: UnitOfWork, packet_id: UUID, fault: Fault) -> Packet:
    """Say whose fault a dispute was; ours gives the calls back, so that the bank may pull again.

    Nobody fetches the packet any more: its key dies.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such packet.
        InvalidStateError: it is not disputed, or was resolved before.
    """
    uow.actor.require(RESOLVE)
    if uow.actor.realm is Realm.BANK:
        raise ForbiddenError("a party does not judge its own dispute")
    locked, packet = lock(uow, packet_id, RESOLVE)
    if packet.resolved_at is not None:
        raise InvalidStateError(f"packet {packet_id} was resolved before")
    members = {"rx_sha256": packet.rx_sha256, "cause": None, "outcome": fault.value}
    changes = {"fault": fault, "resolved_at": locked.at}
    move(locked, packet, EventType.PACKET_DISPUTE_RESOLVED, members, changes)
    if fault is Fault.PLATFORM:
        taken = select(PullSlot.resource).where(PullSlot.pull_id == packet.pull_id)
        slots = give_back(uow, packet.pull_id, list(uow.session.scalars(taken)))
        if slots:
            pull = pulls.read(locked, packet.pull_id)
            pulls.move(locked, pull, EventType.PULL_SLOT_REFUNDED, {"slots": slots})
    destroy_key(locked, packet, _CAUSE)
    audit.record(uow, "packet.resolve", object_type="packet", object_id=packet_id)
    uow.session.flush()
    return packet
