"""What each department was asked and answered: its own evidence, kept beside the ticket."""

from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Final

from yidaitong.kernel.clock import iso_ms

_KEPT: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One call. ``outcome`` is what was said, ``refused`` why nothing was, ``fault`` if it lied.

    A call that was refused for its ticket or form has no ``outcome``.
    """

    asked_at: datetime
    answered_at: datetime
    resource: str
    uscc: str = field(default="", repr=False)
    claims: dict[str, Any] = field(default_factory=dict)
    outcome: str | None = None
    refused: str | None = None
    fault: str | None = None
    ticket: str = field(default="", repr=False)
    fields: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **asdict(self),
            "asked_at": iso_ms(self.asked_at),
            "answered_at": iso_ms(self.answered_at),
        }


@dataclass
class Journal:
    """The newest calls, oldest first."""

    _entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=_KEPT), init=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def write(self, entry: Entry) -> None:
        """Keep one call."""
        with self._lock:
            self._entries.append(entry)

    def entries(self, resource: str | None = None) -> list[Entry]:
        """The calls kept, of one resource or of all."""
        with self._lock:
            return [one for one in self._entries if resource in {None, one.resource}]

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._entries.clear()
