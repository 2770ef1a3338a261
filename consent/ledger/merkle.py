"""The tree: hashes, in-memory tree, proofs and their verification (RFC 9162 §2.1). Pure."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from consent.ledger.errors import ProofError

HASH_BYTES: Final = 32
_PAIR_BYTES: Final = 2 * HASH_BYTES
MAX_SIZE: Final = 2**63
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
_sha256: Final = hashlib.sha256

# A complete subtree of 2**level leaves: its level and its number from the left.
Node = tuple[int, int]
# Leaves lo (included) to hi (excluded); lo is a multiple of the next power of two of hi - lo.
Span = tuple[int, int]


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry, apart from all nodes by its prefix."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash over two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count: int) -> int:
    """The largest power of two strictly below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def cover(span: Span) -> list[Node]:
    """The complete subtrees a span is made of, from the left."""
    lo, hi = span
    nodes = []
    while lo < hi:
        level = (hi - lo).bit_length() - 1
        nodes.append((level, lo >> level))
        lo += 1 << level
    return nodes


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root over the subtrees of :func:`cover`."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def inclusion_spans(index: int, size: int) -> list[Span]:
    """What an inclusion proof holds, from the leaf's sibling upwards (§2.1.3.1).

    Raises:
        ProofError: no such leaf.
    """
    if not 0 <= index < size < MAX_SIZE:
        raise ProofError(f"index {index} of {size}")
    lo, hi, spans = 0, size, []
    while hi - lo > 1:
        middle = lo + _split(hi - lo)
        if index < middle:
            spans.append((middle, hi))
            hi = middle
        else:
            spans.append((lo, middle))
            lo = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """What a consistency proof holds, in its order (§2.1.4.1).

    Raises:
        ProofError: ``old`` is 0 (that proves nothing) or above ``new``.
    """
    if not 0 < old <= new < MAX_SIZE:
        raise ProofError(f"from {old} to {new}", check="proof.consistency")
    lo, hi, spans = 0, new, []
    while old != hi:
        middle = lo + _split(hi - lo)
        if old <= middle:
            spans.append((middle, hi))
            hi = middle
        else:
            spans.append((lo, middle))
            lo = middle
    # The verifier knows the old root, so a prefix that is the whole old tree is left out.
    return ([] if lo == 0 else [(lo, hi)]) + spans[::-1]


class Tree:
    """A whole tree in memory: 64 bytes a leaf, one array of hashes per level."""

    def __init__(self) -> None:
        self.size = 0
        self._levels: list[bytearray] = [bytearray()]

    def append(self, entry: bytes) -> int:
        """Add one entry; its index."""
        index, levels, level = self.size, self._levels, 0
        row = levels[0]
        row += _sha256(b"\x00" + entry).digest()
        self.size += 1
        odd = index
        while odd & 1:  # It completes a pair of this level.
            pair = row[-_PAIR_BYTES:]
            level += 1
            if level == len(levels):
                levels.append(bytearray())
            row = levels[level]
            row += _sha256(b"\x01" + pair).digest()
            odd >>= 1
        return index

    def extend(self, entries: Sequence[bytes]) -> range:
        """Add entries in order; their indices."""
        return self.extend_hashes([_sha256(b"\x00" + entry).digest() for entry in entries])

    def extend_hashes(self, hashes: Iterable[bytes]) -> range:
        """As :meth:`extend`, from leaf hashes."""
        start = self.size
        self._levels[0] += b"".join(hashes)
        self.size = len(self._levels[0]) // HASH_BYTES
        level = 0
        while self.size >> (level + 1):
            self._raise_level(level)
            level += 1
        return range(start, self.size)

    def _raise_level(self, level: int) -> None:
        if len(self._levels) == level + 1:
            self._levels.append(bytearray())
        below, above = self._levels[level], self._levels[level + 1]
        sha256 = hashlib.sha256
        pairs = bytes(below[2 * len(above) : len(below) // 64 * 64])
        above += b"".join(
            [sha256(b"\x01" + pairs[at : at + 64]).digest() for at in range(0, len(pairs), 64)]
        )

    def _node(self, node: Node) -> bytes:
        level, number = node
        return bytes(self._levels[level][HASH_BYTES * number : HASH_BYTES * (number + 1)])

    def _at(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ProofError(f"size {size} of {self.size}")
        return size

    def root(self, size: int | None = None) -> bytes:
        """Root of the first ``size`` entries, by default of all."""
        return root_of(self._at(size), self._node)

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Proof that entry ``index`` stands in the first ``size`` entries."""
        return hash_spans(inclusion_spans(index, self._at(size)), self._node)

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """Proof that the first ``old`` entries are a prefix of the first ``new``."""
        return hash_spans(consistency_spans(old, self._at(new)), self._node)


def root_of(size: int, node: Callable[[Node], bytes]) -> bytes:
    """Root of ``size`` leaves, from the hashes of its complete subtrees."""
    return hash_spans([(0, size)], node)[0] if size else EMPTY_ROOT


def hash_spans(spans: Iterable[Span], node: Callable[[Node], bytes]) -> list[bytes]:
    """The hash of each span, from the hashes of complete subtrees."""
    return [fold([node(part) for part in cover(span)]) for span in spans]


def _check_hashes(check: str, *hashes: bytes) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise ProofError("a hash is not 32 bytes", check=check)


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root an inclusion proof leads to from the leaf hash ``leaf`` (§2.1.3.2).

    Raises:
        ProofError: no such leaf, or a proof of the wrong length.
    """
    spans = inclusion_spans(index, size)
    _check_hashes("proof.inclusion", leaf, *proof)
    if len(proof) != len(spans):
        raise ProofError("length of the proof")
    root = leaf
    for (lo, _hi), sibling in zip(spans, proof, strict=True):
        root = node_hash(sibling, root) if lo < index else node_hash(root, sibling)
    return root


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Refuse unless the leaf hash stands at ``index`` of the tree with ``root``.

    Raises:
        ProofError: it is not proved.
    """
    if root_from_inclusion(index, size, leaf, proof) != root:
        raise ProofError("the proof leads to another root")


def verify_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Refuse unless the tree of ``old_root`` is a prefix of that of ``new_root`` (§2.1.4.2).

    Raises:
        ProofError: it is not proved; always where ``old`` is 0.
    """
    check = "proof.consistency"
    spans = consistency_spans(old, new)
    _check_hashes(check, old_root, new_root, *proof)
    if len(proof) != len(spans):
        raise ProofError("length of the proof", check=check)
    if old == new:
        if old_root != new_root:
            raise ProofError("two roots for one size", check=check)
        return
    hashes = list(zip(spans, proof, strict=True))
    if spans[0][0] >= old:
        # The old tree is one complete subtree: its root stands in for the left-out first hash.
        hashes.insert(0, ((0, old), old_root))
    if _climb(hashes, old) != old_root or _climb(hashes, new) != new_root:
        raise ProofError("the proof leads to other roots", check=check)


def _climb(hashes: Sequence[tuple[Span, bytes]], size: int) -> bytes:
    """Root of ``size`` leaves over those hashes that lie within them."""
    (lo, _hi), root = hashes[0]
    for (start, end), sibling in hashes[1:]:
        if start < lo:
            root, lo = node_hash(sibling, root), start
        elif end <= size:
            root = node_hash(root, sibling)
    return root
