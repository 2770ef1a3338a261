"""One sealed field: suite ‖ DEK id ‖ nonce ‖ ciphertext ‖ tag, bound to its place."""

from functools import lru_cache
from struct import Struct
from uuid import UUID

from yidaitong.kernel.crypto import suites
from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.provider import NONCE_BYTES, TAG_BYTES, Provider
from yidaitong.kernel.crypto.uses import Place

_SUITE = slice(0, 1)
# Three UUIDs as text, each after its length (36): one pass, for this runs for every field.
_GROUPS = Struct("8s4s4s4s12s" * 3)
_IDS = (b"\0\x24" + b"-".join([b"%b"] * 5)) * 3
_DEK_ID = slice(1, 17)
_SEALED = slice(17, None)


def aad(place: Place, dek_id: UUID, suite: str) -> bytes:
    """Suite, table, column, row, owner and DEK, each with its length: no two places alike."""
    told = (place.row_id.bytes + place.owner_id.bytes + dek_id.bytes).hex().encode()
    return _named(suite, place.table, place.column) + _IDS % _GROUPS.unpack(told)


@lru_cache(maxsize=256)
def _named(*parts: str) -> bytes:
    """The parts that come again and again."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(2, "big") + part for part in encoded)


def seal(key: bytes, dek_id: UUID, place: Place, plaintext: bytes, suite: str = "intl") -> bytes:
    """Encrypt one field in the suite of its data key, under a fresh random nonce."""
    provider = suites.of(suite)
    head = provider.byte + dek_id.bytes
    return provider.seal(key, plaintext, aad(place, dek_id, suite), head)


def dek_id_of(sealed: bytes) -> UUID:
    """Which data key sealed the field.

    Raises:
        SealBrokenError: this is no sealed field.
    """
    _suite_of(sealed)
    return UUID(bytes=sealed[_DEK_ID])


def open_(key: bytes, place: Place, sealed: bytes) -> bytes:
    """The plaintext of :func:`seal`, by the suite the field names; its place authenticates it.

    Raises:
        SealBrokenError: altered, or moved from another place.
    """
    suite, dek_id = _suite_of(sealed), dek_id_of(sealed)
    try:
        return suite.open(key, sealed[_SEALED], aad(place, dek_id, suite.suite))
    except SealBrokenError as error:
        raise SealBrokenError(f"{place.table}.{place.column} {place.row_id}") from error


def _suite_of(sealed: bytes) -> Provider:
    suite = suites.of_byte(sealed[_SUITE])
    if suite is None or len(sealed) < _SEALED.start + NONCE_BYTES + TAG_BYTES:
        raise SealBrokenError("not a sealed field")
    return suite
