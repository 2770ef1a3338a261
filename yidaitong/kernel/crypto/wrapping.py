"""One key under another (RFC 3394), bound to what it is: in another row it does not unwrap."""

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from yidaitong.kernel.crypto.errors import SealBrokenError

KEY_BYTES: Final = 32
# Wire format: append only. RFC 3394 gives multiples of 8 bytes: one more byte tells the two apart.
_BOUND: Final = b"\x01"
_UNIT: Final = 8


def derive(key: bytes, info: str) -> bytes:
    """32 bytes for one purpose (HKDF-SHA-256, RFC 5869, no salt)."""
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=info.encode()).derive(
        key
    )


def wrap(over: bytes, about: str, key: bytes) -> bytes:
    """``key`` under ``over``; ``about`` names the row it belongs to."""
    return _BOUND + aes_key_wrap(_bound(over, about), key)


def unwrap(over: bytes, about: str, wrapped: bytes, plain: bytes | None = None) -> bytes:
    """The key of :func:`wrap`; ``plain`` is what wrapped keys before they were bound, if any did.

    Raises:
        SealBrokenError: another key wrapped it, it belongs elsewhere, or it was altered.
    """
    try:
        if len(wrapped) % _UNIT == len(_BOUND) and wrapped.startswith(_BOUND):
            return aes_key_unwrap(_bound(over, about), wrapped[len(_BOUND) :])
        if plain is not None:
            return aes_key_unwrap(plain, wrapped)
    except (InvalidUnwrap, ValueError) as error:
        raise SealBrokenError(f"{about} does not unwrap") from error
    raise SealBrokenError(f"{about} is not wrapped as it should be")


def _bound(over: bytes, about: str) -> bytes:
    return derive(over, f"ydt/2/wrap/{about}")
