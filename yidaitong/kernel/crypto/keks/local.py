"""Key-encryption keys in this process's own reach, whatever they are read from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from yidaitong.kernel.crypto import wrapping
from yidaitong.kernel.crypto.keks.provider import KekUnavailableError
from yidaitong.kernel.errors import InvalidStateError

# Installations of before versions had one key and wrapped under these, not bound to a row.
_FIRST: Final = 1
_FIRST_WRAPS: Final = frozenset({"dek", "signing"})
_FIRST_INDEX: Final = "ydt/1/blind-index"


class Source(Protocol):
    """Where the bytes are."""

    def versions(self) -> tuple[int, ...]:
        """Versions that can be read, oldest first."""

    def key(self, version: int) -> bytes | None:
        """The 32 bytes of a version; None where it is not there."""

    def make(self) -> int:
        """Make the next version; InvalidStateError where only a person can."""

    def destroy(self, version: int) -> bool:
        """Destroy a version; False where only a person can."""


@dataclass(frozen=True, slots=True)
class Given:
    """Versions that were handed over at the start, as by environment variables."""

    keys: Mapping[int, bytes] = field(repr=False)

    def versions(self) -> tuple[int, ...]:
        """Versions that were given."""
        return tuple(sorted(self.keys))

    def key(self, version: int) -> bytes | None:
        """The bytes of one."""
        return self.keys.get(version)

    def make(self) -> int:
        """Nobody but the operator can."""
        following = max(self.keys, default=0) + 1
        raise InvalidStateError(
            f"supply the next version of the KEK to every process, as YDT_KEK_{following}, first"
        )

    def destroy(self, version: int) -> bool:
        """Gone only when the operator takes it away."""
        return version not in self.keys


@dataclass(frozen=True, slots=True)
class LocalKeks:
    """A provider over a source of bytes (see ``KekProvider``)."""

    source: Source
    automatic: bool = False

    def versions(self) -> tuple[int, ...]:
        """Versions that can be read."""
        return self.source.versions()

    def wrap(self, version: int, about: str, key: bytes) -> bytes:
        """RFC 3394 under a key derived for the row."""
        return wrapping.wrap(self._key(version), about, key)

    def unwrap(self, version: int, about: str, wrapped: bytes) -> bytes:
        """As :meth:`wrap`; the first version also opens what it wrapped before rows were bound."""
        over = self._key(version)
        return wrapping.unwrap(over, about, wrapped, _plain(version, about, over))

    def make(self) -> int:
        """The source's next version."""
        return self.source.make()

    def destroy(self, version: int) -> bool:
        """Gone from the source."""
        return self.source.destroy(version)

    def first_index(self) -> bytes | None:
        """Derived from the first version."""
        first = self.source.key(_FIRST)
        return None if first is None else wrapping.derive(first, _FIRST_INDEX)

    def _key(self, version: int) -> bytes:
        found = self.source.key(version)
        if found is None:
            raise KekUnavailableError(f"KEK version {version} is not given to this process")
        return found


def _plain(version: int, about: str, over: bytes) -> bytes | None:
    kind = about.partition(":")[0]
    if version != _FIRST or kind not in _FIRST_WRAPS:
        return None
    return wrapping.derive(over, f"ydt/1/wrap/{kind}")
