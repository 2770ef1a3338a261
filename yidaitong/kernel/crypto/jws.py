"""Compact JWS (RFC 7515, 8037): three header members, a pinned algorithm, exact bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from consent.encoding import b64u
from yidaitong.kernel.crypto import compact, suites
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import PrivateKey, PublicKey

MAX_HEADER = 512
MAX_TEXT = 3 * 1024 * 1024

_MEMBERS: Mapping[str, type] = {"alg": str, "kid": str, "typ": str}
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Verified:
    """A JWS whose signature is good: the key that made it and the exact signed bytes."""

    kid: str
    payload: bytes = field(repr=False)
    key: PublicKey = field(repr=False)


def sign(key: PrivateKey, typ: str, payload: bytes, *, detached: bool = False) -> str:
    """Compact JWS over ``payload``; detached leaves the middle part empty (RFC 7515 App. F).

    The suite is that of the key.
    """
    if key.use != "sig":
        raise JoseError("jws.key", "not a signing key")
    head = compact.write_header({"alg": key.alg, "kid": key.kid, "typ": typ})
    body = b64u(payload)
    signature = b64u(suites.of(key.suite).sign(key, f"{head}.{body}".encode()))
    return f"{head}..{signature}" if detached else f"{head}.{body}.{signature}"


def verify(
    text: str,
    *,
    typ: str,
    keys: Mapping[str, PublicKey],
    payload: bytes | None = None,
    max_bytes: int = MAX_TEXT,
) -> Verified:
    """Check a compact JWS with the pinned key its ``kid`` names, in the suite of that key.

    ``payload`` is what a detached JWS signs; a text longer than ``max_bytes`` is not looked at.

    Raises:
        JoseError: ``jws.format``, ``jws.header``, ``jws.key`` or ``jws.signature``.
        SuiteUnavailableError: the key is of a suite this computer cannot do.
    """
    if len(text) > max_bytes or len(text.partition(".")[0]) > MAX_HEADER:
        raise JoseError("size", "JWS too long")
    found, (head, body, signature) = compact.parts(text, _PARTS, "jws.format")
    told = text[: -len(found[2]) - 1]  # What is signed: all but the last part and its dot.
    if payload is not None:
        if body:
            raise JoseError("jws.format", "not detached")
        told, body = f"{found[0]}.{b64u(payload)}", payload
    members = compact.header(head, _MEMBERS, "jws.header")
    if members["typ"] != typ:
        raise JoseError("jws.header", "another type of JWS")
    key = keys.get(str(members["kid"]))
    if key is None or key.use != "sig":
        raise JoseError("jws.key", "unknown key")
    if members["alg"] not in suites.of(key.suite).reads(key.alg):
        raise JoseError("jws.header", "algorithm is not the key's")
    suites.of(key.suite).verify(key, told.encode(), signature)
    return Verified(key.kid, body, key)


def peek(text: str, *, max_bytes: int = MAX_TEXT) -> bytes:
    """The payload of a compact JWS nobody has checked: only to find out whose key to check it with.

    Raises:
        JoseError: ``jws.format``.
    """
    if len(text) > max_bytes:
        raise JoseError("size", "JWS too long")
    return compact.parts(text, _PARTS, "jws.format")[1][1]
