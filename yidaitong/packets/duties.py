"""Lists of duties: a bank's own, and those the authorities watch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.copies import ESCALATION
from yidaitong.packets.lifecycle import CopyState, Fault, HoldBasis, MismatchKind, PacketState
from yidaitong.packets.models import Mismatch, Packet, PacketCopy

OWN: Final = "packet.read"
WATCH: Final = "duty.read"
ACK_WITHIN: Final = timedelta(hours=24)
MAX_WATCHED: Final = 200


class DutyGroup(StrEnum):
    """Which duties a list shows."""

    HELD = "HELD"
    DUE = "DUE"
    OVERDUE = "OVERDUE"
    HOLD = "HOLD"
    ERASED = "ERASED"

    @property
    def text(self) -> Text:
        """The group in words for people."""
        return _TEXTS[self]


_TEXTS: Final = {
    DutyGroup.HELD: Text("留存中", "Kept"),
    DutyGroup.DUE: Text("待删除", "Erasure due"),
    DutyGroup.OVERDUE: Text("逾期未删除", "Erasure overdue"),
    DutyGroup.HOLD: Text("依法留存", "Legal hold"),
    DutyGroup.ERASED: Text("已删除", "Erased"),
}
_STATES: Final = {
    DutyGroup.HELD: CopyState.HELD,
    DutyGroup.DUE: CopyState.ERASE_DUE,
    DutyGroup.OVERDUE: CopyState.ERASE_OVERDUE,
    DutyGroup.HOLD: CopyState.LEGAL_HOLD,
    DutyGroup.ERASED: CopyState.ERASED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One copy and what is owed for it. ``escalated``: late by a week, so it may be suspended."""

    packet_id: UUID
    chain_id: UUID
    application_id: UUID | None
    bank_id: str
    product_id: str
    personal: bool
    packet_sha256: str
    state: CopyState
    opened_at: datetime
    erase_due_at: datetime
    use_ended_at: datetime | None
    ended_at: datetime | None
    overdue_at: datetime | None
    attestation_sha256: str | None
    hold_basis: HoldBasis | None
    hold_scope: str | None
    hold_until_at: datetime | None
    hold_evidence_sha256: str | None
    escalated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """A packet fetched a day ago and not signed for, or one in dispute."""

    packet_id: UUID
    bank_id: str
    state: PacketState
    fetched_at: datetime | None
    fault: Fault | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Books that disagree about one pull."""

    pull_id: UUID
    packet_id: UUID
    bank_id: str
    kind: MismatchKind
    found_at: datetime


def duties_of_bank(
    uow: UnitOfWork, group: DutyGroup | None = None, after: UUID | None = None, limit: int = 50
) -> list[Duty]:
    """Duties of the actor's bank, newest copy first; ``after`` is the last id seen.

    Raises:
        ForbiddenError: the actor may not read packets, or is no bank.
    """
    uow.actor.require(OWN)
    conditions: list[Any] = [PacketCopy.bank_id == uow.actor.bank_id]
    if group is not None:
        conditions.append(PacketCopy.state == _STATES[group])
    if after is not None:
        conditions.append(PacketCopy.packet_id < after)
    return _duties(uow, conditions, PacketCopy.packet_id.desc(), limit)


def duty_of_bank(uow: UnitOfWork, packet_id: UUID) -> Duty:
    """One duty of the actor's bank.

    Raises:
        NotFoundError: never fetched, or another bank's.
    """
    uow.actor.require(OWN)
    mine = [PacketCopy.bank_id == uow.actor.bank_id, PacketCopy.packet_id == packet_id]
    found = _duties(uow, mine, PacketCopy.packet_id, 1)
    if not found:
        raise NotFoundError(f"copy of packet {packet_id}")
    return found[0]


def duties_of_chain(uow: UnitOfWork, chain_id: UUID) -> list[Duty]:
    """Duties under one consent of the actor's enterprise, oldest first: holds and why included."""
    uow.actor.require("consent.read")
    own = [PacketCopy.chain_id == chain_id]
    if uow.actor.realm is Realm.ENTERPRISE:
        own.append(PacketCopy.enterprise_id == uow.actor.enterprise_id)
        own.append(Packet.person_id.is_(None) | (Packet.person_id == uow.actor.person_id))
    return _duties(uow, own, PacketCopy.packet_id, MAX_WATCHED)


def overdue(uow: UnitOfWork) -> list[Duty]:
    """Erasures that are late, the latest first."""
    uow.actor.require(WATCH)
    late = [PacketCopy.state == CopyState.ERASE_OVERDUE]
    return _duties(uow, late, PacketCopy.erase_due_at, MAX_WATCHED)


def holds(uow: UnitOfWork) -> list[Duty]:
    """Copies kept by law, with the basis each bank gave."""
    uow.actor.require(WATCH)
    kept = [PacketCopy.state == CopyState.LEGAL_HOLD]
    return _duties(uow, kept, PacketCopy.hold_until_at, MAX_WATCHED)


def unsigned(uow: UnitOfWork) -> list[Unsigned]:
    """Packets fetched more than a day ago that no bank signed for, oldest first (C5)."""
    uow.actor.require(WATCH)
    late = (Packet.state == PacketState.FETCHED) & (Packet.fetched_at <= uow.now - ACK_WITHIN)
    return _unsigned(uow, late)


def disputes(uow: UnitOfWork) -> list[Unsigned]:
    """Packets in dispute whose outcome is open, oldest first."""
    uow.actor.require(WATCH)
    is_open = (Packet.state == PacketState.DISPUTED) & Packet.resolved_at.is_(None)
    return _unsigned(uow, is_open)


def mismatches(uow: UnitOfWork) -> Sequence[Difference]:
    """What reconciliation found, newest first."""
    uow.actor.require(WATCH)
    rows = uow.session.scalars(select(Mismatch).order_by(Mismatch.id.desc()).limit(MAX_WATCHED))
    return [
        Difference(
            pull_id=row.pull_id,
            packet_id=row.packet_id,
            bank_id=row.bank_id,
            kind=row.kind,
            found_at=row.found_at,
        )
        for row in rows
    ]


def _unsigned(uow: UnitOfWork, condition: Any) -> list[Unsigned]:
    query = select(Packet).where(condition).order_by(Packet.fetched_at).limit(MAX_WATCHED)
    return [
        Unsigned(
            packet_id=row.id,
            bank_id=row.bank_id,
            state=row.state,
            fetched_at=row.fetched_at,
            fault=row.fault,
        )
        for row in uow.session.scalars(query)
    ]


def _duties(uow: UnitOfWork, conditions: list[Any], order: Any, limit: int) -> list[Duty]:
    query = (
        select(PacketCopy, Packet)
        .join(Packet, Packet.id == PacketCopy.packet_id)
        .where(*conditions)
        .order_by(order)
        .limit(limit)
    )
    return [_duty(row[0], row[1], uow.now) for row in uow.session.execute(query)]


def _duty(copy: PacketCopy, packet: Packet, at: datetime) -> Duty:
    late = copy.state is CopyState.ERASE_OVERDUE
    return Duty(
        packet_id=copy.packet_id,
        chain_id=copy.chain_id,
        application_id=packet.application_id,
        bank_id=copy.bank_id,
        product_id=packet.product_id,
        personal=packet.person_id is not None,
        packet_sha256=copy.packet_sha256,
        state=copy.state,
        opened_at=copy.opened_at,
        erase_due_at=copy.erase_due_at,
        use_ended_at=copy.use_ended_at,
        ended_at=copy.ended_at,
        overdue_at=copy.overdue_at,
        attestation_sha256=copy.attestation_sha256,
        hold_basis=copy.hold_basis,
        hold_scope=copy.hold_scope,
        hold_until_at=copy.hold_until_at,
        hold_evidence_sha256=copy.hold_evidence_sha256,
        escalated=late and at >= copy.erase_due_at + ESCALATION,
    )
