"""The departments' pinned answer keys: a file people put there, read again when it changes."""

import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock

from yidaitong.kernel.clock import iso_ms
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PublicKey
from yidaitong.kernel.crypto.statements import KeyChange


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


def take_over(file: Path, change: KeyChange) -> None:
    """Write a department's key change into the pins: whole or not at all. Safe to repeat.

    What is retired may sign until the change takes effect and stays pinned for old answers.

    Raises:
        NoPinsError: no pins can be read.
    """
    try:
        pinned: list[dict[str, str]] = json.loads(file.read_bytes())["keys"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoPinsError(type(error).__name__) from None
    at = iso_ms(change.from_at)
    known = {jwk["kid"]: jwk for jwk in pinned}
    for kid in change.retire:
        known[kid].setdefault("ydt_to", at)
    for key in change.add:
        about = {"kid": key.kid, "use": key.use, "ydt_owner": change.owner, "ydt_from": at}
        known.setdefault(key.kid, {**key.jwk, **about})
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_text(json.dumps({"keys": list(known.values())}, indent=1), encoding="utf-8")
    with fresh.open("rb") as written:
        os.fsync(written.fileno())
    fresh.replace(file)


def in_force(key: PublicKey, at: datetime) -> bool:
    """Whether a key may sign at ``at``: begun, not ended, not revoked."""
    starts = key.from_at is None or datetime.fromisoformat(key.from_at) <= at
    ends = [datetime.fromisoformat(text) for text in (key.to_at, key.revoked_at) if text]
    return starts and all(at < end for end in ends)
