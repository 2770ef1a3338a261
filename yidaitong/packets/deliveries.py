"""The delivery: what a bank decrypts, and at the same time a proof bundle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from consent.encoding import b64u, b64u_decode
from yidaitong.kernel.strictjson import StrictJsonError, parse_object

# Wire format: append only.
VERSION: Final = "ydt-delivery/1"
DELIVERY_TYP: Final = "ydt-delivery+jwe"
DELIVERY_CTY: Final = "ydt-delivery+json"

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_EVIDENCE: Final = 64
MAX_ANSWER: Final = 1024 * 1024

_MEMBERS: Final = frozenset({"v", "packet", "leaf", "opening", "proof", "consent", "evidence"})
_CONSENT: Final = frozenset({"artefact", "leaf", "proof"})
_EVIDENCE: Final = frozenset({"resource", "kind", "answer", "answer_sha256", "reason"})
KINDS: Final = frozenset({"jws", "withheld", "sd-jwt"})


class DeliveryError(ValueError):
    """A plaintext that is no delivery; the message names a member, never a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One packet with everything that proves it."""

    packet: str = field(repr=False)
    leaf: bytes
    opening: Mapping[str, Any] = field(repr=False)
    proof: str
    artefact: str = field(repr=False)
    consent_leaf: bytes
    consent_proof: str
    evidence: list[dict[str, Any]] = field(repr=False)


def write(delivery: Delivery) -> bytes:
    """The plaintext of the JWE."""
    body = {
        "v": VERSION,
        "packet": delivery.packet,
        "leaf": b64u(delivery.leaf),
        "opening": dict(delivery.opening),
        "proof": delivery.proof,
        "consent": {
            "artefact": delivery.artefact,
            "leaf": b64u(delivery.consent_leaf),
            "proof": delivery.consent_proof,
        },
        "evidence": delivery.evidence,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def read(plaintext: bytes) -> Delivery:
    """The delivery in a plaintext, read strictly.

    Raises:
        DeliveryError: not a delivery.
    """
    try:
        body = parse_object(plaintext, max_bytes=MAX_BYTES)
    except StrictJsonError as error:
        raise DeliveryError(f"not strict JSON: {error.flaw}") from error
    if body.keys() != _MEMBERS or body["v"] != VERSION:
        raise DeliveryError("members")
    consent, opening = body["consent"], body["opening"]
    if not isinstance(consent, dict) or consent.keys() != _CONSENT:
        raise DeliveryError("consent")
    if not isinstance(opening, dict) or opening.keys() != {"salt", "event"}:
        raise DeliveryError("opening")
    return Delivery(
        packet=_text(body, "packet"),
        leaf=_bytes(body, "leaf"),
        opening=opening,
        proof=_text(body, "proof"),
        artefact=_text(consent, "artefact"),
        consent_leaf=_bytes(consent, "leaf"),
        consent_proof=_text(consent, "proof"),
        evidence=_evidence(body["evidence"]),
    )


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body[name]
    if not isinstance(value, str):
        raise DeliveryError(name)
    return value


def _bytes(body: Mapping[str, Any], name: str) -> bytes:
    try:
        return b64u_decode(_text(body, name))
    except ValueError as error:
        raise DeliveryError(name) from error


def _evidence(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MAX_EVIDENCE:
        raise DeliveryError("evidence")
    for entry in value:
        if not isinstance(entry, dict) or entry.keys() != _EVIDENCE:
            raise DeliveryError("evidence members")
        if entry["kind"] not in KINDS or not isinstance(entry["resource"], str):
            raise DeliveryError("evidence kind")
        _check_answer(entry)
    return value


def _check_answer(entry: Mapping[str, Any]) -> None:
    """An answer, whole or narrowed, or the reason why it stays with us."""
    answer, reason = entry["answer"], entry["reason"]
    text, nothing = (reason, answer) if entry["kind"] == "withheld" else (answer, reason)
    if nothing is not None or not isinstance(text, str) or not text:
        raise DeliveryError("evidence answer")
    if len(text) > MAX_ANSWER:
        raise DeliveryError("evidence size")
