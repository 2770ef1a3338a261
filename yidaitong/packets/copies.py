"""What a bank owes for what it fetched (D1, D2, D4): dates that come closer, and what is late."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from consent import service
from consent.events import iso
from consent.service import EventType
from yidaitong.packets.lifecycle import RUNNING, CopyState, copy_after
from yidaitong.packets.models import Packet, PacketCopy
from yidaitong.packets.retention import erase_due
from yidaitong.pulls import stopping
from yidaitong.pulls.moving import Locked

NOTICE: Final = timedelta(days=7)  # D2: this long before its date a duty becomes due.
GRACE: Final = timedelta(days=7)  # After a withdrawal the bank has this long to erase.
SHORT: Final = timedelta(hours=24)  # The same where it only viewed, or the consent was void.
LIFTED: Final = timedelta(days=7)  # D6: from the end of a legal hold.
ESCALATION: Final = timedelta(days=7)  # Overdue this long: the bank's consents may be suspended.
VIEW: Final = "VIEW"
UNTIL: Final = "UNTIL"


def begin(locked: Locked, packet: Packet) -> PacketCopy:
    """Start the duty of a packet's first fetch (D1)."""
    duty = PacketCopy(
        packet_id=packet.id,
        chain_id=packet.chain_id,
        enterprise_id=packet.enterprise_id,
        bank_id=packet.bank_id,
        packet_sha256=packet.packet_sha256,
        state=copy_after(None, EventType.COPY_OPENED),
        opened_at=locked.at,
        erase_due_at=packet.erase_due_at,
    )
    locked.uow.session.add(duty)
    locked.uow.session.flush()
    _record(locked, duty, EventType.COPY_OPENED, None)
    return duty


def end_use(locked: Locked) -> int:
    """Use was withdrawn or never allowed (A7, A11–A13): what is held must go soon; how many moved.

    The date is counted from the act itself, however late this runs. Safe to repeat.
    """
    deadline = _deadline(locked)
    if deadline is None:
        return 0
    return sum(_bar(locked, duty, deadline) for duty in of_chain(locked))


def shorten(locked: Locked) -> None:
    """After an amendment (A10) the shorter of both lives counts; the new version proves it."""
    session = locked.uow.session
    artefact = service.artefact_of(locked.desk, locked.live.row)
    for duty in of_chain(locked):
        if duty.state in RUNNING:
            issued_at = session.scalars(
                select(Packet.issued_at).where(Packet.id == duty.packet_id)
            ).one()
            due = erase_due(issued_at, artefact.mode, artefact.data_life)
            duty.erase_due_at = min(duty.erase_due_at, due)
            advance(locked, duty)


def advance(locked: Locked, duty: PacketCopy) -> None:
    """Record what the clock did to one duty (D2, D4, D6). Safe to repeat."""
    at = locked.at
    until = duty.hold_until_at
    if duty.state is CopyState.LEGAL_HOLD and until is not None and at >= until:
        lift(locked, duty, until, UNTIL)
    if duty.state is CopyState.HELD and at >= duty.erase_due_at - NOTICE:
        move(locked, duty, EventType.COPY_ERASE_DUE)
    if duty.state is CopyState.ERASE_DUE and at >= duty.erase_due_at:
        move(locked, duty, EventType.COPY_OVERDUE, {"overdue_at": duty.erase_due_at})


def lift(locked: Locked, duty: PacketCopy, since: datetime, reason: str) -> None:
    """End a legal hold (D6): the bank has a week from its end to erase."""
    changes = {"erase_due_at": since + LIFTED}
    move(locked, duty, EventType.COPY_HOLD_LIFTED, changes, reason)


def move(
    locked: Locked,
    duty: PacketCopy,
    event: EventType,
    changes: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Take one edge: the state, what changes with it, the event and its leaf.

    Raises:
        InvalidStateError: the table has no such edge.
    """
    before = duty.state
    duty.state = copy_after(before, event)
    duty.n += 1
    for name, value in (changes or {}).items():
        setattr(duty, name, value)
    _record(locked, duty, event, before, reason)


def of_chain(locked: Locked) -> Sequence[PacketCopy]:
    """The duties of a locked consent as they are now."""
    return list(
        locked.uow.session.scalars(
            select(PacketCopy)
            .where(PacketCopy.chain_id == locked.live.id)
            .order_by(PacketCopy.packet_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def tell(locked: Locked) -> None:
    """Say in the receipt of a withdrawal what became of the copies since."""
    locked.uow.session.flush()
    if locked.live.row.use_ended_at is not None:
        stopping.reissue(locked, erasures(locked))


def erasures(locked: Locked) -> list[dict[str, Any]]:
    """What the receipt of a withdrawal says about the copies of a consent."""
    duties = locked.uow.session.scalars(
        select(PacketCopy)
        .where(PacketCopy.chain_id == locked.live.id)
        .order_by(PacketCopy.packet_id)
    )
    mode = service.artefact_of(locked.desk, locked.live.row).mode
    return [
        {
            "packet_sha256": duty.packet_sha256,
            "mode": mode,
            "erase_due_at": iso(duty.erase_due_at),
            "state": duty.state.value,
        }
        for duty in duties
    ]


def due_before(at: datetime) -> Any:
    """Condition on the duties the clock has something to say about."""
    held = (PacketCopy.state == CopyState.HELD) & (PacketCopy.erase_due_at <= at + NOTICE)
    due = (PacketCopy.state == CopyState.ERASE_DUE) & (PacketCopy.erase_due_at <= at)
    kept = (PacketCopy.state == CopyState.LEGAL_HOLD) & (PacketCopy.hold_until_at <= at)
    return held | due | kept


def may_be_used(duty: PacketCopy, at: datetime) -> bool:
    """Whether the bank may still work with its copy, and fetch it once more."""
    if duty.state is CopyState.ERASED or duty.use_ended_at is not None:
        return False
    # Under a hold the copy is for that basis only.
    return duty.state in RUNNING and at < duty.erase_due_at


def _deadline(locked: Locked) -> datetime | None:
    row = locked.live.row
    ends = []
    if row.use_ended_at is not None:
        mode = service.artefact_of(locked.desk, row).mode
        ends.append(row.use_ended_at + (SHORT if mode == VIEW else GRACE))
    if row.void_found_at is not None:
        ends.append(row.void_found_at + SHORT)
    return min(ends, default=None)


def _bar(locked: Locked, duty: PacketCopy, deadline: datetime) -> bool:
    advance(locked, duty)
    barred_before = duty.use_ended_at is not None
    due = min(duty.erase_due_at, deadline)
    changes = {
        "erase_due_at": due,
        "use_ended_at": duty.use_ended_at or locked.live.row.use_ended_at,
    }
    if duty.state not in RUNNING:
        # The date is over, or a law keeps it: only what it may be used for changes.
        duty.use_ended_at = changes["use_ended_at"]
        return False
    if barred_before and due == duty.erase_due_at:
        return False
    move(locked, duty, EventType.COPY_ERASE_DUE, changes)
    advance(locked, duty)
    return True


def _record(
    locked: Locked,
    duty: PacketCopy,
    event: EventType,
    before: CopyState | None,
    reason: str | None = None,
) -> None:
    held = {EventType.COPY_HELD, EventType.COPY_HOLD_LIFTED}
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
            reason=reason,
            members=_hold(duty) if event in held else _copy(locked, duty),
        ),
        locked.at,
    )


def _copy(locked: Locked, duty: PacketCopy) -> dict[str, Any]:
    return {
        "packet_sha256": duty.packet_sha256,
        "erase_due_at": duty.erase_due_at,
        "attestation_sha256": duty.attestation_sha256,
        "late": duty.state is CopyState.ERASE_OVERDUE or locked.at >= duty.erase_due_at,
    }


def _hold(duty: PacketCopy) -> dict[str, Any]:
    return {
        "basis": duty.hold_basis,
        "scope": duty.hold_scope,
        "until_at": duty.hold_until_at,
        "evidence_sha256": duty.hold_evidence_sha256,
    }
