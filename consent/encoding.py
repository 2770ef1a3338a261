"""Base64url without padding (RFC 7515 §2), the only text form of bytes in records."""

import base64
import binascii
from typing import Final

_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def b64u(data: bytes) -> str:
    """``data`` as unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64u_decode(text: str) -> bytes:
    """The bytes of unpadded base64url.

    Raises:
        ValueError: the text is not the one spelling of those bytes.
    """
    if not isinstance(text, str):
        raise TypeError("base64url is text")
    raw = text.encode("ascii")
    if b"+" in raw or b"/" in raw or b"=" in raw:
        raise ValueError("not base64url")
    padded = raw.translate(_STANDARD) + b"=" * (-len(raw) % 4)
    data = binascii.a2b_base64(padded, strict_mode=True)
    # Bits that nobody reads can only stand in the last sign: no need to write all of it again.
    rest = len(data) % 3
    if rest and b64u(data[-rest:]) != text[-(rest + 1) :]:
        raise ValueError("not canonical base64url")
    return data
