"""Tiles: the growing right edge, and proofs read from stored tiles (C2SP tlog-tiles). Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from consent.ledger.errors import TileError
from consent.ledger.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Node,
    Span,
    consistency_spans,
    cover,
    fold,
    hash_spans,
    inclusion_spans,
    node_hash,
)

WIDTH: Final = 256  # Hashes in a full tile.
HEIGHT: Final = 8  # Levels of the tree in one tile.
TILE_BYTES: Final = WIDTH * HASH_BYTES

TileKey = tuple[int, int]
ReadTiles = Callable[[Collection[TileKey]], Mapping[TileKey, bytes]]


@dataclass(frozen=True, slots=True)
class TileWrite:
    """All bytes of one touched tile; they begin with what it held before."""

    level: int
    n: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """The sequencer's whole memory: size, and the incomplete tiles in order of level."""

    size: int = 0
    data: bytes = b""

    def __post_init__(self) -> None:
        if len(self.data) != HASH_BYTES * sum(_widths(self.size)):
            raise TileError("an edge of another size")

    def extend(self, leaves: Sequence[bytes]) -> tuple["Edge", list[TileWrite]]:
        """The edge after appending leaf hashes, and every tile they touch."""
        if any(len(leaf) != HASH_BYTES for leaf in leaves):
            raise TileError("a hash is not 32 bytes")
        parts = self._parts()
        writes: list[TileWrite] = []
        hashes = b"".join(leaves)
        level = 0
        while hashes:
            if level == len(parts):
                parts.append(b"")
            first = self.size // WIDTH ** (level + 1)
            whole = parts[level] + hashes
            tiles = [whole[at : at + TILE_BYTES] for at in range(0, len(whole), TILE_BYTES)]
            writes += [TileWrite(level, first + at, tile) for at, tile in enumerate(tiles)]
            full = [tile for tile in tiles if len(tile) == TILE_BYTES]
            parts[level] = b"" if len(tiles[-1]) == TILE_BYTES else tiles[-1]
            hashes = b"".join(_top(tile) for tile in full)
            level += 1
        return Edge(self.size + len(leaves), b"".join(parts)), writes

    def root(self) -> bytes:
        """Root of the whole tree."""
        hashes: list[bytes] = []
        for part in reversed(self._parts()):
            width = len(part) // HASH_BYTES
            hashes += [_subtree(part, node) for node in cover((0, width))]
        return fold(hashes) if hashes else EMPTY_ROOT

    def _parts(self) -> list[bytes]:
        parts, at = [], 0
        for width in _widths(self.size):
            parts.append(self.data[at : at + HASH_BYTES * width])
            at += HASH_BYTES * width
        return parts


def _widths(size: int) -> list[int]:
    """Hashes in the incomplete tile of each level."""
    widths = []
    while size:
        widths.append(size % WIDTH)
        size //= WIDTH
    return widths


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Level, number and width of every tile of a tree, lowest level first."""
    level, count = 0, size
    while count:
        for n in range(count // WIDTH):
            yield level, n, WIDTH
        if count % WIDTH:
            yield level, count // WIDTH, count % WIDTH
        count //= WIDTH
        level += 1


def _subtree(data: bytes, node: Node) -> bytes:
    """Root over the ``2**level`` hashes of ``data`` that node (level, number) stands for."""
    level, number = node
    at = number * HASH_BYTES << level
    end = at + (HASH_BYTES << level)
    if end > len(data):
        raise TileError("a tile is too short")
    row = [data[here : here + HASH_BYTES] for here in range(at, end, HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(row[here], row[here + 1]) for here in range(0, len(row), 2)]
    return row[0]


def _top(tile: bytes) -> bytes:
    return _subtree(tile, (HEIGHT, 0))


def _place(node: Node) -> tuple[TileKey, Node]:
    """The tile that holds what a node stands for, and the node within that tile."""
    level, number = node
    tile_level, height = divmod(level, HEIGHT)
    n, first = divmod(number << height, WIDTH)
    return (tile_level, n), (height, first >> height)


def _hash_spans(spans: Sequence[Span], read: ReadTiles) -> list[bytes]:
    places = {part: _place(part) for span in spans for part in cover(span)}
    tiles = read({key for key, _ in places.values()})

    def node(part: Node) -> bytes:
        key, inner = places[part]
        try:
            return _subtree(tiles[key], inner)
        except KeyError as error:
            raise TileError(f"tile {key} is missing") from error

    return hash_spans(spans, node)


def root_at(size: int, read: ReadTiles) -> bytes:
    """Root of the first ``size`` leaves, recomputed from tiles.

    Raises:
        TileError: a tile is missing or too short.
    """
    return _hash_spans([(0, size)], read)[0] if size else EMPTY_ROOT


def inclusion_from_tiles(index: int, size: int, read: ReadTiles) -> list[bytes]:
    """Inclusion proof from at most two tiles a level, all asked for at once.

    Raises:
        ProofError: no such leaf.
        TileError: a tile is missing or too short.
    """
    return _hash_spans(inclusion_spans(index, size), read)


def consistency_from_tiles(old: int, new: int, read: ReadTiles) -> list[bytes]:
    """Consistency proof from tiles, all asked for at once.

    Raises:
        ProofError: ``old`` is 0 or above ``new``.
        TileError: a tile is missing or too short.
    """
    return _hash_spans(consistency_spans(old, new), read)
