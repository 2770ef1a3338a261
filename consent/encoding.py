"""Base64url without padding (RFC 7515 §2), the only text form of bytes in records."""

import base64
import binascii

_STANDARD = bytes.maketrans(b"-_", b"+/")


def b64u(data: bytes) -> str:
    """``data`` as unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64u_decode(text: str) -> bytes:
    """The bytes of unpadded base64url.

    Raises:
        ValueError: the text is not the one spelling of those bytes.
    """
    padded = (text + "=" * (-len(text) % 4)).encode("ascii")
    data = binascii.a2b_base64(padded.translate(_STANDARD), strict_mode=True)
    if b64u(data) != text:
        raise ValueError("not canonical base64url")
    return data
