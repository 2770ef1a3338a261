"""Checks of a delivery against the log: leaf, commitment, inclusion under a trusted head."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.encoding import b64u, b64u_decode
from consent.events import SALT_BYTES, EventType, commitment, sha256_b64u
from consent.ledger.checkpoint import open_checkpoint
from consent.ledger.leaves import Leaf, parse_leaf
from consent.ledger.merkle import leaf_hash, verify_inclusion
from consent.ledger.policy import Policy
from consent.ledger.prooftext import read_proof
from consent.ledger.signatures import verifier_of
from yidaitong.kernel.crypto import suites
from yidaitong.packets.composing import SUITE_HASH
from yidaitong.packets.deliveries import Delivery
from yidaitong.packets.refusal import RefusedError, refusing, require


@dataclass(frozen=True, slots=True)
class Proved:
    """Where a leaf stands, under which head, and who cosigned it."""

    index: int
    size: int
    log: str
    witnesses: tuple[str, ...]


def check_leaf(delivery: Delivery, body: Mapping[str, Any], suite: str) -> Leaf:
    """The leaf of the release: of this packet, its suite, this consent, these very bytes.

    Raises:
        RefusedError: ``leaf.format``, ``leaf.binding`` or ``leaf.commitment``.
    """
    with refusing("leaf.format"):
        leaf = parse_leaf(delivery.leaf)
    require(leaf.type is EventType.PACKET_ISSUED, "leaf.binding", "type")
    require(str(leaf.ref) == body["packet_id"], "leaf.binding", "ref")
    require(str(leaf.consent) == body["consent"]["chain_id"], "leaf.binding", "consent")
    require(leaf.suite == suite, "leaf.binding", "suite")
    text = delivery.packet.encode("ascii")
    digest = sha256_b64u(text)
    require(leaf.public.get("packet_sha256") == digest, "leaf.binding", "packet_sha256")
    if suite in SUITE_HASH:
        told = b64u(suites.of(suite).digest(text))
        require(leaf.public.get(SUITE_HASH[suite]) == told, "leaf.binding", SUITE_HASH[suite])
    event = _opened(delivery, leaf)
    require(event.get("pull_id") == body["pull"]["id"], "leaf.binding", "pull_id")
    require(event.get("packet_sha256") == digest, "leaf.binding", "packet_sha256")
    return leaf


def _opened(delivery: Delivery, leaf: Leaf) -> Mapping[str, Any]:
    salt, event = delivery.opening["salt"], delivery.opening["event"]
    require(isinstance(event, dict), "leaf.commitment", "event")
    try:
        key = b64u_decode(salt)
        opened = commitment(key, event, suites.of(leaf.suite).mac)
    except (TypeError, ValueError) as error:
        raise RefusedError("leaf.commitment", "salt or event") from error
    require(len(key) == SALT_BYTES and opened == leaf.commit, "leaf.commitment", "commit")
    told = {"type": leaf.type.value, "ref": str(leaf.ref), "n": leaf.n, "t": leaf.t}
    for name, value in told.items():
        require(event.get(name) == value, "leaf.binding", name)
    found: Mapping[str, Any] = event
    return found


def check_proof(leaf: bytes, proof: str, policy: Policy) -> Proved:
    """A leaf's place under a head the policy trusts.

    Raises:
        RefusedError: a code of ``note``, ``policy`` or ``proof``.
    """
    with refusing("proof.format"):
        told = read_proof(proof)
        verifiers = [verifier_of(key) for key in policy.keys]
        head = open_checkpoint(told.note.encode(), verifiers)
        witnesses = policy.check(head)
        checkpoint = head.checkpoint
        require(told.index < checkpoint.size, "proof.inclusion", "index beyond the head")
        verify_inclusion(told.index, checkpoint.size, leaf_hash(leaf), told.hashes, checkpoint.root)
    return Proved(told.index, checkpoint.size, checkpoint.origin, tuple(witnesses))
