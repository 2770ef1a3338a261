"""Compact JWS (RFC 7515, 8037): three header members, a pinned algorithm, exact bytes."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from joserfc import jws as library
from joserfc.errors import JoseError as LibraryError

from consent.encoding import b64u
from yidaitong.kernel.crypto import compact
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import EDDSA, ES256, PrivateKey, PublicKey

MAX_HEADER = 512
MAX_TEXT = 3 * 1024 * 1024

_MEMBERS: Mapping[str, type] = {"alg": str, "kid": str, "typ": str}
# An Ed25519 key also reads under the newer name of the same algorithm (RFC 9864).
_READ: Mapping[str, frozenset[str]] = {
    EDDSA: frozenset({EDDSA, "Ed25519"}),
    ES256: frozenset({ES256}),
}
_PARTS = 3

# The name EdDSA is what RFC 8037 tools expect; the library advises another one.
warnings.filterwarnings("ignore", message=".*EdDSA.*")


class _Registry(library.JWSRegistry):
    """The library's own ceiling is below what it signs."""

    max_payload_length: ClassVar[int] = MAX_TEXT  # type: ignore[misc]
    max_header_length: ClassVar[int] = MAX_HEADER  # type: ignore[misc]


_REGISTRY = _Registry(algorithms=[EDDSA, "Ed25519", ES256])


@dataclass(frozen=True, slots=True)
class Verified:
    """A JWS whose signature is good: the key that made it and the exact signed bytes."""

    kid: str
    payload: bytes = field(repr=False)
    key: PublicKey = field(repr=False)


def sign(key: PrivateKey, typ: str, payload: bytes, *, detached: bool = False) -> str:
    """Compact JWS over ``payload``; detached leaves the middle part empty (RFC 7515 App. F)."""
    if key.use != "sig":
        raise JoseError("jws.key", "not a signing key")
    members = {"alg": key.alg, "kid": key.kid, "typ": typ}
    text = library.serialize_compact(members, payload, key.key, registry=_REGISTRY)
    if not detached:
        return text
    head, _, signature = text.split(".")
    return f"{head}..{signature}"


def verify(
    text: str,
    *,
    typ: str,
    keys: Mapping[str, PublicKey],
    payload: bytes | None = None,
    max_bytes: int = MAX_TEXT,
) -> Verified:
    """Check a compact JWS with the pinned key its ``kid`` names.

    ``payload`` is what a detached JWS signs; a text longer than ``max_bytes`` is not looked at.

    Raises:
        JoseError: ``jws.format``, ``jws.header``, ``jws.key`` or ``jws.signature``.
    """
    if len(text) > max_bytes or len(text.partition(".")[0]) > MAX_HEADER:
        raise JoseError("size", "JWS too long")
    found = compact.parts(text, _PARTS, "jws.format")
    if payload is not None:
        if found[1]:
            raise JoseError("jws.format", "not detached")
        found[1] = b64u(payload)
    members = compact.header(found[0], _MEMBERS, "jws.header")
    if members["typ"] != typ:
        raise JoseError("jws.header", "another type of JWS")
    key = keys.get(str(members["kid"]))
    if key is None or key.use != "sig":
        raise JoseError("jws.key", "unknown key")
    if members["alg"] not in _READ[key.alg]:
        raise JoseError("jws.header", "algorithm is not the key's")
    _check_signature(".".join(found), key)
    body = compact.decode(found[1], "jws.format") if payload is None else payload
    return Verified(key.kid, body, key)


def peek(text: str, *, max_bytes: int = MAX_TEXT) -> bytes:
    """The payload of a compact JWS nobody has checked: only to find out whose key to check it with.

    Raises:
        JoseError: ``jws.format``.
    """
    if len(text) > max_bytes:
        raise JoseError("size", "JWS too long")
    return compact.decode(compact.parts(text, _PARTS, "jws.format")[1], "jws.format")


def _check_signature(text: str, key: PublicKey) -> None:
    try:
        library.deserialize_compact(text, key.key, registry=_REGISTRY)
    except (LibraryError, ValueError, TypeError) as error:
        raise JoseError("jws.signature", "signature is not valid") from error
