"""Signing heads and showing them: durable in database and head file before anybody sees one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, Engine, text

from consent.ledger.checkpoint import Checkpoint, open_checkpoint
from consent.ledger.durable import write_durably
from consent.ledger.edges import consistency_from_tiles
from consent.ledger.errors import LedgerError, LedgerForkError
from consent.ledger.guard import Guard, Guarded
from consent.ledger.merkle import verify_consistency
from consent.ledger.note import NoteSigner, NoteVerifier
from consent.ledger.proofs import tile_reader

# Any two numbers, the same for ever: one publisher at a time.
_LOCK: Final = {"a": 7391, "b": 9162}
_TRY = text("SELECT pg_try_advisory_lock(:a, :b)")
_RELEASE = text("SELECT pg_advisory_unlock(:a, :b)")
_SIGN = text("""
    INSERT INTO ledger.checkpoint (size, root, note) VALUES (:size, :root, :note)
    ON CONFLICT (size) DO NOTHING
""")
_STORED = text("SELECT note FROM ledger.checkpoint WHERE size = :size")
_SHOW = text("INSERT INTO ledger.published (size) VALUES (:size) ON CONFLICT DO NOTHING")
_SHOWN = text("SELECT coalesce(max(size), 0) FROM ledger.published")

# Where a test may kill the publisher: after each step.
STEPS: Final = ("root", "consistency", "checkpoint", "head_file", "witnesses", "published")


def _go_on(_step: str) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Signs heads of one log. ``after`` is told each step that is done (:data:`STEPS`)."""

    engine: Engine
    signer: NoteSigner
    guard: Guard
    after: Callable[[str], None] = field(default=_go_on)

    @property
    def verifier(self) -> NoteVerifier:
        """Verifier of our own line."""
        return self.guard.verifier

    def publish(self) -> int | None:
        """Sign and show the log as it is; the size, or None where nothing new is to be shown.

        Nobody sees a head before the database and the head file have it. A repeat signs the same
        bytes, so a killed publisher leaves nothing to repair. Another publisher at work counts as
        nothing to do.

        Raises:
            LedgerForkError: going on would show two histories; never retried.
            LedgerNotOpenError: the log was not opened, or under another origin.
        """
        with self.engine.connect() as connection, _alone(connection) as alone:
            if not alone:
                return None
            with connection.begin():
                found = self.guard.check(connection)
                shown = int(connection.execute(_SHOWN).scalar_one())
                if found.state.size == shown:
                    return None
                self.after("root")
                self._check_growth(connection, found)
                self.after("consistency")
            return self._show(connection, found.state)

    def _check_growth(self, connection: Connection, found: Guarded) -> None:
        """The new head continues the last one we signed, by the verifier's own judgement."""
        old, new = found.signed, found.state
        if old is None:
            return
        try:
            proof = consistency_from_tiles(old.size, new.size, tile_reader(connection))
            verify_consistency(old.size, new.size, proof, old.root, new.root)
        except LedgerError as error:
            raise LedgerForkError("the log does not continue its newest head") from error

    def _show(self, connection: Connection, head: Checkpoint) -> int:
        note = self.signer.note(head.text)
        open_checkpoint(note.encode(), [self.verifier])
        with connection.begin():
            values = {"size": head.size, "root": head.root, "note": note}
            connection.execute(_SIGN, values)
            note = str(connection.execute(_STORED, {"size": head.size}).scalar_one())
        self.after("checkpoint")
        write_durably(self.guard.head_file, note.encode())
        self.after("head_file")
        # Quorum none: no witness is asked before a head is shown.
        self.after("witnesses")
        with connection.begin():
            connection.execute(_SHOW, {"size": head.size})
        self.after("published")
        return head.size


@contextmanager
def _alone(connection: Connection) -> Iterator[bool]:
    """Hold the publisher's lock of this session; False where another one has it."""
    with connection.begin():
        alone = bool(connection.execute(_TRY, _LOCK).scalar_one())
    try:
        yield alone
    except BaseException:
        # The lock belongs to the session, and so ends with it whatever went wrong.
        connection.invalidate()
        raise
    if alone:
        with connection.begin():
            connection.execute(_RELEASE, _LOCK)
