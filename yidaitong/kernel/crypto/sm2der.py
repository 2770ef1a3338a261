"""SM2 in DER (GB/T 35276): signatures, ciphertexts and keys, each with one spelling only."""

from typing import Final

_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04
_SHORT, _ONE, _TWO = 0x80, 0x81, 0x82
_HASH_BYTES: Final = 32
NUMBER_BYTES: Final = 32
# SubjectPublicKeyInfo and PKCS #8 of a key on SM2 (OID 1.2.156.10197.1.301), up to the numbers.
_SPKI: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
_PKCS8: Final = bytes.fromhex(
    "308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"
)
_POINT: Final = bytes.fromhex("a144034200")


def public_der(point: bytes) -> bytes:
    """SubjectPublicKeyInfo of an uncompressed point (65 bytes)."""
    return _SPKI + point


def private_der(secret: bytes, point: bytes) -> bytes:
    """PKCS #8 of a private number (32 bytes) and its point."""
    return _PKCS8 + secret + _POINT + point


def check_signature(der: bytes) -> None:
    """Refuse whatever is not SEQUENCE { r, s } in its one spelling.

    Raises:
        ValueError: it is not.
    """
    body = _whole(der)
    _, body = _number(body)
    _, body = _number(body)
    if body:
        raise ValueError("more than r and s")


def check_ciphertext(der: bytes, length: int) -> tuple[int, int]:
    """The point of SEQUENCE { x, y, hash, ciphertext } with ``length`` bytes of ciphertext.

    Raises:
        ValueError: it is no such thing, or not in its one spelling.
    """
    body = _whole(der)
    x, body = _number(body)
    y, body = _number(body)
    told, body = _element(body, _OCTETS)
    sealed, body = _element(body, _OCTETS)
    if body or len(told) != _HASH_BYTES or len(sealed) != length:
        raise ValueError("not C1C3C2")
    return x, y


def _whole(der: bytes) -> bytes:
    body, rest = _element(der, _SEQUENCE)
    if rest:
        raise ValueError("bytes after the end")
    return body


def _number(data: bytes) -> tuple[int, bytes]:
    body, rest = _element(data, _INTEGER)
    padded = len(body) > 1 and body[0] == 0 and body[1] < _SHORT
    if not body or body[0] >= _SHORT or padded:
        raise ValueError("not a positive number in its shortest form")
    value = int.from_bytes(body, "big")
    if value >> (8 * NUMBER_BYTES):
        raise ValueError("too great a number")
    return value, rest


def _element(data: bytes, tag: int) -> tuple[bytes, bytes]:
    if len(data) < 2 or data[0] != tag:  # noqa: PLR2004 - tag and length
        raise ValueError("another element")
    length, start = data[1], 2
    if length >= _SHORT:
        start += {_ONE: 1, _TWO: 2}.get(length, 0)
        length = int.from_bytes(data[2:start], "big")
        least = _SHORT if start == 3 else 1 << 8  # noqa: PLR2004 - one byte of length
        if length < least:
            raise ValueError("a length that is not in its shortest form")
    body = data[start : start + length]
    if len(body) != length:
        raise ValueError("too short")
    return body, data[start + length :]
