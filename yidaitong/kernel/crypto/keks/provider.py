"""What holds key-encryption keys: the interface every kind and every plug-in keeps."""

from typing import Protocol

from yidaitong.kernel.errors import DomainError
from yidaitong.kernel.text import Text


class KekUnavailableError(DomainError):
    """A version of the key-encryption key is not to be had here, or is another key."""

    code = "KekUnavailable"
    text = Text("密钥暂不可用", "A key is not available")
    retryable = True


class KekProvider(Protocol):
    """Holds the versions; 1 is the first, and higher ones are newer.

    ``about`` names the row a wrapped key belongs to (ASCII, at most 80 characters): the provider
    binds it, as additional data or otherwise, so that a key moved to another row does not unwrap.
    A provider is used by several threads at once, often inside a transaction: every call ends
    within a second or two.

    Each method raises ``KekUnavailableError`` where the version is not held or its holder does not
    answer.
    """

    @property
    def automatic(self) -> bool:
        """Whether the platform may have a version made whenever one is due."""

    def versions(self) -> tuple[int, ...]:
        """Versions that are held, oldest first."""

    def wrap(self, version: int, about: str, key: bytes) -> bytes:
        """32 bytes under a version."""

    def unwrap(self, version: int, about: str, wrapped: bytes) -> bytes:
        """The key of :meth:`wrap`.

        Raises:
            SealBrokenError: another key wrapped it, it belongs elsewhere, or it was altered.
        """

    def make(self) -> int:
        """Make the next version; its number.

        Raises:
            InvalidStateError: of this kind only a person can supply one.
        """

    def destroy(self, version: int) -> bool:
        """Destroy a version for ever; False where only a person can. Safe to repeat."""

    def first_index(self) -> bytes | None:
        """What indexed before the index had a key of its own; None for kinds that never did."""


def current(provider: KekProvider) -> int:
    """The newest version that is held.

    Raises:
        KekUnavailableError: none is.
    """
    held = provider.versions()
    if not held:
        raise KekUnavailableError("no version of the KEK is given to this process")
    return held[-1]
