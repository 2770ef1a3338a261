"""Signing heads and showing them: durable in database and head file before anybody sees one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, Engine, text

from consent.ledger.asking import ASK_SECONDS, Asker, Outcome
from consent.ledger.checkpoint import Checkpoint, open_checkpoint
from consent.ledger.durable import write_durably
from consent.ledger.edges import consistency_from_tiles
from consent.ledger.errors import LedgerError, LedgerForkError
from consent.ledger.guard import Guard, Guarded
from consent.ledger.merkle import verify_consistency
from consent.ledger.note import NoteSigner
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
_COSIGNED = text("""
    INSERT INTO ledger.cosignature (size, witness, line) VALUES (:size, :witness, :line)
""")
_COSIGNERS = text("SELECT DISTINCT witness FROM ledger.cosignature WHERE size = :size")
# Of the newest lines only: a witness missing there answers 409 with the size it holds.
_KNOWN = text("""
    SELECT witness, max(size) AS size
    FROM (SELECT witness, size FROM ledger.cosignature ORDER BY id DESC LIMIT 1024) AS newest
    GROUP BY witness
""")
_SIZE = text("SELECT size FROM ledger.state WHERE one")
_SHOWN = text("SELECT coalesce(max(size), 0) FROM ledger.published")

# Where a test may kill the publisher: after each step.
STEPS: Final = ("root", "consistency", "checkpoint", "head_file", "witnesses", "published")


def _go_on(_step: str) -> None:
    return None


def _unheard(_outcome: Outcome) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Signs heads of one log. ``after`` is told each step that is done (:data:`STEPS`).

    ``signers``: one, or two while a new key takes over from an old one. ``asker``: the witnesses,
    None where none is configured. ``notice`` is told what people should hear of.
    """

    engine: Engine
    signers: tuple[NoteSigner, ...]
    guard: Guard
    asker: Asker | None = None
    after: Callable[[str], None] = field(default=_go_on)
    notice: Callable[[Outcome], None] = field(default=_unheard)

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
            self._listen(connection, 0.0)
            with connection.begin():
                found = self.guard.check(connection)
                shown = int(connection.execute(_SHOWN).scalar_one())
                if found.state.size > shown:
                    self.after("root")
                    self._check_growth(connection, found)
                    self.after("consistency")
            if found.state.size > shown:
                return self._show(connection, found.state)
            if self.asker is not None and self.asker.is_due:
                self._ask(connection, found)
            return None

    def confront(self) -> None:
        """Ask all witnesses about the newest head signed, before anything is signed again.

        Raises:
            LedgerForkError: one of them holds what the database does not.
        """
        if self.asker is None:
            return
        with self.engine.connect() as connection:
            with connection.begin():
                found = self.guard.check(connection)
            self._ask(connection, found)
            ends_at = self.asker.clock() + ASK_SECONDS
            while self.asker.is_waiting and self.asker.clock() < ends_at:
                self._listen(connection, ends_at - self.asker.clock())

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

    def _show(self, connection: Connection, head: Checkpoint) -> int | None:
        note = self._sign(connection, head)
        self.after("checkpoint")
        write_durably(self.guard.head_file, note.encode())
        self.after("head_file")
        met = self._cosigned(connection, head, note)
        self.after("witnesses")
        if not met:
            return None
        with connection.begin():
            connection.execute(_SHOW, {"size": head.size})
        self.after("published")
        return head.size

    def _sign(self, connection: Connection, head: Checkpoint) -> str:
        lines = "".join(signer.line(head.text) for signer in self.signers)
        note = f"{head.text}\n{lines}"
        open_checkpoint(note.encode(), self.guard.verifiers)
        with connection.begin():
            connection.execute(_SIGN, {"size": head.size, "root": head.root, "note": note})
            return str(connection.execute(_STORED, {"size": head.size}).scalar_one())

    def _cosigned(self, connection: Connection, head: Checkpoint, note: str) -> bool:
        """Ask all witnesses; whether the publishing policy is met within a second."""
        if self.asker is None:
            return True
        self.asker.start(head, note, self._prove)
        ends_at = self.asker.clock() + ASK_SECONDS
        while not (met := self._is_met(connection, head.size)):
            left = ends_at - self.asker.clock()
            if left <= 0 or not self.asker.is_waiting:
                break
            self._listen(connection, left)
        return met

    def _is_met(self, connection: Connection, size: int) -> bool:
        if self.asker is None:
            return True
        with connection.begin():
            seen = list(connection.execute(_COSIGNERS, {"size": size}).scalars())
        return self.asker.policy.is_met(seen)

    def _ask(self, connection: Connection, found: Guarded) -> None:
        """Ask again about the newest head: its time is the outside anchor of an idle log."""
        if self.asker is None or found.signed is None or found.note is None:
            return
        with connection.begin():
            known = connection.execute(_KNOWN).all()
        self.asker.knows((str(row.witness), int(row.size)) for row in known)
        self.asker.start(found.signed, found.note, self._prove)

    def _listen(self, connection: Connection, seconds: float) -> None:
        """Store what witnesses answered, late answers too.

        Raises:
            LedgerForkError: one of them holds what the database does not.
        """
        if self.asker is None or not self.asker.is_waiting:
            return
        for outcome in self.asker.heard(seconds):
            self._take(connection, outcome)

    def _take(self, connection: Connection, outcome: Outcome) -> None:
        if outcome.problem or outcome.refused or outcome.ahead is not None:
            self.notice(outcome)
        if outcome.refused:
            raise LedgerForkError("a witness holds a head that ours does not continue")
        with connection.begin():
            size = int(connection.execute(_SIZE).scalar_one())
            if outcome.ahead is not None and outcome.ahead > size:
                raise LedgerForkError("a witness holds a longer log: the database is behind")
            for name, line in outcome.lines.items():
                values = {"size": outcome.size, "witness": name, "line": line}
                connection.execute(_COSIGNED, values)
        if outcome.lines and self._is_met(connection, outcome.size):
            with connection.begin():
                connection.execute(_SHOW, {"size": outcome.size})

    def _prove(self, old: int, new: int) -> list[bytes]:
        with self.engine.connect() as connection, connection.begin():
            return consistency_from_tiles(old, new, tile_reader(connection))


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
