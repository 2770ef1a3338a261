"""Names of tiles and bundles, and the bytes of bundles (C2SP tlog-tiles). Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from consent.ledger.edges import HEIGHT, WIDTH, tiles_of
from consent.ledger.errors import TileError
from consent.ledger.merkle import MAX_SIZE

MAX_LEVEL: Final = 63
_PATH: Final = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)
_GROUP: Final = 1000
_MAX_PATH: Final = 64
_LENGTH_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class TilePath:
    """A tile, or a bundle of entries where ``level`` is None; ``width`` 256 is a full one."""

    level: int | None
    n: int
    width: int = WIDTH

    def __str__(self) -> str:
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_write_number(self.n)}{partial}"

    def exists_at(self, size: int) -> bool:
        """Whether a log of ``size`` entries has it, though it may have filled since."""
        count = size >> HEIGHT * (self.level or 0)
        return WIDTH * self.n + self.width <= count


def _write_number(n: int) -> str:
    groups = [f"{n % _GROUP:03}"]
    while n >= _GROUP:
        n //= _GROUP
        groups.append(f"x{n % _GROUP:03}")
    return "/".join(reversed(groups))


def read_path(path: str) -> TilePath:
    """The tile a path names; any second spelling is refused.

    Raises:
        TileError: no such path.
    """
    found = _PATH.fullmatch(path) if len(path) <= _MAX_PATH else None
    if found is None:
        raise TileError("no such path")
    level = None if found[1] == "entries" else int(found[1])
    n = int(found[2].replace("/", "").replace("x", ""))
    tile = TilePath(level, n, WIDTH if found[3] is None else int(found[3]))
    if (level or 0) > MAX_LEVEL or n >= MAX_SIZE or str(tile) != path:
        raise TileError("no such path")
    return tile


def paths_of(size: int) -> Iterable[TilePath]:
    """Every bundle, then every tile of a log of ``size`` entries."""
    for level, n, width in tiles_of(size):
        if level:
            break
        yield TilePath(None, n, width)
    for level, n, width in tiles_of(size):
        yield TilePath(level, n, width)


def write_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries in order, each behind its length in two bytes."""
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def read_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        TileError: lengths and bytes do not agree.
    """
    entries, at = [], 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        end = start + int.from_bytes(data[at:start], "big")
        if end > len(data) or start > len(data):
            raise TileError("a bundle ends within an entry")
        entries.append(data[start:end])
        at = end
    return entries
