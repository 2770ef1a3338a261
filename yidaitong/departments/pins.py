"""The departments' pinned answer keys: a file people put there, read again when it changes."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock

from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PublicKey


class NoPinsError(Exception):
    """The file is not there or is no key set: no answer can be checked."""


@dataclass
class Pins:
    """Keys by their owner, from a JWK set whose keys carry ``ydt_owner``."""

    file: Path
    _stamp: tuple[int, int] | None = field(default=None, init=False)
    _keys: KeySet = field(default_factory=KeySet.of, init=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def keys_of(self, department: str, at: datetime) -> KeySet:
        """The keys one department may sign with at ``at``.

        Raises:
            NoPinsError: no pins can be read.
        """
        owned = self._read().owned_by(department)
        return KeySet.of(*(key for key in owned.values() if in_force(key, at)))

    def _read(self) -> KeySet:
        with self._lock:
            try:
                found = self.file.stat()
                stamp = (found.st_mtime_ns, found.st_size)
                if stamp != self._stamp:
                    self._keys = KeySet.read(self.file.read_bytes())
                    self._stamp = stamp
            except (OSError, JoseError) as error:
                raise NoPinsError(type(error).__name__) from None
            return self._keys


def in_force(key: PublicKey, at: datetime) -> bool:
    """Whether a key may sign at ``at``: begun, not ended, not revoked."""
    starts = key.from_at is None or datetime.fromisoformat(key.from_at) <= at
    ends = [datetime.fromisoformat(text) for text in (key.to_at, key.revoked_at) if text]
    return starts and all(at < end for end in ends)
