"""Whether evidence keeps up: backlog, outside time, and a clock that does not run back.

Past any limit nothing is widened or released; what stops or narrows goes on.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from consent.errors import InvalidStateError
from consent.ledger.cosigning import time_of

MAX_PENDING: Final = 20_000
MAX_AGE_SECONDS: Final = 30.0
MAX_BACK_SECONDS: Final = 5.0
REFRESH_SECONDS: Final = 1.0
RETRY_AFTER_SECONDS: Final = 5

_READ = text("""
    SELECT (SELECT count(*) FROM (SELECT FROM ledger.pending LIMIT :limit) AS counted) AS pending,
           (SELECT body FROM ledger.entry
            WHERE id = (SELECT min(id) FROM ledger.pending)) AS oldest,
           (SELECT max(at) FROM ledger.published
            WHERE size > (SELECT coalesce(max(size), -1) FROM ledger.clearing)) AS head_at,
           clock_timestamp() AS now
""")
# All heads so far: what comes after is judged by its own time.
_CLEAR = text("""
    INSERT INTO ledger.clearing (order_id, size) SELECT :order_id, max(size) FROM ledger.published
""")
# The newest lines: one of them is the newest of any witness that still answers.
_ANCHOR = text("""
    SELECT (SELECT min(at) FROM (SELECT at FROM ledger.checkpoint ORDER BY size LIMIT 1) AS first)
               AS first_at,
           ARRAY(SELECT line FROM ledger.cosignature ORDER BY id DESC LIMIT 64) AS lines,
           ARRAY(SELECT at FROM ledger.cosignature ORDER BY id DESC LIMIT 64) AS times
""")


@dataclass(frozen=True, slots=True)
class Backlog:
    """``pending`` leaves have no index yet (counted to just above the limit).

    ``back_seconds``: so far is the database's clock behind ``head_at``, the latest time a head
    carries; not the newest head's: stops go on, and heads over them carry the clock that fell back.
    ``anchor_seconds``: so old is the newest time a witness told; None without witnesses.
    """

    pending: int
    oldest_seconds: float
    back_seconds: float = 0.0
    anchor_seconds: float | None = None
    anchor_limit: float = float("inf")
    head_at: datetime | None = None

    @property
    def is_behind(self) -> bool:
        """Whether the database's clock fell back."""
        return self.back_seconds > MAX_BACK_SECONDS

    @property
    def problem(self) -> str | None:
        """Why evidence cannot be written now; None where it can."""
        if self.pending > MAX_PENDING or self.oldest_seconds > MAX_AGE_SECONDS:
            return f"{self.pending} leaves wait, the oldest {self.oldest_seconds:.0f} s"
        if self.is_behind:
            return f"the clock is {self.back_seconds:.0f} s behind the newest head"
        if self.anchor_seconds is not None and self.anchor_seconds > self.anchor_limit:
            return f"no witness told the time for {self.anchor_seconds:.0f} s"
        return None

    @property
    def ok(self) -> bool:
        """Whether evidence keeps up."""
        return self.problem is None


def read_backlog(session: Session | Connection, anchor_limit: float | None = None) -> Backlog:
    """How evidence stands now; ``anchor_limit`` in seconds where there are witnesses."""
    row = session.execute(_READ, {"limit": MAX_PENDING + 1}).one()
    now: datetime = row.now
    return Backlog(
        int(row.pending),
        0.0 if row.oldest is None else _seconds(now - _time_in(bytes(row.oldest))),
        back_seconds=0.0 if row.head_at is None else _seconds(row.head_at - now),
        anchor_seconds=None if anchor_limit is None else _anchor_age(session, now),
        anchor_limit=float("inf") if anchor_limit is None else anchor_limit,
        head_at=row.head_at,
    )


def clear_clock(session: Session, order_id: UUID) -> None:
    """Times of all heads so far no longer count; two persons say so by ``order_id``.

    Raises:
        InvalidStateError: the clock is not behind.
    """
    if not read_backlog(session).is_behind:
        raise InvalidStateError("the clock is not behind")
    session.execute(_CLEAR, {"order_id": order_id})


def _anchor_age(session: Session | Connection, now: datetime) -> float:
    """Seconds since a witness last told the time; before any did, since the first head."""
    row: Any = session.execute(_ANCHOR).one()
    told = [
        # A witness whose clock runs ahead must not hold the anchor in the future.
        min(datetime.fromtimestamp(time_of(line), UTC), at)
        for line, at in zip(row.lines, row.times, strict=True)
    ]
    newest = max(told, default=row.first_at)
    return 0.0 if newest is None else _seconds(now - newest)


def _time_in(body: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(body)["t"])


def _seconds(span: timedelta) -> float:
    return max(0.0, span.total_seconds())


class Gauge:
    """One log's backlog as this process saw it last, read again after a second."""

    def __init__(self, clock: Callable[[], float], anchor_limit: float | None = None) -> None:
        self._clock = clock
        self._anchor_limit = anchor_limit
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
        found = read_backlog(session, self._anchor_limit)
        with self._lock:
            self._read_at, self._last = now, found
        return found
