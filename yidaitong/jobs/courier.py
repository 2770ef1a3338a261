"""The courier: carries what waits for the outside, each receiver by a thread of its own.

Workers never wait for a receiver, and no receiver for another. Several couriers may run: the
lease on a promise lets one of them send it.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from yidaitong.jobs import outbox, tasks
from yidaitong.jobs.worker import perform_with
from yidaitong.runtime import Runtime

_log = structlog.get_logger(__name__)
BEAT_SECONDS = 0.25
# More receivers than this at once, all silent, would let the next one wait.
WIDTH = 128
# Of one receiver in one go; what is left follows at the next beat.
AT_ONCE = 20


@dataclass
class Courier:
    """One courier; ``step`` is one beat."""

    runtime: Runtime
    _pool: ThreadPoolExecutor = field(init=False, repr=False)
    _on_the_way: dict[str, "Future[None]"] = field(default_factory=dict, init=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(WIDTH, thread_name_prefix="courier")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Carry in a thread while the block runs; what is under way is finished first."""
        thread = threading.Thread(target=self._run, name="courier")
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            self.close()

    def step(self) -> int:
        """Start a thread for each receiver with something due and none yet; how many."""
        tasks.load()
        for receiver in [one for one, going in self._on_the_way.items() if going.done()]:
            del self._on_the_way[receiver]
        found = outbox.for_courier(self.runtime, list(self._on_the_way), AT_ONCE)
        for receiver, jobs in found.items():
            self._on_the_way[receiver] = self._pool.submit(self._carry, jobs)
        return len(found)

    def wait(self) -> None:
        """Until everything under way has ended."""
        for going in list(self._on_the_way.values()):
            going.result()

    def close(self) -> None:
        """Finish what is under way and start nothing more."""
        self._stop.set()
        self._pool.shutdown(wait=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.step()
            except SQLAlchemyError as error:
                _log.warning("courier.missed", error=type(error).__name__)
            self._stop.wait(BEAT_SECONDS)

    def _carry(self, jobs: list[UUID]) -> None:
        """One receiver's notices in their order; after a failure the rest say how long to wait."""
        for job_id in jobs:
            if self._stop.is_set():
                return
            try:
                perform_with(self.runtime, job_id)
            except SQLAlchemyError as error:
                # The lease runs out and the next beat finds it again.
                _log.warning("courier.lost_one", id=str(job_id), error=type(error).__name__)
