"""Legal hold (D5, D6): a law makes the bank keep a copy, for one coded basis and for a time."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from consent.service import EventType
from yidaitong import audit
from yidaitong.authorizations.stopping import destroy_data
from yidaitong.kernel.crypto.box import DekKind
from yidaitong.kernel.errors import InvalidRequestError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import copies
from yidaitong.packets.lifecycle import CopyState, HoldBasis
from yidaitong.packets.models import Packet, PacketCopy
from yidaitong.packets.moving import destroy_key, lock
from yidaitong.pulls.moving import Locked

HOLD: Final = "copy.hold"
REJECT: Final = "copy.reject"
LIFTED: Final = "LIFTED"
REJECTED: Final = "REJECTED"
# What must be kept beyond is held again, with a new basis to look at.
LONGEST: Final = timedelta(days=3660)
_SHA256: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Which law, for what, until when, and the hash of what proves it (base64url SHA-256)."""

    basis: HoldBasis
    scope: str
    until_at: datetime
    evidence_sha256: str


def hold(uow: UnitOfWork, packet_id: UUID, wanted: Hold) -> PacketCopy:
    """Keep a copy by law (D5); from now on it serves that basis only. A new hold replaces the old.

    Our own keys of it live on as long: both sides must be able to show the same bytes.

    Raises:
        ForbiddenError: the actor may not hold copies, or is no bank.
        NotFoundError: no copy of this bank.
        InvalidRequestError: the time is over or too long, or the hash is none.
        InvalidStateError: it was erased.
    """
    uow.actor.require(HOLD)
    _ = uow.actor.bank_id  # Only a bank holds.
    locked, duty = _locked(uow, packet_id, HOLD)
    if not locked.at < wanted.until_at <= locked.at + LONGEST:
        raise InvalidRequestError("until_at", fields={"until": "RANGE"})
    if not _SHA256.fullmatch(wanted.evidence_sha256):
        raise InvalidRequestError("evidence", fields={"evidence_sha256": "PATTERN"})
    copies.advance(locked, duty)
    changes = {
        "held_at": locked.at,
        "hold_basis": wanted.basis,
        "hold_scope": wanted.scope,
        "hold_until_at": wanted.until_at,
        "hold_evidence_sha256": wanted.evidence_sha256,
    }
    copies.move(locked, duty, EventType.COPY_HELD, changes, wanted.basis.value)
    for kind, owner_id in ((DekKind.DATA, duty.chain_id), (DekKind.PACKET, packet_id)):
        uow.crypto.hold(uow.session, kind, owner_id, held=True)
    audit.record(uow, "copy.hold", object_type="packet", object_id=packet_id)
    copies.tell(locked)
    return duty


def lift(uow: UnitOfWork, packet_id: UUID) -> PacketCopy:
    """The bank ends its hold (D6): it must erase within a week.

    Raises:
        ForbiddenError: the actor may not, or is no bank.
        NotFoundError: no copy of this bank.
        InvalidStateError: it is not held.
    """
    uow.actor.require(HOLD)
    _ = uow.actor.bank_id
    return _end(uow, packet_id, LIFTED)


def reject(uow: UnitOfWork, packet_id: UUID) -> PacketCopy:
    """The regulator does not accept the basis (D6): the bank must erase within a week.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such copy.
        InvalidStateError: it is not held.
    """
    uow.actor.require(REJECT)
    return _end(uow, packet_id, REJECTED)


def let_go(locked: Locked, packet_id: UUID) -> None:
    """Destroy now what only a hold kept alive: keys of a consent whose use has ended."""
    uow, chain_id = locked.uow, locked.live.id
    uow.session.flush()
    uow.crypto.hold(uow.session, DekKind.PACKET, packet_id, held=False)
    others = uow.session.scalar(
        select(func.count())
        .select_from(PacketCopy)
        .where(PacketCopy.chain_id == chain_id, PacketCopy.state == CopyState.LEGAL_HOLD)
    )
    if not others:
        uow.crypto.hold(uow.session, DekKind.DATA, chain_id, held=False)
    if locked.live.row.use_ended_at is None:
        return
    destroy_key(locked, uow.session.get_one(Packet, packet_id), LIFTED)
    destroy_data(uow, chain_id, LIFTED)


def _end(uow: UnitOfWork, packet_id: UUID, reason: str) -> PacketCopy:
    locked, duty = _locked(uow, packet_id, HOLD)
    copies.lift(locked, duty, locked.at, reason)
    let_go(locked, packet_id)
    audit.record(uow, "copy.lift", object_type="packet", object_id=packet_id)
    copies.tell(locked)
    return duty


def _locked(uow: UnitOfWork, packet_id: UUID, job: str) -> tuple[Locked, PacketCopy]:
    locked, _packet = lock(uow, packet_id, job)
    duty = uow.session.get(PacketCopy, packet_id, with_for_update=True, populate_existing=True)
    if duty is None:
        raise NotFoundError(f"copy of packet {packet_id}")
    return locked, duty
