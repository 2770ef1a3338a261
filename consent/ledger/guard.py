"""The fork guard: the head file, outside the database, must never be ahead of the database.

A restored backup or a damaged tile would make us sign a second history. Then nothing gets an
index and nothing is signed; submits may queue. A process that is refused exits with code 3.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from consent.ledger.checkpoint import Checkpoint, open_checkpoint
from consent.ledger.durable import read_if_there, write_durably
from consent.ledger.edges import root_at
from consent.ledger.errors import LedgerForkError, LedgerNotOpenError, NoteError, TileError
from consent.ledger.note import NoteVerifier
from consent.ledger.proofs import tile_reader

EXIT_CODE: Final = 3
_STATE = text("SELECT origin, size, root FROM ledger.state WHERE one")
_SIGNED = text("SELECT size, root, note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1")
_SEEN = text("SELECT EXISTS (SELECT FROM ledger.published)")


@dataclass(frozen=True, slots=True)
class Guarded:
    """The committed end of the log, and the newest head we signed (None: none yet)."""

    state: Checkpoint
    signed: Checkpoint | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Guard:
    """What one log is held against: its keys, whose name is its origin, and its head file.

    ``verifiers``: the key that signs now first, then those it took over from.
    """

    verifiers: tuple[NoteVerifier, ...]
    head_file: Path

    @property
    def origin(self) -> str:
        """The log's name for ever."""
        return self.verifiers[0].vkey.name

    def check(self, connection: Connection) -> Guarded:
        """Hold tiles, heads and the head file against each other.

        A head that was signed but did not reach the file (a crash between the two) is written
        to it: nobody has seen that head, and its root is the log's.

        Raises:
            LedgerForkError: going on would show two histories.
            LedgerNotOpenError: the log was not opened, or under another origin.
        """
        found = self.look(connection)
        on_file = self.head()
        self._compare(connection, found, on_file)
        ahead = found.signed is not None and (on_file is None or on_file.size < found.signed.size)
        if ahead and found.note is not None:
            write_durably(self.head_file, found.note.encode())
        return found

    def look(self, connection: Connection) -> Guarded:
        """The end of the log, its root recomputed from tiles, and the newest signed head.

        Raises:
            LedgerForkError: tiles are damaged.
            LedgerNotOpenError: the log was not opened, or under another origin.
        """
        row = connection.execute(_STATE).one_or_none()
        if row is None or row.origin != self.origin:
            raise LedgerNotOpenError("the log is not open under this origin")
        state = Checkpoint(self.origin, int(row.size), bytes(row.root))
        self._recompute(connection, state, "the tiles do not give the root of the log")
        signed = connection.execute(_SIGNED).one_or_none()
        if signed is None:
            return Guarded(state, None, None)
        newest = Checkpoint(self.origin, int(signed.size), bytes(signed.root))
        if newest.size > state.size:
            raise LedgerForkError("a signed head is ahead of the log")
        self._recompute(connection, newest, "the tiles do not give the root of the newest head")
        return Guarded(state, newest, str(signed.note))

    def head(self) -> Checkpoint | None:
        """The head on file; None where there is no file.

        Raises:
            LedgerForkError: it is not a head of this log signed by our key.
        """
        data = read_if_there(self.head_file)
        if data is None:
            return None
        try:
            return open_checkpoint(data, self.verifiers).checkpoint
        except NoteError as error:
            raise LedgerForkError("the head file is not a head signed by our key") from error

    def _compare(self, connection: Connection, found: Guarded, on_file: Checkpoint | None) -> None:
        if on_file is None:
            # A head in the file may be public; without any published one nobody saw a head.
            if connection.execute(_SEEN).scalar_one():
                raise LedgerForkError("heads were published but the head file is gone")
            return
        if on_file.size > found.state.size:
            raise LedgerForkError("the head file is ahead: the database was rolled back")
        self._recompute(connection, on_file, "the tiles do not give the root of the head file")

    def _recompute(self, connection: Connection, head: Checkpoint, reason: str) -> None:
        try:
            root = root_at(head.size, tile_reader(connection))
        except TileError as error:
            raise LedgerForkError(reason) from error
        if root != head.root:
            raise LedgerForkError(reason)
