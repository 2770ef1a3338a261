"""What a bank owes for what it fetched: each duty has a date that only moves closer."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from consent import service
from consent.events import iso
from consent.service import EventType
from yidaitong.packets.lifecycle import CopyState
from yidaitong.packets.models import Packet, PacketCopy
from yidaitong.pulls.moving import Locked

NOTICE = timedelta(days=7)  # D2: this long before its date a duty becomes due.
GRACE = timedelta(days=7)  # After a withdrawal the bank has this long to erase.
OPEN_DUTIES = frozenset({CopyState.HELD, CopyState.ERASE_DUE, CopyState.ERASE_OVERDUE})


def begin(locked: Locked, packet: Packet) -> PacketCopy:
    """Start the duty of a packet's first fetch (D1)."""
    duty = PacketCopy(
        packet_id=packet.id,
        chain_id=packet.chain_id,
        enterprise_id=packet.enterprise_id,
        bank_id=packet.bank_id,
        packet_sha256=packet.packet_sha256,
        state=CopyState.HELD,
        opened_at=locked.at,
        erase_due_at=packet.erase_due_at,
    )
    locked.uow.session.add(duty)
    locked.uow.session.flush()
    _record(locked, duty, EventType.COPY_OPENED, None)
    return duty


def end_use(locked: Locked) -> int:
    """The consent was withdrawn (A7): what is held must go soon and may not be used; how many."""
    duties = locked.uow.session.scalars(
        select(PacketCopy)
        .where(PacketCopy.chain_id == locked.live.id, PacketCopy.state.in_(OPEN_DUTIES))
        .where(PacketCopy.use_ended_at.is_(None))
        .order_by(PacketCopy.packet_id)
        .with_for_update()
    ).all()
    for duty in duties:
        overdue = duty.state is CopyState.ERASE_OVERDUE
        due = min(duty.erase_due_at, locked.at + GRACE)
        state = CopyState.ERASE_OVERDUE if overdue else CopyState.ERASE_DUE
        _move(locked, duty, state, {"erase_due_at": due, "use_ended_at": locked.at})
    return len(duties)


def erasures(locked: Locked) -> list[dict[str, Any]]:
    """What the receipt of a withdrawal says about the copies of a consent."""
    mode = service.artefact_of(locked.desk, locked.live.row).mode
    duties = locked.uow.session.scalars(
        select(PacketCopy)
        .where(PacketCopy.chain_id == locked.live.id)
        .order_by(PacketCopy.packet_id)
    )
    return [
        {
            "packet_sha256": duty.packet_sha256,
            "mode": mode,
            "erase_due_at": iso(duty.erase_due_at),
            "state": duty.state.value,
        }
        for duty in duties
    ]


def advance(locked: Locked, duty: PacketCopy) -> None:
    """Record what the clock did to one duty (D2, D4). Safe to repeat."""
    if duty.state is CopyState.HELD and locked.at >= duty.erase_due_at - NOTICE:
        _move(locked, duty, CopyState.ERASE_DUE, {})
    if duty.state is CopyState.ERASE_DUE and locked.at >= duty.erase_due_at:
        _move(locked, duty, CopyState.ERASE_OVERDUE, {})


def due_before(at: datetime) -> Any:
    """Condition on the duties the clock has something to say about."""
    held = (PacketCopy.state == CopyState.HELD) & (PacketCopy.erase_due_at <= at + NOTICE)
    due = (PacketCopy.state == CopyState.ERASE_DUE) & (PacketCopy.erase_due_at <= at)
    return held | due


_EVENTS: Mapping[CopyState, EventType] = {
    CopyState.ERASE_DUE: EventType.COPY_ERASE_DUE,
    CopyState.ERASE_OVERDUE: EventType.COPY_OVERDUE,
}


def _move(locked: Locked, duty: PacketCopy, state: CopyState, changes: Mapping[str, Any]) -> None:
    before = duty.state
    duty.state = state
    duty.n += 1
    for name, value in changes.items():
        setattr(duty, name, value)
    _record(locked, duty, _EVENTS[state], before)


def _record(locked: Locked, duty: PacketCopy, event: EventType, before: CopyState | None) -> None:
    service.record(
        locked.desk,
        service.Event(
            type=event,
            ref=duty.packet_id,
            n=duty.n,
            chain_id=duty.chain_id,
            digest=locked.live.digest,
            before=before,
            after=duty.state,
            members={
                "packet_sha256": duty.packet_sha256,
                "erase_due_at": duty.erase_due_at,
                "attestation_sha256": None,
                "late": duty.state is CopyState.ERASE_OVERDUE,
            },
        ),
        locked.at,
    )
