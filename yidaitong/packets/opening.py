"""Opening a packet for its bank: fetched, decrypted, verified, shown; nothing of it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from consent.ledger.note import KeyKind, VKey
from consent.ledger.policy import Policy
from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.kernel.crypto.box import KeyUse
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey
from yidaitong.kernel.errors import ServiceUnavailableError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets.fetching import fetch
from yidaitong.packets.queries import DerivedFact, derived_of
from yidaitong.packets.verify import Report, Trust, verify
from yidaitong.pulls.lifecycle import LineStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedResource:
    """One resource as a page shows it; ``items`` are as the packet states them."""

    resource: str
    text: Text
    department: Text
    status: LineStatus
    entry: Mapping[str, Any] = field(repr=False)

    @property
    def items(self) -> list[Mapping[str, Any]]:
        """The released fields."""
        found: list[Mapping[str, Any]] = self.entry["items"]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPacket:
    """What a packet says, or why it is refused: then there is nothing to show."""

    packet_id: UUID
    packet_sha256: str
    report: Report
    issued_at: datetime | None = None
    complete: bool = False
    subject: Mapping[str, str] = field(default_factory=dict, repr=False)
    derived: Mapping[str, DerivedFact] = field(default_factory=dict, repr=False)
    resources: tuple[OpenedResource, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Whether every check held."""
        return self.report.ok


def open_for_bank(uow: UnitOfWork, packet_id: UUID, private_jwk: Mapping[str, Any]) -> OpenedPacket:
    """Fetch, decrypt and verify one packet with the bank's own key. Counts as a fetch.

    Raises:
        JoseError: not an encryption key.
        ServiceUnavailableError: the departments' pinned keys cannot be read.
        NotFoundError, DataGoneError, EvidenceUnavailableError: as for a fetch.
    """
    key = PrivateKey.read(private_jwk, use="enc")
    sealed = fetch(uow, packet_id)
    report = verify(sealed.jwe, _trust(uow, key))
    if report.packet is None:
        return OpenedPacket(packet_id=packet_id, packet_sha256=sealed.packet_sha256, report=report)
    body = report.packet.body
    return OpenedPacket(
        packet_id=packet_id,
        packet_sha256=sealed.packet_sha256,
        report=report,
        issued_at=datetime.fromisoformat(body["issued_at"]),
        complete=body["complete"],
        subject=body["subject"],
        derived=derived_of(body),
        resources=tuple(_resource(entry) for entry in body["resources"]),
    )


def platform_keys(uow: UnitOfWork) -> KeySet:
    """Our public keys and the departments' pinned ones, as a bank pins them.

    Raises:
        ServiceUnavailableError: the departments' pinned keys cannot be read.
    """
    try:
        theirs = KeySet.read(uow.settings.gateway_keys_file.read_bytes())
    except (OSError, JoseError) as error:
        raise ServiceUnavailableError("no pinned keys of departments") from error
    ours = [PublicKey.read(jwk) for jwk in uow.crypto.public_jwks(uow.session)["keys"]]
    return KeySet.of(*ours, *theirs.values())


def log_policy(uow: UnitOfWork) -> Policy:
    """Trust in our own log and no witness: a bank brings its own policy instead."""
    public = uow.crypto.public_key(uow.session, KeyUse.LOG)
    return Policy(logs=(VKey(uow.settings.ledger_origin, KeyKind.ED25519, public),))


def _trust(uow: UnitOfWork, key: PrivateKey) -> Trust:
    return Trust(
        key=key, audience=uow.actor.bank_id, keys=platform_keys(uow), policy=log_policy(uow)
    )


def _resource(entry: Mapping[str, Any]) -> OpenedResource:
    resource = RESOURCES[entry["resource"]]
    return OpenedResource(
        resource=resource.code,
        text=resource.text,
        department=DEPARTMENTS[resource.department].text,
        status=LineStatus(entry["status"]),
        entry=entry,
    )
