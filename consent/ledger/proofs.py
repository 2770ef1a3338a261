"""Proofs of single leaves, read from the database (C2SP tlog-proof)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from consent.ledger.checkpoint import Checkpoint, read_checkpoint
from consent.ledger.edges import (
    ReadTiles,
    TileKey,
    consistency_from_tiles,
    inclusion_from_tiles,
)
from consent.ledger.errors import TileError
from consent.ledger.merkle import leaf_hash
from consent.ledger.note import read_note
from consent.ledger.prooftext import write_proof
from consent.ledger.walks import Block, Step, climb, compare

# The newest head everybody may see, with the newest line of each witness.
_HEAD = """
    SELECT c.size, c.note || coalesce((
        SELECT string_agg(newest.line, '' ORDER BY newest.witness)
        FROM (SELECT DISTINCT ON (witness) witness, line FROM ledger.cosignature
              WHERE size = c.size ORDER BY witness, id DESC) AS newest
    ), '') AS note
    FROM ledger.published AS p JOIN ledger.checkpoint AS c USING (size)
    ORDER BY c.size DESC LIMIT 1
"""
_COVERED = text(f"""
    WITH head AS ({_HEAD})
    SELECT seq.idx, head.size, head.note
    FROM ledger.entry JOIN ledger.seq USING (id) JOIN head ON seq.idx < head.size
    WHERE entry.key = :key
""")  # noqa: S608 - constants only
_NEWEST = text(_HEAD)
CHANNEL: Final = "ydt_ledger"
_NOTIFY = text(f"NOTIFY {CHANNEL}")
_ENTRY = text("""
    SELECT entry.body FROM ledger.seq JOIN ledger.entry USING (id) WHERE seq.idx = :index
""")
_HEAD_AT = text("""
    SELECT note FROM ledger.published JOIN ledger.checkpoint USING (size) WHERE size = :size
""")
_TILES = text("""
    SELECT lvl, n, data FROM ledger.tile
    JOIN unnest(CAST(:levels AS smallint[]), CAST(:numbers AS bigint[])) AS wanted (lvl, n)
    USING (lvl, n)
""")


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That a leaf stands in a published log: from ``leaf``, its hash, ``hashes`` give the root."""

    index: int
    body: bytes
    hashes: tuple[bytes, ...]
    head: Checkpoint
    note: str

    @property
    def leaf(self) -> bytes:
        """The hash of the leaf."""
        return leaf_hash(self.body)

    @property
    def steps(self) -> list[Step]:
        """The way up, hash by hash."""
        return climb(self.index, self.head.size, self.leaf, self.hashes)

    @property
    def text(self) -> str:
        """The proof file."""
        return write_proof(self.index, self.hashes, self.note)


@dataclass(frozen=True, slots=True)
class Growth:
    """That a published head is a prefix of a later one."""

    old: Checkpoint
    new: Checkpoint
    hashes: tuple[bytes, ...]

    @property
    def blocks(self) -> list[Block]:
        """What both roots are made of."""
        old, new = self.old, self.new
        return compare(old.size, new.size, self.hashes, old.root, new.root)


def tile_reader(session: Session | Connection) -> ReadTiles:
    """Reads all wanted tiles in one query."""

    def read(keys: Collection[TileKey]) -> Mapping[TileKey, bytes]:
        wanted = sorted(keys)
        if not wanted:
            return {}
        rows = session.execute(
            _TILES,
            {"levels": [level for level, _ in wanted], "numbers": [n for _, n in wanted]},
        )
        return {(row.lvl, row.n): bytes(row.data) for row in rows}

    return read


def ask_soon(session: Session | Connection) -> None:
    """Tell the publisher that a release waits for its proof; takes effect at commit.

    Not from a business transaction that writes: the notice's commit lock makes writers queue.
    """
    session.execute(_NOTIFY)


def published_head(session: Session | Connection) -> tuple[int, str] | None:
    """Size and note of the newest published checkpoint, with its cosignatures."""
    row = session.execute(_NEWEST).one_or_none()
    return None if row is None else (int(row.size), str(row.note))


def proof_of(session: Session | Connection, key: bytes) -> str | None:
    """The proof file of the leaf with ``key``; None until a published checkpoint covers it.

    Raises:
        TileError: tiles are damaged.
    """
    row = session.execute(_COVERED, {"key": key}).one_or_none()
    if row is None:
        return None
    hashes = inclusion_from_tiles(row.idx, row.size, tile_reader(session))
    return write_proof(row.idx, hashes, row.note)


def inclusion_at(session: Session | Connection, index: int) -> Inclusion:
    """The leaf at ``index`` and its proof under the newest published head.

    Raises:
        TileError: no published head covers it, or tiles are damaged.
    """
    head = published_head(session)
    body = session.execute(_ENTRY, {"index": index}).scalar_one_or_none()
    if head is None or body is None or index >= head[0]:
        raise TileError("no published head covers this entry")
    size, note = head
    hashes = inclusion_from_tiles(index, size, tile_reader(session))
    return Inclusion(index, bytes(body), tuple(hashes), _checkpoint(note), note)


def growth_between(session: Session | Connection, old: int, new: int) -> Growth:
    """The consistency proof between two published heads.

    Raises:
        TileError: one of the two was never published, or tiles are damaged.
        ProofError: ``old`` is above ``new``.
    """
    notes = [session.execute(_HEAD_AT, {"size": size}).scalar_one_or_none() for size in (old, new)]
    if None in notes:
        raise TileError("no such head was published")
    first, second = (_checkpoint(str(note)) for note in notes)
    hashes = consistency_from_tiles(old, new, tile_reader(session))
    return Growth(first, second, tuple(hashes))


def _checkpoint(note: str) -> Checkpoint:
    return read_checkpoint(read_note(note.encode()).text)
