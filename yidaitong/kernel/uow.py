"""One unit of work: a session, an actor, the database's clock, and jobs promised for later."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from consent.ports import Act
from yidaitong.kernel.actor import Actor
from yidaitong.kernel.crypto.box import CryptoBox
from yidaitong.kernel.db.engine import bind_actor
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.settings import Settings

_CLOCK = text("SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True)
class Promise:
    """One promised job; ``due`` jobs are hinted to the queue right after commit."""

    id: UUID
    name: str
    due: bool


# Gets a fresh unit of work of the same actor, and the refusal.
Refusal = Callable[["UnitOfWork", Exception], object]
# Gets the unit of work in which an act was just written down, and the act.
Tell = Callable[["UnitOfWork", Act], None]


def _nobody(uow: "UnitOfWork", act: Act) -> None:
    del uow, act


@dataclass(slots=True)
class UnitOfWork:
    """What services get first. Services never commit and never see HTTP.

    ``tell`` is what else belongs into the transaction of every recorded act; whoever makes the
    unit of work names it, so that the rooms above need not be known here.
    """

    session: Session
    actor: Actor
    settings: Settings
    crypto: CryptoBox
    promised: list[Promise] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    tell: Tell = _nobody
    _now: datetime | None = None

    @property
    def now(self) -> datetime:
        """Database clock (UTC) as first read in this unit of work."""
        if self._now is None:
            self._now = self.clock()
        return self._now

    def clock(self) -> datetime:
        """Database clock now (UTC); read it after a row lock is held."""
        value = self.session.execute(_CLOCK).scalar_one()
        if not isinstance(value, datetime):
            raise TypeError("clock_timestamp() is not a time")
        return value

    def defer(
        self, job: str, *, key: str | None = None, delay: timedelta | None = None, **ids: Any
    ) -> None:
        """Promise ``job`` with JSON ``ids``; it runs after this transaction commits.

        ``key`` makes an open promise unique per job name (the caller must hold the row it names);
        ``delay`` puts off its start, by the database clock.
        """
        self.defer_each(job, [ids], key=key, delay=delay)

    def defer_each(
        self,
        job: str,
        each: Sequence[Mapping[str, Any]],
        *,
        key: str | None = None,
        delay: timedelta | None = None,
    ) -> None:
        """As :meth:`defer` for several sets of ids, in one statement."""
        if not each:
            return
        rows = [
            {
                "id": uuid7(),
                "name": job,
                "args": {name: str(value) for name, value in ids.items()},
                "not_before": self.now + (delay or timedelta()),
                "key": key,
                # Rung right after the commit; the sweep repeats a ring that was lost.
                "hinted_at": self.now if delay is None else None,
            }
            for ids in each
        ]
        made = self.session.execute(
            insert(OutboxJob).values(rows).on_conflict_do_nothing().returning(OutboxJob.id)
        ).scalars()
        self.promised += [Promise(one, job, delay is None) for one in made]

    def if_refused(self, act: Refusal) -> None:
        """Run ``act`` in a transaction of its own if this one ends in a refusal.

        For what must be kept although everything else is rolled back.
        """
        self.refusals.append(act)

    def acting(self, actor: Actor) -> "UnitOfWork":
        """The same transaction under another actor; row security follows.

        What the present actor added is written first: it is judged as theirs.
        """
        self.session.flush()
        bind_actor(self.session, actor)
        return UnitOfWork(
            session=self.session,
            actor=actor,
            settings=self.settings,
            crypto=self.crypto,
            promised=self.promised,
            refusals=self.refusals,
            tell=self.tell,
            _now=self._now,
        )
