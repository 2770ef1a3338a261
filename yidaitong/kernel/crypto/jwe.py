"""Compact JWE (RFC 7516) to one pinned key: wrapping and content as its suite does them."""

import secrets
from collections.abc import Mapping
from typing import Any

from consent.encoding import b64u
from yidaitong.kernel.crypto import compact, suites
from yidaitong.kernel.crypto.errors import JoseError, SealBrokenError
from yidaitong.kernel.crypto.keys import PrivateKey, PublicKey
from yidaitong.kernel.crypto.provider import NONCE_BYTES, TAG_BYTES, Wrapped

MAX_TEXT = 8 * 1024 * 1024
MAX_HEADER = 1024

_MEMBERS: Mapping[str, type] = {"alg": str, "enc": str, "kid": str, "typ": str, "cty": str}
_PARTS = 5


def encrypt(key: PublicKey, plaintext: bytes, typ: str, cty: str) -> str:
    """Encrypt to the holder of ``key``, in the suite of that key; nothing is used twice.

    Raises:
        SuiteUnavailableError: this computer cannot do that suite.
    """
    if key.use != "enc":
        raise JoseError("jwe.key", "not an encryption key")
    suite = suites.of(key.suite)
    cek = secrets.token_bytes(suite.key_bytes)
    wrapped = suite.wrap(key, cek)
    members = {"alg": key.alg, "enc": suite.enc, "kid": key.kid, "typ": typ, "cty": cty}
    head = compact.write_header({**members, **wrapped.header})
    sealed = suite.seal(cek, plaintext, head.encode())
    nonce, body, tag = _parts(sealed)
    return ".".join([head, *(b64u(part) for part in (wrapped.encrypted, nonce, body, tag))])


def decrypt(key: PrivateKey, text: str, *, typ: str, cty: str) -> bytes:
    """The plaintext of a JWE that was sealed to ``key``, in the suite of that key and no other.

    Raises:
        JoseError: ``size``, ``jwe.format``, ``jwe.header``, ``jwe.key`` or ``jwe.decrypt``.
        SuiteUnavailableError: this computer cannot do that suite.
    """
    if len(text) > MAX_TEXT or len(text.partition(".")[0]) > MAX_HEADER:
        raise JoseError("size", "JWE too long")
    suite = suites.of(key.suite)
    found, (head, encrypted, nonce, body, tag) = compact.parts(text, _PARTS, "jwe.format")
    members = compact.header(head, {**_MEMBERS, **suite.wrap_header}, "jwe.header")
    if key.use != "enc" or members["kid"] != key.kid:
        _check_header(members, {"typ": typ, "cty": cty})
        raise JoseError("jwe.key", "sealed to another key")
    _check_header(members, {"alg": key.alg, "enc": suite.enc, "typ": typ, "cty": cty})
    if len(nonce) != NONCE_BYTES or len(tag) != TAG_BYTES:
        raise JoseError("jwe.decrypt", "nonce or tag of another length")
    wrapped = Wrapped(encrypted, {name: members[name] for name in suite.wrap_header})
    cek = suite.unwrap(key, wrapped)
    try:
        return suite.open(cek, nonce + body + tag, found[0].encode())
    except SealBrokenError as error:
        raise JoseError("jwe.decrypt", "does not decrypt") from error


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    return sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]


def _check_header(members: Mapping[str, Any], wanted: Mapping[str, str]) -> None:
    for name, value in wanted.items():
        if members[name] != value:
            raise JoseError("jwe.header", f"header member {name}")
