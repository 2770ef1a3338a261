"""Proofs step by step, for people to follow: every hash, what it covers, what it gives. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from consent.ledger.merkle import (
    Span,
    consistency_spans,
    inclusion_spans,
    node_hash,
    root_from_inclusion,
    verify_consistency,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step up from a leaf: ``sibling`` covers leaves ``span`` and stands left or right."""

    span: Span
    sibling: bytes
    on_left: bool
    result: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A complete part of both trees, or of the new one only; ``span`` are its leaves."""

    span: Span
    hash: bytes
    in_old: bool


def climb(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> list[Step]:
    """The way from a leaf hash to the root, in the order of RFC 9162 §2.1.3.2.

    Raises:
        ProofError: no such leaf, or a proof of the wrong length.
    """
    root_from_inclusion(index, size, leaf, proof)
    steps, running = [], leaf
    for span, sibling in zip(inclusion_spans(index, size), proof, strict=True):
        left = span[0] < index
        running = node_hash(sibling, running) if left else node_hash(running, sibling)
        steps.append(Step(span, sibling, left, running))
    return steps


def compare(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> list[Block]:
    """What both roots are made of, in the order of leaves; those within ``old`` give its root.

    Raises:
        ProofError: the proof does not lead to both roots.
    """
    verify_consistency(old, new, proof, old_root, new_root)
    spans = consistency_spans(old, new)
    blocks = [
        Block(span, one, in_old=span[1] <= old) for span, one in zip(spans, proof, strict=True)
    ]
    if not any(block.in_old for block in blocks):
        # The old tree is one complete subtree: its root stands for it.
        blocks.append(Block((0, old), old_root, in_old=True))
    return sorted(blocks, key=lambda block: block.span)
