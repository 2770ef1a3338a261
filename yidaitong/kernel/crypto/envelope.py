"""One sealed field: suite ‖ DEK id ‖ nonce ‖ ciphertext ‖ tag, bound to its place."""

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.uses import Place

SUITE = b"\x01"  # intl: AES-256-GCM
_DEK_ID = slice(1, 17)
_NONCE = slice(17, 29)
_BODY = slice(29, None)
_TAG_BYTES = 16
_NONCE_BYTES = 12


def aad(place: Place, dek_id: UUID) -> bytes:
    """Suite, table, column, row, owner and DEK, each with its length: no two places alike."""
    parts = (
        "intl",
        place.table,
        place.column,
        str(place.row_id),
        str(place.owner_id),
        str(dek_id),
    )
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(2, "big") + part for part in encoded)


def seal(key: bytes, dek_id: UUID, place: Place, plaintext: bytes) -> bytes:
    """Encrypt one field with AES-256-GCM under a fresh random nonce."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    body = AESGCM(key).encrypt(nonce, plaintext, aad(place, dek_id))
    return SUITE + dek_id.bytes + nonce + body


def dek_id_of(sealed: bytes) -> UUID:
    """Which data key sealed the field.

    Raises:
        SealBrokenError: this is no sealed field.
    """
    if len(sealed) < _BODY.start + _TAG_BYTES or sealed[:1] != SUITE:
        raise SealBrokenError("not a sealed field")
    return UUID(bytes=sealed[_DEK_ID])


def open_(key: bytes, place: Place, sealed: bytes) -> bytes:
    """The plaintext of :func:`seal`.

    Raises:
        SealBrokenError: altered, or moved from another place.
    """
    try:
        return AESGCM(key).decrypt(sealed[_NONCE], sealed[_BODY], aad(place, dek_id_of(sealed)))
    except InvalidTag as error:
        raise SealBrokenError(f"{place.table}.{place.column} {place.row_id}") from error
