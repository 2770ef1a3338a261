"""Checking one proof bundle offline: a delivery or a receipt (the same leaf, opening, proof)."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from consent.encoding import b64u, b64u_decode
from consent.events import EventType, canonical
from consent.ledger.checkpoint import Checkpoint, open_checkpoint
from consent.ledger.errors import LeafError, LedgerError, ProofError
from consent.ledger.leaves import Leaf, parse_leaf
from consent.ledger.merkle import leaf_hash, verify_inclusion
from consent.ledger.policy import Policy
from consent.ledger.prooftext import ProofFormatError, read_proof
from consent.ledger.report import Report, UndecidedError
from consent.ledger.signatures import verifier_of

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_DEPTH: Final = 32
_SALT_BYTES: Final = 32
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_REPEATED: Final = ("type", "ref", "n", "t", "consent")
_DIGESTS: Final = {"intl": "sha256", "sm": "sm3"}


class DeliveryError(LedgerError):
    """Bytes that are no proof bundle."""

    default = "delivery.format"


@dataclass(frozen=True, slots=True)
class Proved:
    """A leaf that stands in the log, and the head that says so."""

    leaf: Leaf
    index: int
    head: Checkpoint


def verify_bundle(data: bytes, policy: Policy, old: Checkpoint | None = None) -> Report:
    """Check a delivery's or receipt's leaf, opening and proof; nothing else is trusted.

    Raises:
        UndecidedError: ``old`` is of another size: one proof cannot say which came first.
    """
    report = Report()
    with suppress(LedgerError):  # Noted in the report.
        _verify(report, data, policy, old)
    return report


def _verify(report: Report, data: bytes, policy: Policy, old: Checkpoint | None) -> None:
    with report.checking("delivery.format"):
        bundle = read_bundle_json(data)
    proved = prove(report, bundle, policy)
    with report.checking("leaf.commitment"):
        _check_opening(bundle, proved.leaf)
    with report.checking("leaf.binding"):
        _check_binding(bundle, proved)
    if "packet" in bundle:
        with report.checking("consent.binding"):
            _check_consent(report, bundle, policy, proved)
    if old is not None:
        if old.size != proved.head.size:
            raise UndecidedError("the old head is of another size: check an exported log")
        with report.checking("proof.consistency"):
            if old.root != proved.head.root:
                raise ProofError("two roots for one size", check="proof.consistency")


def prove(report: Report, bundle: Mapping[str, Any], policy: Policy) -> Proved:
    """Check that the bundle's leaf stands in a log the policy trusts.

    Raises:
        LedgerError: it does not.
    """
    with report.checking("leaf.format"):
        body = _bytes(bundle, "leaf", LeafError)
        leaf = parse_leaf(body)
    with report.checking("proof.format"):
        text = bundle.get("proof")
        if not isinstance(text, str):
            raise ProofFormatError("no proof yet")
        proof = read_proof(text)
    with report.checking("note.signature"):
        head = open_checkpoint(proof.note.encode(), [verifier_of(key) for key in policy.keys])
    report.index, report.log = proof.index, head.checkpoint.origin
    report.size = head.checkpoint.size
    with report.checking("policy.quorum"):
        report.witnesses = policy.check(head)
    with report.checking("proof.inclusion"):
        checkpoint = head.checkpoint
        verify_inclusion(
            proof.index, checkpoint.size, leaf_hash(body), proof.hashes, checkpoint.root
        )
    return Proved(leaf, proof.index, head.checkpoint)


def read_bundle_json(data: bytes) -> dict[str, Any]:
    """A JSON object without a member twice, not too deep, not too long.

    Raises:
        DeliveryError: anything else.
    """
    if len(data) > MAX_BYTES:
        raise DeliveryError("too long", check="size")
    # Counted first: the parser itself would run out of stack.
    depth = 0
    for byte in data.translate(None, _NO_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        if depth > MAX_DEPTH:
            raise DeliveryError("too deep")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise DeliveryError("not JSON") from error
    if not isinstance(value, dict):
        raise DeliveryError("not an object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _refuse(_text: str) -> None:
    raise ValueError("no such number")


def _bytes(value: Mapping[str, Any], name: str, error: type[LedgerError]) -> bytes:
    text = value.get(name)
    if not isinstance(text, str) or not text.isascii():
        raise error(name)
    try:
        return b64u_decode(text)
    except ValueError as failure:
        raise error(name) from failure


def _check_opening(bundle: Mapping[str, Any], leaf: Leaf) -> None:
    check = "leaf.commitment"
    opening = bundle.get("opening")
    if not isinstance(opening, dict) or not isinstance(opening.get("event"), dict):
        raise LeafError("opening", check=check)
    try:
        salt = b64u_decode(str(opening.get("salt")))
        told = hmac.digest(salt, canonical(opening["event"]), _DIGESTS[leaf.suite])
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise LeafError("opening", check=check) from error
    if len(salt) != _SALT_BYTES or not hmac.compare_digest(b64u(told), leaf.commit):
        raise LeafError("the opening is not what the leaf committed to", check=check)


def _check_binding(bundle: Mapping[str, Any], proved: Proved) -> None:
    """Members that stand in several places say the same."""
    leaf, event = proved.leaf, bundle["opening"]["event"]
    said = json.loads(leaf.body())
    pairs = [(event.get(name), said.get(name), name) for name in _REPEATED]
    if "packet" in bundle:
        text = bundle["packet"] if isinstance(bundle["packet"], str) else ""
        pairs.append((leaf.type, EventType.PACKET_ISSUED, "type"))
        pairs.append((sha256_of(text), leaf.public.get("packet_sha256"), "packet"))
    if "receipt_type" in bundle:
        pairs.append((bundle.get("digest"), event.get("digest"), "digest"))
        stop = bundle.get("revocation")
        if isinstance(stop, dict):
            pairs.append((stop.get("effective_at"), leaf.t, "revocation.effective_at"))
            if stop.get("index") is not None:
                pairs.append((stop["index"], proved.index, "revocation.index"))
    for one, other, name in pairs:
        if one != other:
            raise LeafError(name, check="leaf.binding")


def _check_consent(
    report: Report, bundle: Mapping[str, Any], policy: Policy, packet: Proved
) -> None:
    """The grant a packet was issued under stands in the same log, before it."""
    check = "consent.binding"
    consent = bundle.get("consent")
    if not isinstance(consent, dict) or not isinstance(consent.get("artefact"), str):
        raise LeafError("consent", check=check)
    inner = Report()
    granted = prove(inner, consent, policy)
    report.packet_id = str(packet.leaf.ref)
    ok = (
        granted.leaf.type is EventType.CONSENT_GRANTED
        and granted.leaf.consent == packet.leaf.consent
        and granted.leaf.consent is not None
        and granted.index < packet.index
        and granted.head.origin == packet.head.origin
        and granted.leaf.public.get("artefact_sha256") == sha256_of(consent["artefact"])
    )
    if not ok:
        raise LeafError("the grant is not that of the packet", check=check)


def sha256_of(text: str) -> str:
    """Digest of an exact text, base64url."""
    return b64u(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
