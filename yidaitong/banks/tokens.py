"""Tokens for machines: client credentials (RFC 6749 §4.4) by a signed assertion (RFC 7523)."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from yidaitong.accounts.scope import as_system
from yidaitong.banks import clients, messages
from yidaitong.banks.commands import Grant
from yidaitong.banks.errors import InvalidClientError, InvalidGrantScopeError
from yidaitong.banks.models import ApiClient, BankKey, ClientState, NonceUse
from yidaitong.kernel import strictjson
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PublicKey
from yidaitong.kernel.uow import UnitOfWork

ASSERTION_TYP: Final = "JWT"
# An assertion ends at most so long from now; our clock may be a little behind the sender's.
LONGEST: Final = timedelta(minutes=5)
_SKEW: Final = timedelta(seconds=messages.AHEAD)
_MAX_ASSERTION: Final = 4096
_MEMBERS: Final = frozenset({"iss", "sub", "aud", "exp", "jti", "iat", "nbf"})
_TIMES: Final = ("iat", "nbf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A token, shown once; ``scope`` is what it may, divided by blanks."""

    token: str = field(repr=False)
    scope: str


def grant(uow: UnitOfWork, wanted: Grant) -> Granted:
    """A token for a machine that proves by its pinned key who it is.

    Raises:
        InvalidClientError: no such client in use, or its assertion is not valid here and now.
        ReplayDetectedError: the assertion came before.
        InvalidGrantScopeError: it asks for more than it was admitted for.
    """
    with as_system(uow) as wide:
        client, key, claims = _proven(wide, wanted)
        _check_times(wide, claims)
        jti = claims.get("jti")
        if not isinstance(jti, str) or len(jti) not in range(16, 65) or not jti.isprintable():
            raise InvalidClientError("jti")
        if claims.get("aud") not in (wanted.endpoint, [wanted.endpoint]):
            raise InvalidClientError("audience")
        scope = _scope(client, wanted.scope)
        messages.spend(wide, key.kid, NonceUse.ASSERTION, jti)
        return Granted(token=clients.open_token(wide, client, scope), scope=" ".join(scope))


def _proven(uow: UnitOfWork, wanted: Grant) -> tuple[ApiClient, BankKey, dict[str, Any]]:
    """The client whose key signed, the key, and what was signed."""
    try:
        unproven = _claims(jws.peek(wanted.assertion, max_bytes=_MAX_ASSERTION))
        client = uow.session.get(ApiClient, UUID(unproven["sub"]))
    except (JoseError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidClientError("unreadable assertion") from error
    if client is None or client.state is not ClientState.ACTIVE:
        raise InvalidClientError("no such client in use")
    key = messages.signing_key(uow, client.kid)
    named = {unproven.get("iss"), unproven["sub"], wanted.client_id or str(client.id)}
    if key is None or named != {str(client.id)}:
        raise InvalidClientError("not this client's")
    pinned = KeySet.of(PublicKey.read(key.jwk, use="sig"))
    try:
        proven = jws.verify(
            wanted.assertion, typ=ASSERTION_TYP, keys=pinned, max_bytes=_MAX_ASSERTION
        )
    except JoseError as error:
        raise InvalidClientError(error.reason) from error
    return client, key, _claims(proven.payload)


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        claims = strictjson.parse_object(payload, max_bytes=_MAX_ASSERTION)
    except strictjson.StrictJsonError as error:
        raise InvalidClientError("claims") from error
    if not claims.keys() <= _MEMBERS:
        raise InvalidClientError("strange claims")
    return dict(claims)


def _check_times(uow: UnitOfWork, claims: dict[str, Any]) -> None:
    now = uow.clock().timestamp()
    latest = now + (LONGEST + _SKEW).total_seconds()
    if type(claims.get("exp")) is not int or not now < claims["exp"] <= latest:
        raise InvalidClientError("expired, or valid for too long")
    for name in _TIMES:
        at = claims.get(name, 0)
        if type(at) is not int or at > now + _SKEW.total_seconds():
            raise InvalidClientError(f"{name} is in the future")


def _scope(client: ApiClient, wanted: str | None) -> list[str]:
    if wanted is None:
        return list(client.permissions)
    asked = sorted(set(wanted.split(" ")))
    if not set(client.permissions).issuperset(asked):
        raise InvalidGrantScopeError(f"client {client.id}")
    return asked
