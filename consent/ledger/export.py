"""The log as static files for any web server: bundles, tiles, and the checkpoint last."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine

from consent.ledger.checkpoint import read_checkpoint
from consent.ledger.durable import read_if_there, write_durably
from consent.ledger.edges import WIDTH
from consent.ledger.errors import LedgerForkError, TileError
from consent.ledger.note import read_note
from consent.ledger.paths import TilePath, paths_of
from consent.ledger.proofs import published_head
from consent.ledger.tiles import tile_bytes

CHECKPOINT: Final = "checkpoint"
# A reader in the middle of an old head finds its partial tiles at least this long.
KEEP_PARTIALS: Final = timedelta(hours=24)


def _silent(_done: int, _total: int) -> None:
    return None


def export(
    engine: Engine,
    folder: Path,
    *,
    now: datetime,
    progress: Callable[[int, int], None] = _silent,
) -> int:
    """Write the published log to ``folder``; its size. Safe to kill and repeat at any moment.

    A file that is there with the same bytes stays. ``progress`` gets files done and in all.

    Raises:
        TileError: nothing is published yet.
        LedgerForkError: a file holds other bytes: evidence of a second history, left untouched.
    """
    with engine.connect() as connection, connection.begin():
        head = published_head(connection)
        if head is None:
            raise TileError("no head is published")
        size, note = head
        _put_all(connection, folder, size, progress)
    write_durably(folder / CHECKPOINT, note.encode())
    _drop_partials(folder, size, now)
    return size


def _put_all(
    connection: Connection, folder: Path, size: int, progress: Callable[[int, int], None]
) -> None:
    known = _known_size(folder)
    if known > size:
        raise LedgerForkError("the folder holds a longer log")
    # Tiles that were full at the head on file were written before it.
    missing = [path for path in paths_of(size) if not _was_full(path, known)]
    for done, path in enumerate(missing):
        progress(done, len(missing))
        _put(connection, folder, path)
    progress(len(missing), len(missing))


def _known_size(folder: Path) -> int:
    data = read_if_there(folder / CHECKPOINT)
    return 0 if data is None else read_checkpoint(read_note(data).text).size


def _was_full(path: TilePath, size: int) -> bool:
    return path.width == WIDTH and path.exists_at(size)


def _put(connection: Connection, folder: Path, path: TilePath) -> None:
    data, file = tile_bytes(connection, path), folder / str(path)
    there = read_if_there(file)
    if there is None:
        write_durably(file, data)
    elif there != data:
        raise LedgerForkError(f"{path} holds other bytes")


def _drop_partials(folder: Path, size: int, now: datetime) -> None:
    """Remove partial tiles whose full tile is there and that no reader can still need."""
    newest = {folder / str(path) for path in paths_of(size) if path.width < WIDTH}
    limit = (now - KEEP_PARTIALS).timestamp()
    for partial in (folder / "tile").rglob("*.p/*"):
        full = partial.parent.with_suffix("")
        if partial not in newest and full.is_file() and partial.stat().st_mtime < limit:
            partial.unlink()
