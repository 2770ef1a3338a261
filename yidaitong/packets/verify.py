"""Verifying a packet offline: pinned keys and a policy decide, neither network nor database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from consent.artefact import ConsentArtefact
from consent.events import sha256_b64u
from consent.ledger.leaves import Leaf
from consent.ledger.policy import Policy
from yidaitong.kernel.crypto import jwe, jws
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey
from yidaitong.kernel.crypto.signingkeys import OWNER
from yidaitong.packets.checks_consent import check_consent
from yidaitong.packets.checks_evidence import check_evidence, check_manifest
from yidaitong.packets.checks_log import Proved, check_leaf, check_proof
from yidaitong.packets.composing import PACKET_TYP
from yidaitong.packets.deliveries import DELIVERY_CTY, DELIVERY_TYP, Delivery, read
from yidaitong.packets.refusal import CODES, RefusedError, refusing, require
from yidaitong.packets.schema import read_packet

__all__ = [
    "CODES",
    "Report",
    "Trust",
    "VerifiedPacket",
    "verify",
]

_PURPOSE: Final = "packet"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a bank brings to a check, all of it pinned before the packet came.

    ``audience`` is the bank's own id; ``seen`` holds packets it has taken before.
    """

    key: PrivateKey = field(repr=False)
    audience: str
    keys: KeySet
    policy: Policy
    expect_pull: str | None = None
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPacket:
    """A packet every check of which holds."""

    body: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)
    plaintext: bytes = field(repr=False)
    artefact: ConsentArtefact = field(repr=False)
    proved: Proved

    @property
    def packet_sha256(self) -> str:
        """The digest a receipt is signed over."""
        return sha256_b64u(self.text.encode("ascii"))


@dataclass(slots=True)
class Report:
    """What was checked; ``code`` is the one reason of a refusal. Names members, never values."""

    ok: bool = False
    code: str | None = None
    checks: list[dict[str, Any]] = field(default_factory=list)
    packet_id: str | None = None
    proved: Proved | None = None
    packet: VerifiedPacket | None = field(default=None, repr=False)

    def note(self, name: str, step: Callable[[], _T]) -> _T:
        """Run one check and write down that it held."""
        found = step()
        self.checks.append({"name": name, "ok": True, "detail": ""})
        return found

    def as_json(self) -> dict[str, Any]:
        """The report as the command prints it."""
        place = self.proved
        return {
            "ok": self.ok,
            "code": self.code,
            "checks": self.checks,
            "packet_id": self.packet_id,
            "index": None if place is None else place.index,
            "size": None if place is None else place.size,
            "log": None if place is None else place.log,
            "witnesses": [] if place is None else list(place.witnesses),
        }


def verify(text: str, trust: Trust) -> Report:
    """Check one sealed packet from the outside in; the first failure ends it."""
    report = Report()
    try:
        _run(text, trust, report)
    except RefusedError as refused:
        report.code = refused.code
        report.packet = None
        report.checks.append({"name": refused.code, "ok": False, "detail": refused.detail})
        return report
    report.ok = True
    return report


def _run(text: str, trust: Trust, report: Report) -> None:
    done = report.note
    plaintext = done("decrypt", lambda: _decrypt(text, trust))
    delivery = done("delivery", lambda: _delivery(plaintext))
    ours = trust.keys.owned_by(OWNER)
    body, key = done("packet", lambda: _packet(delivery, ours))
    report.packet_id = body["packet_id"]
    done("addressee", lambda: _check_addressee(body, trust))
    require(key.suite == trust.key.suite, "jws.key", "another suite than the bank's")
    leaf = done("leaf", lambda: check_leaf(delivery, body, key.suite))
    _check_key_time(key, leaf)
    place = done("proof", lambda: check_proof(delivery.leaf, delivery.proof, trust.policy))
    report.proved = place
    artefact = done("consent", lambda: check_consent(delivery, body, ours, (trust.policy, place)))
    done("manifest", lambda: check_manifest(body, artefact))
    done("evidence", lambda: check_evidence(delivery, body, artefact, trust.keys))
    report.packet = VerifiedPacket(
        body=body, text=delivery.packet, plaintext=plaintext, artefact=artefact, proved=place
    )


def _decrypt(text: str, trust: Trust) -> bytes:
    with refusing("jwe.format"):
        try:
            return jwe.decrypt(trust.key, text, typ=DELIVERY_TYP, cty=DELIVERY_CTY)
        except JoseError as error:
            raise RefusedError(error.reason, str(error)) from error


def _delivery(plaintext: bytes) -> Delivery:
    with refusing("delivery.format"):
        return read(plaintext)


def _packet(delivery: Delivery, ours: KeySet) -> tuple[dict[str, Any], PublicKey]:
    with refusing():
        signed = jws.verify(delivery.packet, typ=PACKET_TYP, keys=ours.serving(_PURPOSE))
    with refusing("packet.schema"):
        return read_packet(signed.payload), signed.key


def _check_addressee(body: dict[str, Any], trust: Trust) -> None:
    require(body["audience"] == trust.audience, "packet.audience", "audience")
    expected = trust.expect_pull in {None, body["pull"]["id"]}
    require(expected, "packet.pull", "pull id")
    require(body["packet_id"] not in trust.seen, "packet.replay", "packet id")


def _check_key_time(key: PublicKey, leaf: Leaf) -> None:
    """A key revoked before this leaf proves nothing; a retired one still does."""
    if key.revoked_at is not None:
        before = datetime.fromisoformat(leaf.t) < datetime.fromisoformat(key.revoked_at)
        require(before, "jws.key", "revoked")
