"""Retry budget: of what a process asks of one department, about a tenth may be asked again.

Kept in memory, by each process for itself: a tenth of each part is a tenth of the whole, and the
usual call writes nothing anywhere.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from yidaitong.kernel.clock import monotonic

RATIO: Final = 0.1
# Retries before anything was asked, and the most that are saved up.
BURST: Final = 10.0
# One more every ten seconds, so that a quiet place comes through a bad hour, too.
PER_SECOND: Final = 0.1


@dataclass(slots=True)
class _Purse:
    left: float
    at: float


class RetryBudget:
    """How many retries each department may be sent now; safe for many threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._purses: dict[str, _Purse] = {}
        self._lock = threading.Lock()

    def earn(self, department: str) -> None:
        """A first question is sent: a tenth of a retry more."""
        with self._lock:
            purse = self._purse(department)
            purse.left = min(BURST, purse.left + RATIO)

    def spend(self, department: str) -> bool:
        """Whether one retry may be sent now; it is counted if so."""
        with self._lock:
            purse = self._purse(department)
            if purse.left < 1:
                return False
            purse.left -= 1
            return True

    def _purse(self, department: str) -> _Purse:
        now = self._clock()
        purse = self._purses.setdefault(department, _Purse(BURST, now))
        purse.left = min(BURST, purse.left + PER_SECOND * (now - purse.at))
        purse.at = now
        return purse
