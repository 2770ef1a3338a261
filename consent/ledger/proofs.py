"""Proofs of single leaves, read from the database (C2SP tlog-proof)."""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from consent.ledger.edges import ReadTiles, TileKey, inclusion_from_tiles
from consent.ledger.prooftext import write_proof

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
_TILES = text("""
    SELECT lvl, n, data FROM ledger.tile
    JOIN unnest(CAST(:levels AS smallint[]), CAST(:numbers AS bigint[])) AS wanted (lvl, n)
    USING (lvl, n)
""")


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
