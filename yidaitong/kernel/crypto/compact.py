"""Compact JOSE texts: size, parts and headers are judged before any key is touched."""

import json
from collections.abc import Mapping

from consent.encoding import b64u, b64u_decode
from yidaitong.kernel import strictjson
from yidaitong.kernel.crypto.errors import JoseError

MAX_HEADER = 1024


def parts(text: str, count: int, reason: str) -> tuple[list[str], list[bytes]]:
    """The dot-separated parts of a compact text and their bytes, each part their one spelling.

    Raises:
        JoseError: ``reason``.
    """
    found = text.split(".")
    if len(found) != count:
        raise JoseError(reason, "wrong number of parts")
    return found, [decode(part, reason) for part in found]


def decode(part: str, reason: str) -> bytes:
    """Bytes of one part.

    Raises:
        JoseError: ``reason``: not strict base64url.
    """
    try:
        return b64u_decode(part)
    except ValueError as error:
        raise JoseError(reason, "not strict base64url") from error


def header(raw: bytes, allowed: Mapping[str, type], reason: str) -> Mapping[str, object]:
    """A protected header, from its bytes, with exactly the ``allowed`` members, each of its type.

    Raises:
        JoseError: ``reason``.
    """
    try:
        members = strictjson.parse_object(raw, max_bytes=MAX_HEADER)
    except strictjson.StrictJsonError as error:
        raise JoseError(reason, f"header: {error}") from error
    if members.keys() != allowed.keys():
        strange = sorted(members.keys() ^ allowed.keys())
        raise JoseError(reason, f"header members, {len(strange)} missing or not allowed")
    for name, kind in allowed.items():
        if not isinstance(members[name], kind):
            raise JoseError(reason, f"header member {name}")
    return members


def write_header(members: Mapping[str, object]) -> str:
    """A protected header as we write it: one line of JSON, its members in the given order."""
    return b64u(json.dumps(members, separators=(",", ":")).encode())
