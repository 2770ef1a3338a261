"""Sealing: once the log has published the leaves, wrap the packet and its proofs to the bank."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from consent.drafts import artefact_text
from consent.evidence import leaf_of, open_event, proof_of
from consent.ledger import proofs
from consent.models import ConsentRow, EventRow
from consent.ports import Desk
from consent.service import EventType
from yidaitong.authorizations.desk import desk_of
from yidaitong.banks import queries as banks
from yidaitong.banks.models import KeyState
from yidaitong.kernel.crypto import jwe
from yidaitong.kernel.crypto.keys import PublicKey
from yidaitong.kernel.errors import DataGoneError, InvalidStateError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.deliveries import DELIVERY_CTY, DELIVERY_TYP, Delivery, write
from yidaitong.packets.lifecycle import PacketState
from yidaitong.packets.models import Packet
from yidaitong.packets.places import content_place, jwe_place
from yidaitong.packets.releasing import SEAL

_log = structlog.get_logger(__name__)
_PATIENCE = timedelta(seconds=30)


def seal(uow: UnitOfWork, packet_id: UUID) -> bool:
    """Seal one packet to its bank; False while the log has not published its proof.

    Safe to repeat: what is sealed, lapsed or withdrawn stays as it is. The row's lock makes one
    of two jobs wait; the consent's lock is not needed, because nothing leaves the house here.
    """
    packet = uow.session.scalars(
        select(Packet)
        .where(Packet.id == packet_id, Packet.state == PacketState.ISSUED)
        .with_for_update()
    ).one_or_none()
    if packet is None:
        return True
    try:
        return _seal(uow, packet)
    except DataGoneError:
        # The consent was withdrawn meanwhile, perhaps since its key was last read here;
        # withdrawing the packet is a job of its own.
        return True


def _seal(uow: UnitOfWork, packet: Packet) -> bool:
    delivery = _delivery(uow, packet)
    if delivery is None:
        _wait(uow, packet)
        return False
    text = jwe.encrypt(_bank_key(uow, packet), write(delivery), DELIVERY_TYP, DELIVERY_CTY)
    place = jwe_place(packet.chain_id, packet.id)
    packet.jwe = uow.crypto.seal(uow.session, place, text.encode("ascii"))
    packet.state = PacketState.SEALED
    packet.sealed_at = uow.clock()
    uow.session.flush()
    return True


def _wait(uow: UnitOfWork, packet: Packet) -> None:
    """Ask for a head that covers the leaves; nothing of ours is written in this transaction."""
    proofs.ask_soon(uow.session)
    waited = uow.clock() - packet.issued_at
    if waited > _PATIENCE:
        _log.warning("packet.unproved", packet=str(packet.id), seconds=int(waited.total_seconds()))


def composed(uow: UnitOfWork, packet: Packet) -> dict[str, Any]:
    """The packet's text and evidence as composed.

    Raises:
        DataGoneError: the data key of the consent was destroyed.
    """
    place = content_place(packet.chain_id, packet.id)
    found: dict[str, Any] = json.loads(uow.crypto.open(uow.session, place, packet.content))
    return found


def _bank_key(uow: UnitOfWork, packet: Packet) -> PublicKey:
    """The key chosen when the packet was issued, unless its bank no longer trusts it."""
    for key in banks.keys_of_bank(uow, packet.bank_id):
        if key.kid == packet.bank_kid and key.state is not KeyState.REVOKED:
            return PublicKey.read(key.jwk, use="enc")
    raise InvalidStateError(f"packet {packet.id}: key {packet.bank_kid} was revoked")


def _delivery(uow: UnitOfWork, packet: Packet) -> Delivery | None:
    desk = desk_of(uow, job=SEAL)
    issued = uow.session.get_one(EventRow, packet.event_id)
    granted = _grant_of(desk, packet, issued)
    proof, consent_proof = proof_of(desk, issued), proof_of(desk, granted)
    if proof is None or consent_proof is None:
        return None
    content = composed(uow, packet)
    opened = open_event(desk, issued)
    consent = uow.session.get_one(ConsentRow, packet.consent_id)
    return Delivery(
        packet=content["packet"],
        leaf=leaf_of(desk, issued),
        opening={"salt": opened.salt, "event": dict(opened.event)},
        proof=proof,
        artefact=artefact_text(desk, consent),
        consent_leaf=leaf_of(desk, granted),
        consent_proof=consent_proof,
        evidence=content["evidence"],
    )


def _grant_of(desk: Desk, packet: Packet, issued: EventRow) -> EventRow:
    """The grant of the consent's version the packet names: the last one before it."""
    return desk.session.scalars(
        select(EventRow)
        .where(
            EventRow.chain_id == packet.chain_id,
            EventRow.type == EventType.CONSENT_GRANTED.value,
            EventRow.entry_id < issued.entry_id,
        )
        .order_by(EventRow.entry_id.desc())
        .limit(1)
    ).one()
