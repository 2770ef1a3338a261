"""How far the log is behind; past its limits nothing is widened or released."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from consent.errors import EvidenceUnavailableError

MAX_PENDING: Final = 20_000
MAX_AGE_SECONDS: Final = 30.0
REFRESH_SECONDS: Final = 1.0
RETRY_AFTER_SECONDS: Final = 5

_READ = text("""
    SELECT (SELECT count(*) FROM (SELECT FROM ledger.pending LIMIT :limit) AS counted) AS pending,
           (SELECT body FROM ledger.entry
            WHERE id = (SELECT min(id) FROM ledger.pending)) AS oldest,
           clock_timestamp() AS now
""")


@dataclass(frozen=True, slots=True)
class Backlog:
    """``pending`` leaves have no index yet (counted to just above the limit)."""

    pending: int
    oldest_seconds: float

    @property
    def ok(self) -> bool:
        """Whether evidence keeps up."""
        return self.pending <= MAX_PENDING and self.oldest_seconds <= MAX_AGE_SECONDS

    def check(self) -> None:
        """Refuse all that widens or releases while evidence does not keep up.

        Raises:
            EvidenceUnavailableError: too many leaves wait, or one waits too long.
        """
        if not self.ok:
            raise EvidenceUnavailableError(
                f"{self.pending} leaves wait, the oldest {self.oldest_seconds:.0f} s",
                retry_after=RETRY_AFTER_SECONDS,
            )


def read_backlog(session: Session | Connection) -> Backlog:
    """The backlog now."""
    row = session.execute(_READ, {"limit": MAX_PENDING + 1}).one()
    if row.oldest is None:
        return Backlog(int(row.pending), 0.0)
    since = datetime.fromisoformat(json.loads(bytes(row.oldest))["t"])
    return Backlog(int(row.pending), max(0.0, (row.now - since).total_seconds()))


class Gauge:
    """One log's backlog as this process saw it last, read again after a second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._last = Backlog(0, 0.0)

    def read(self, session: Session | Connection) -> Backlog:
        """The backlog, at most a second old."""
        now = self._clock()
        with self._lock:
            if self._read_at is not None and now - self._read_at < REFRESH_SECONDS:
                return self._last
        # Read outside the lock: a slow database must not make every thread wait for one.
        found = read_backlog(session)
        with self._lock:
            self._read_at, self._last = now, found
        return found
