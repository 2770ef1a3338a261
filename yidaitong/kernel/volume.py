"""Room on the database's volume: how much is left, and a ballast that leaves some for revoking."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MIN_FREE_PERCENT: Final = 5
REFRESH_SECONDS: Final = 1.0
BALLAST: Final = "ballast"
# Two segments of the write-ahead log and a few thousand revocations.
BALLAST_BYTES: Final = 48 * 1024 * 1024
# The ballast is spent when less than both is left, and put back when far more is.
_SPEND_PERCENT: Final = 2
_SPEND_BYTES: Final = 32 * 1024 * 1024
_REFILL_PERCENT: Final = 10


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of a volume; ``spent``: its ballast is gone, so what is free is for stopping only."""

    free: int
    total: int
    spent: bool = False

    @property
    def problem(self) -> str | None:
        """Why nothing may be widened; None where there is room."""
        if self.spent:
            return "the database's volume lives on its ballast"
        if self.free * 100 < self.total * MIN_FREE_PERCENT:
            return f"the database's volume has {self.free >> 20} MiB of {self.total >> 20} MiB free"
        return None


def room_in(folder: Path) -> Room:
    """The room a user's process has on the volume of ``folder``, now.

    Raises:
        OSError: there is no such folder.
    """
    found = os.statvfs(folder)
    return Room(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, _is_spent(folder))


def lay_ballast(folder: Path) -> None:
    """Make the ballast's file where there is none, for ``keep_ballast`` to look after."""
    (folder / BALLAST).touch(0o600)
    keep_ballast(folder)


def keep_ballast(folder: Path) -> None:
    """Spend the ballast when the volume is all but full, put it back when there is room again.

    Safe to repeat, and from several processes. Without the file there is nothing to keep.
    """
    path = folder / BALLAST
    if not path.exists():
        return
    room = room_in(folder)
    if not room.spent and room.free < min(room.total * _SPEND_PERCENT // 100, _SPEND_BYTES):
        os.truncate(path, 0)
    elif room.spent and room.free - BALLAST_BYTES > room.total * _REFILL_PERCENT // 100:
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)


def _is_spent(folder: Path) -> bool:
    try:
        return (folder / BALLAST).stat().st_size == 0
    except FileNotFoundError:
        return False


class VolumeGauge:
    """One volume as this process saw it last, read again after a second."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._problem: str | None = None

    def problem(self) -> str | None:
        """Why nothing may be widened, at most a second ago; None where there is room."""
        now = self._clock()
        with self._lock:
            if self._read_at is None or now - self._read_at >= REFRESH_SECONDS:
                self._read_at, self._problem = now, self._look()
            return self._problem

    def _look(self) -> str | None:
        try:
            return room_in(self._folder).problem
        except OSError as error:
            return f"the database's volume cannot be read: {type(error).__name__}"
