"""Acknowledging (C5): the bank signs what it received, over the digest of the packet."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from consent.events import canonical, sha256_b64u
from consent.service import EventType
from yidaitong import audit
from yidaitong.kernel.clock import iso_ms
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.kernel.errors import InvalidRequestError, InvalidStateError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.lifecycle import PacketState
from yidaitong.packets.models import Packet
from yidaitong.packets.moving import lock, move
from yidaitong.packets.signed import read_signed

# Wire format: append only.
VERSION: Final = "ydt-rx/1"
RX_TYP: Final = "ydt-rx+jws"
OPENED: Final = "OPENED"
REFUSED: Final = "REFUSED"
_OUTCOMES: Final = frozenset({OPENED, REFUSED})
_MEMBERS: Final = frozenset({"v", "packet_id", "packet_sha256", "outcome", "cause", "at"})

ACK = "packets.ack"
_MAX_RX = 4096
_MAX_CAUSE = 32


def acknowledge(uow: UnitOfWork, packet_id: UUID, rx_jws: str) -> Packet:
    """Take the bank's signed receipt of a fetched packet. The same receipt twice is once.

    A receipt over another digest, or one that says the packet does not open, makes a dispute.

    Raises:
        ForbiddenError: the actor may not read packets, or is no bank.
        NotFoundError: no such packet, or another bank's.
        InvalidRequestError: not a receipt of this packet.
        SignatureInvalidError: not signed by an acknowledgement key of the bank.
        InvalidStateError: never fetched, or acknowledged otherwise before.
    """
    uow.actor.require("packet.read")
    said = _read(uow, packet_id, rx_jws)
    digest = sha256_b64u(rx_jws.encode("ascii"))
    locked, packet = lock(uow, packet_id, ACK)
    if packet.state in {PacketState.ACKED, PacketState.DISPUTED}:
        if packet.rx_sha256 != digest:
            raise InvalidStateError(f"packet {packet_id} is {packet.state}")
        return packet
    agreed = said["packet_sha256"] == packet.packet_sha256
    good = agreed and said["outcome"] == OPENED
    cause = None if good else said["cause"] or ("REFUSED" if agreed else "DIGEST")
    event = EventType.PACKET_ACKED if good else EventType.PACKET_DISPUTED
    members = {"rx_sha256": digest, "cause": cause, "outcome": said["outcome"]}
    changes = {"rx_sha256": digest, "acked_at": locked.at, "rx": rx_jws}
    move(locked, packet, event, members, changes)
    audit.record(uow, event.value, object_type="packet", object_id=packet.id)
    uow.session.flush()
    return packet


def receipt(
    key: PrivateKey, packet_id: UUID, packet_sha256: str, at: datetime, cause: str | None = None
) -> str:
    """The receipt a bank signs for a packet it has opened and verified; ``cause``: refuses."""
    body = {
        "v": VERSION,
        "packet_id": str(packet_id),
        "packet_sha256": packet_sha256,
        "outcome": OPENED if cause is None else REFUSED,
        "cause": cause,
        "at": iso_ms(at),
    }
    return jws.sign(key, RX_TYP, canonical(body))


def _read(uow: UnitOfWork, packet_id: UUID, rx_jws: str) -> dict[str, Any]:
    body = read_signed(uow, rx_jws, RX_TYP, _MAX_RX)
    if body.keys() != _MEMBERS or body["v"] != VERSION or body["packet_id"] != str(packet_id):
        raise InvalidRequestError("not a receipt of this packet")
    cause = body["cause"]
    short = cause is None or (isinstance(cause, str) and 0 < len(cause) <= _MAX_CAUSE)
    if body["outcome"] not in _OUTCOMES or not isinstance(body["packet_sha256"], str) or not short:
        raise InvalidRequestError("not a receipt of this packet")
    return body
