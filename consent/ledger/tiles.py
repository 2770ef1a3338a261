"""What anybody may read: checkpoint, tiles and entry bundles (C2SP tlog-tiles)."""

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from consent.ledger.edges import WIDTH
from consent.ledger.errors import TileError
from consent.ledger.merkle import HASH_BYTES
from consent.ledger.paths import TilePath, write_bundle
from consent.ledger.proofs import published_head

_SIZE = text("SELECT coalesce(max(size), 0) FROM ledger.published")
_TILE = text("SELECT substr(data, 1, :bytes) FROM ledger.tile WHERE lvl = :level AND n = :n")
_BUNDLE = text("""
    SELECT entry.body FROM ledger.seq JOIN ledger.entry USING (id)
    WHERE seq.idx >= :first AND seq.idx < :last ORDER BY seq.idx
""")


def checkpoint_bytes(session: Session | Connection) -> bytes:
    """The newest published head with its cosignatures.

    Raises:
        TileError: nothing is published yet.
    """
    head = published_head(session)
    if head is None:
        raise TileError("no head is published")
    return head[1].encode()


def tile_bytes(session: Session | Connection, path: TilePath) -> bytes:
    """A tile or bundle of the published log.

    Raises:
        TileError: the published log has no such tile.
    """
    if not path.exists_at(int(session.execute(_SIZE).scalar_one())):
        raise TileError("no such tile")
    if path.level is None:
        return bundle_bytes(session, path)
    values = {"level": path.level, "n": path.n, "bytes": HASH_BYTES * path.width}
    data = bytes(session.execute(_TILE, values).scalar_one_or_none() or b"")
    if len(data) != HASH_BYTES * path.width:
        raise TileError("a tile is missing or too short")
    return data


def bundle_bytes(session: Session | Connection, path: TilePath) -> bytes:
    """Entries in order, from their rows.

    Raises:
        TileError: an entry is missing.
    """
    first = WIDTH * path.n
    rows = session.execute(_BUNDLE, {"first": first, "last": first + path.width}).scalars()
    bodies = [bytes(row) for row in rows]
    if len(bodies) != path.width:
        raise TileError("an entry is missing")
    return write_bundle(bodies)
