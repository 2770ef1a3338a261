"""The ticker: promises periodic jobs once a slot and rings again for what nobody heard.

Several may run: the slot's id in the database lets one promise through.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from redis.exceptions import RedisError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from yidaitong.jobs import outbox, registry, tasks
from yidaitong.kernel import volume
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import monotonic
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.uow import Promise
from yidaitong.runtime import Runtime

_log = structlog.get_logger(__name__)
# Four beats a second: what waits for a moment (a retry, a proof) goes on soon after it.
SWEEP_SECONDS = 0.25
_NAMESPACE = uuid5(NAMESPACE_URL, "yidaitong:ticker")


def slot_id(name: str, slot: int) -> UUID:
    """The id of one period of one job: the same in every ticker."""
    return uuid5(_NAMESPACE, f"{name}:{slot}")


@dataclass
class Ticker:
    """One ticker; ``step`` is one beat."""

    runtime: Runtime
    _slots: dict[str, int] = field(default_factory=dict)

    def run(self, stop: threading.Event) -> None:
        """Beat until told to stop; a failing beat is skipped, never the end."""
        tasks.load()
        while not stop.is_set():
            began = monotonic()
            try:
                self.step()
            except (SQLAlchemyError, RedisError, OSError) as error:
                _log.warning("ticker.missed", error=type(error).__name__)
            stop.wait(max(0.0, SWEEP_SECONDS - (monotonic() - began)))

    def step(self) -> int:
        """Keep the ballast, promise the periodic jobs whose slot began, sweep; how many promised.

        The ballast comes first: on a full volume nothing else gets through.
        """
        folder = self.runtime.settings.database_volume
        if folder is not None:
            volume.keep_ballast(folder)
        promised = self._promise()
        outbox.sweep(self.runtime)
        return promised

    def _promise(self) -> int:
        with self.runtime.transaction(SYSTEM) as uow:
            now = uow.now
            due = {
                name: slot
                for name, every in registry.periods().items()
                if (slot := _slot(now, every)) != self._slots.get(name)
            }
            for name, slot in due.items():
                # The open key lets one promise of a job wait at a time, however long nobody works.
                row = {"id": slot_id(name, slot), "name": name, "args": {}, "key": ""}
                made = uow.session.execute(
                    insert(OutboxJob)
                    .values(**row, not_before=now, hinted_at=now)
                    .on_conflict_do_nothing()
                    .returning(OutboxJob.id)
                ).scalar_one_or_none()
                if made is not None:
                    uow.promised.append(Promise(made, name, due=True))
            promised = len(uow.promised)
        self._slots.update(due)
        return promised


def _slot(now: datetime, every: int) -> int:
    return int(now.timestamp()) // every
