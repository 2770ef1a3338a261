"""The log's own process: opens the log, sequences, publishes; the only user of its role."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from consent.events import Event, EventType
from consent.evidence import record
from consent.ledger.asking import Asker
from consent.ledger.errors import LedgerNotOpenError
from consent.ledger.gauge import Backlog
from consent.ledger.proofs import CHANNEL
from consent.ledger.publisher import Publisher
from consent.ledger.sequencer import BATCH, open_log, sequence
from yidaitong.authorizations.desk import desk_of
from yidaitong.jobs.exporting import Exporter
from yidaitong.jobs.publishing import ORIGIN, publisher, vkeys
from yidaitong.jobs.witnesses import asker_of
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import monotonic
from yidaitong.kernel.crypto.box import KeyUse, Rotation
from yidaitong.kernel.db.engine import bind_actor, make_engine
from yidaitong.kernel.evidence import backlog, evidence_ready
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.settings import psycopg_url
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import rotating
from yidaitong.runtime import Runtime

__all__ = [
    "Backlog",
    "LedgerLoop",
    "backlog",
    "evidence_ready",
    "init",
    "owner",
    "publisher",
    "rotate_key",
    "step",
    "vkey",
]

BUSY_SECONDS: Final = 0.02
IDLE_SECONDS: Final = 0.05
PUBLISH_SECONDS: Final = 1.0
SOON_SECONDS: Final = 0.05
_BROKEN_SECONDS: Final = 1.0
_OPENING: Final = text("SELECT pg_advisory_xact_lock(7391, 6962)")

_log = structlog.get_logger(__name__)


def init(runtime: Runtime) -> None:
    """Open the log: ``log.opened`` gets index 0, whatever was submitted before. Safe to repeat.

    Runs as the owner: no role of a process may make the log's first row.

    Raises:
        LedgerNotOpenError: the log was opened under another origin.
    """
    origin = runtime.settings.ledger_origin
    with owner(runtime) as uow:
        uow.session.execute(_OPENING)
        known = uow.session.execute(ORIGIN).scalar_one_or_none()
        if known is not None and known != origin:
            raise LedgerNotOpenError("the log was opened under another origin")
        if known is None:
            # The log's own random id: it has no consent, and its event a key of its own.
            opened = Event(type=EventType.LOG_OPENED, ref=uuid7(), n=1, members={"origin": origin})
            place = record(desk_of(uow, job="ledger.init"), opened)
            open_log(uow.session.connection(), origin, place.entry_id)
        uow.crypto.prepare(uow.session)
        uow.session.commit()


@contextmanager
def owner(runtime: Runtime) -> Iterator[UnitOfWork]:
    """A unit of work of the owner, for what no process may do; the caller commits."""
    engine = make_engine(runtime.settings.owner_database_url, pool_size=1)
    try:
        with Session(engine, expire_on_commit=False) as session:
            bind_actor(session, SYSTEM)
            yield UnitOfWork(
                session=session, actor=SYSTEM, settings=runtime.settings, crypto=runtime.crypto
            )
    finally:
        engine.dispose()


def vkey(runtime: Runtime) -> str:
    """The log's verifier key, as a checker pins it (C2SP signed-note).

    Raises:
        LedgerNotOpenError: ``init`` was not run.
    """
    return str(vkeys(runtime)[0])


def step(runtime: Runtime) -> bool:
    """One pass for tests: opens the log if need be, sequences all, publishes.

    True when a new head was published.
    """
    with runtime.ledger_engine.connect() as connection:
        if connection.execute(ORIGIN).scalar_one_or_none() is None:
            init(runtime)
    while sequence(runtime.ledger_engine, origin=runtime.settings.ledger_origin):
        pass
    return publisher(runtime).publish() is not None


def rotate_key(runtime: Runtime, *, compromised: bool = False) -> Rotation:
    """Give the log a new key of the same name; its leaf says from where on.

    Both keys sign each head for the overlap, so that checkers have time to take the new policy
    file; a compromised key never signs again.
    """
    with runtime.transaction(SYSTEM) as uow:
        return rotating.rotate(uow, KeyUse.LOG, compromised=compromised)


@dataclass
class LedgerLoop:
    """Sequences and publishes until told to stop. Several may run: they take turns."""

    runtime: Runtime
    asker: Asker | None = None
    _published_at: float = field(default_factory=lambda: monotonic() - PUBLISH_SECONDS)
    _hinted: bool = False
    _exporter: Exporter = field(init=False)

    def __post_init__(self) -> None:
        self._exporter = Exporter(self.runtime)

    def run(self, stop: threading.Event) -> None:
        """Serve until ``stop``; a lost database is waited for.

        Raises:
            LedgerForkError: going on would show two histories; the process exits with 3.
            LedgerNotOpenError: ``init`` was not run, or the origin was changed.
        """
        self.asker = self.asker or asker_of(self.runtime.settings)
        with self._exporter.running():
            while not stop.is_set():
                try:
                    self._serve(stop)
                except (OperationalError, psycopg.OperationalError) as error:
                    _log.warning("ledger.database_away", error=type(error).__name__)
                    stop.wait(_BROKEN_SECONDS)

    def _serve(self, stop: threading.Event) -> None:
        press = publisher(self.runtime, self.asker)
        with self.runtime.ledger_engine.connect() as connection, connection.begin():
            press.guard.check(connection)
        press.confront()
        with self._listen() as hints:
            while not stop.is_set():
                took = self._tick(press)
                if took == BATCH:
                    continue
                pause = BUSY_SECONDS if took else IDLE_SECONDS
                # Waiting for a hint is the pause: a release wakes us at once.
                self._hinted |= any(True for _ in hints.notifies(timeout=pause, stop_after=1))

    def _tick(self, press: Publisher) -> int:
        self._exporter.check()
        head = press.guard.head()
        at_least = 0 if head is None else head.size
        took = sequence(self.runtime.ledger_engine, origin=press.guard.origin, at_least=at_least)
        # Asked for even when this process took nothing: whoever did may be dead.
        waited = monotonic() - self._published_at
        if waited >= (SOON_SECONDS if self._hinted else PUBLISH_SECONDS):
            # The keys are read again: one may have taken over from another.
            if publisher(self.runtime, self.asker).publish() is not None:
                self._exporter.hint()
            self._hinted = False
            self._published_at = monotonic()
        return took

    @contextmanager
    def _listen(self) -> Iterator[psycopg.Connection]:
        address = psycopg_url(self.runtime.settings.ledger_database_url)
        plain = address.replace("postgresql+psycopg://", "postgresql://", 1)
        with psycopg.connect(plain, autocommit=True, connect_timeout=5) as connection:
            connection.execute(f"LISTEN {CHANNEL}".encode())
            yield connection
