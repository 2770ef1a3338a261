"""Fetching (P8): the consent is checked again under its lock; the leaf stands before the bytes."""

from dataclasses import dataclass, field
from uuid import UUID

from consent.lifecycle import RUN_OUT, ConsentState
from consent.service import EventType
from yidaitong import audit
from yidaitong.kernel.errors import DataGoneError, EvidenceUnavailableError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import copies
from yidaitong.packets.amending import shows_too_much
from yidaitong.packets.covering import is_covered
from yidaitong.packets.lifecycle import GONE, UNFETCHED, PacketState
from yidaitong.packets.models import Packet, PacketCopy
from yidaitong.packets.moving import lock, members_of, move
from yidaitong.packets.places import jwe_place
from yidaitong.pulls.moving import Locked

READ = "packet.read"
FETCH = "packets.fetch"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPacket:
    """What the bank gets: one JWE only its key opens."""

    packet_id: UUID
    packet_sha256: str
    jwe: str = field(repr=False)


def fetch(uow: UnitOfWork, packet_id: UUID) -> SealedPacket:
    """Hand one packet to its bank. The caller gives the bytes away only after the commit.

    Each fetch is in the log; the first one starts the bank's duty to erase.

    Raises:
        ForbiddenError: the actor may not read packets, or is no bank.
        NotFoundError: no such packet, or another bank's.
        DataGoneError: lapsed, withdrawn, or its consent was.
        ConsentNotActiveError: paused or suspended: it may come back.
        EvidenceUnavailableError: its proof is not published yet, or evidence cannot be written.
    """
    uow.actor.require(READ)
    locked, packet = lock(_as_bank(uow), packet_id, FETCH)
    _check_consent(locked, packet)
    _check_packet(locked, packet)
    _check_copy(locked, packet)
    _check_scope(locked, packet)
    locked.desk.evidence_ready()
    if packet.state is PacketState.ISSUED:
        raise EvidenceUnavailableError(f"packet {packet_id} waits for its proof")
    if packet.jwe is None:
        raise DataGoneError(f"packet {packet_id}: its key was destroyed")
    # Opened first: a key that is gone writes no leaf.
    text = uow.crypto.open(uow.session, jwe_place(packet.chain_id, packet.id), packet.jwe)
    first = packet.fetched_at is None
    changes = {
        "copies": packet.copies + 1,
        "fetched_at": locked.at if first else packet.fetched_at,
    }
    move(locked, packet, EventType.PACKET_FETCHED, members_of(packet), changes)
    if first:
        copies.begin(locked, packet)
    audit.record(uow, "packet.fetch", object_type="packet", object_id=packet.id)
    uow.session.flush()
    return SealedPacket(
        packet_id=packet.id, packet_sha256=packet.packet_sha256, jwe=text.decode("ascii")
    )


def _as_bank(uow: UnitOfWork) -> UnitOfWork:
    _ = uow.actor.bank_id  # Only a bank fetches; everybody else is refused here.
    return uow


def _check_consent(locked: Locked, packet: Packet) -> None:
    """ACTIVE, or run out after the release: what was released before that end stands."""
    row = locked.live.row
    if row.use_ended_at is not None or row.use_frozen:
        raise DataGoneError(f"packet {packet.id}: the use of its consent has ended")
    if locked.live.state in RUN_OUT - {ConsentState.SUPERSEDED}:
        return
    if not locked.live.is_live:
        raise DataGoneError(f"packet {packet.id}: its consent is {locked.live.state}")
    locked.live.require_active()


def _check_copy(locked: Locked, packet: Packet) -> None:
    duty = locked.uow.session.get(PacketCopy, packet.id, populate_existing=True)
    if duty is not None and not copies.may_be_used(duty, locked.at):
        raise DataGoneError(f"packet {packet.id}: its copy may not be used any more")


def _check_packet(locked: Locked, packet: Packet) -> None:
    if packet.state in GONE:
        raise DataGoneError(f"packet {packet.id} is {packet.state}")
    if packet.state in UNFETCHED and locked.at >= packet.fetch_before:
        raise DataGoneError(f"packet {packet.id} was not fetched in time")
    if packet.state in UNFETCHED and not is_covered(locked, packet):
        raise DataGoneError(f"packet {packet.id} holds more than its consent allows now")
    if packet.state is PacketState.DISPUTED:
        raise DataGoneError(f"packet {packet.id} is disputed")


def _check_scope(locked: Locked, packet: Packet) -> None:
    """An amendment since the release: what shows more than it allows is not handed over."""
    if packet.state in UNFETCHED and shows_too_much(locked, packet):
        raise DataGoneError(f"packet {packet.id} shows more than its consent allows now")
