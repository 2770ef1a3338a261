"""What a crypto suite is: one interface; each suite behind it is one file of ``suites``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

NONCE_BYTES = 12
TAG_BYTES = 16

# (kty, crv) of a JWK, and what each use of such a key is signed or encrypted with.
Kind = tuple[str, str]
Curves = Mapping[Kind, Mapping[str, str]]


class KeyRecord(Protocol):
    """A pinned key as a suite sees it; ``key`` is whatever the suite's ``load`` made of it."""

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint."""

    @property
    def alg(self) -> str:
        """The algorithm pinned in the record."""

    @property
    def key(self) -> Any:
        """The usable key, private or public."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A content key on its way to one recipient; ``header`` are the members that go with it."""

    encrypted: bytes = field(repr=False)
    header: Mapping[str, Any] = field(default_factory=dict)


class Provider(Protocol):
    """All primitives of one suite. A private key comes as its record and never as bytes.

    ``byte`` and ``suite`` stand in what is kept for ever; ``key_bytes`` is the length of content
    and data keys, ``enc`` the name of content encryption, ``wrap_header`` the members that
    :meth:`wrap` adds to a header.
    """

    suite: str
    byte: bytes
    key_bytes: int
    enc: str
    curves: Curves
    wrap_header: Mapping[str, type]

    def require(self) -> None:
        """Raise :class:`SuiteUnavailableError` where this computer cannot do the suite."""

    def reads(self, alg: str) -> frozenset[str]:
        """Names under which signatures of a key pinned to ``alg`` are read."""

    def load(self, jwk: Mapping[str, str]) -> Any:
        """A usable key; ValueError or TypeError where it is none."""

    def generate(self, crv: str) -> dict[str, str]:
        """A fresh private JWK: kty, crv, coordinates, d."""

    def digest(self, data: bytes) -> bytes:
        """32 bytes."""

    def mac(self, key: bytes, data: bytes) -> bytes:
        """32 bytes."""

    def kdf(self, key: bytes, info: str, length: int) -> bytes:
        """HKDF (RFC 5869) without a salt."""

    def sign(self, key: KeyRecord, data: bytes) -> bytes:
        """A signature in the suite's JWS form."""

    def verify(self, key: KeyRecord, data: bytes, signature: bytes) -> None:
        """Raise :class:`JoseError` ``jws.signature`` unless ``key`` signed ``data``."""

    def wrap(self, recipient: KeyRecord, cek: bytes) -> Wrapped:
        """Encrypt a content key to its recipient."""

    def unwrap(self, key: KeyRecord, wrapped: Wrapped) -> bytes:
        """The content key; raise :class:`JoseError` ``jwe.header`` or ``jwe.decrypt``."""

    def seal(self, key: bytes, plaintext: bytes, aad: bytes, head: bytes = b"") -> bytes:
        """Nonce ‖ ciphertext ‖ tag, under a fresh random nonce."""

    def open(self, key: bytes, sealed: bytes, aad: bytes) -> bytes:
        """The plaintext; raise :class:`SealBrokenError`."""

    def wrap_dek(self, kek: bytes, dek_id: bytes, dek: bytes) -> bytes:
        """A data key as it rests under the key above it."""

    def unwrap_dek(self, kek: bytes, dek_id: bytes, wrapped: bytes) -> bytes:
        """The data key; raise :class:`SealBrokenError`."""
