"""Compact JWE (RFC 7516): ECDH-ES+A256KW and A256GCM to one X25519 or P-256 key, nothing else."""

from collections.abc import Mapping
from typing import Any, ClassVar

from joserfc import jwe as library
from joserfc.errors import JoseError as LibraryError

from yidaitong.kernel.crypto import compact
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import ECDH, PrivateKey, PublicKey

ENC = "A256GCM"
MAX_TEXT = 8 * 1024 * 1024
MAX_HEADER = 1024

_MEMBERS: Mapping[str, type] = {
    "alg": str,
    "enc": str,
    "kid": str,
    "typ": str,
    "cty": str,
    "epk": dict,
}
_PARTS = 5


class _Registry(library.JWERegistry):
    """The library's own ceiling is below what it encrypts."""

    max_ciphertext_length: ClassVar[int] = MAX_TEXT  # type: ignore[misc]
    max_protected_header_length: ClassVar[int] = MAX_HEADER  # type: ignore[misc]


# Naming both algorithms also shuts out compression.
_REGISTRY = _Registry(algorithms=[ECDH, ENC])


def encrypt(key: PublicKey, plaintext: bytes, typ: str, cty: str) -> str:
    """Encrypt to the holder of ``key``; the ephemeral key is new each time."""
    if key.use != "enc":
        raise JoseError("jwe.key", "not an encryption key")
    members = {"alg": ECDH, "enc": ENC, "kid": key.kid, "typ": typ, "cty": cty}
    return library.encrypt_compact(members, plaintext, key.key, registry=_REGISTRY)


def decrypt(key: PrivateKey, text: str, *, typ: str, cty: str) -> bytes:
    """The plaintext of a JWE that was sealed to ``key``.

    Raises:
        JoseError: ``size``, ``jwe.format``, ``jwe.header``, ``jwe.key`` or ``jwe.decrypt``.
    """
    if len(text) > MAX_TEXT or len(text.partition(".")[0]) > MAX_HEADER:
        raise JoseError("size", "JWE too long")
    found = compact.parts(text, _PARTS, "jwe.format")
    members = compact.header(found[0], _MEMBERS, "jwe.header")
    _check_header(members, {"alg": ECDH, "enc": ENC, "typ": typ, "cty": cty})
    if key.use != "enc" or members["kid"] != key.kid:
        raise JoseError("jwe.key", "sealed to another key")
    _check_ephemeral(members["epk"], key)
    try:
        opened = library.decrypt_compact(text, key.key, registry=_REGISTRY)
    except (LibraryError, ValueError, TypeError) as error:
        raise JoseError("jwe.decrypt", "does not decrypt") from error
    if opened.plaintext is None:
        raise JoseError("jwe.decrypt", "no plaintext")
    return opened.plaintext


def _check_header(members: Mapping[str, Any], wanted: Mapping[str, str]) -> None:
    for name, value in wanted.items():
        if members[name] != value:
            raise JoseError("jwe.header", f"header member {name}")


def _check_ephemeral(epk: Any, key: PrivateKey) -> None:
    """A bare public point on the curve of our key; the library trips over anything else."""
    try:
        point = PublicKey.read(epk, use="enc")
    except JoseError as error:
        raise JoseError("jwe.header", "header member epk") from error
    if point.jwk != epk or point.curve != key.curve:
        raise JoseError("jwe.header", "header member epk")
