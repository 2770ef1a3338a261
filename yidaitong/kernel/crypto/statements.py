"""Key statements: the old key of an owner names its new keys, and each new one shows it is held."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from yidaitong.kernel import strictjson
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, PublicKey, public_of

# Wire formats: append only.
STATEMENT_TYP: Final = "ydt-keys+jws"
STATEMENT: Final = "ydt-keys/1"
BUNDLE: Final = "ydt-keys-bundle/1"
MAX_BYTES: Final = 64 * 1024
MAX_KEYS: Final = 8
_MEMBERS: Final = frozenset({"v", "owner", "add", "retire", "from", "reason"})
_PARTS: Final = frozenset({"v", "statement", "possession", "keys"})


class StatementError(ValueError):
    """A text that changes no keys; the message names a member, never a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """What an owner said with its own keys: those to add, those to retire, and from when.

    ``statement`` is the signed text itself, kept as evidence.
    """

    owner: str
    add: tuple[PublicKey, ...]
    retire: tuple[str, ...]
    from_at: datetime
    reason: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an owner is about to say of its keys; ``from_at`` is a time in ISO 8601."""

    owner: str
    retire: tuple[str, ...]
    from_at: str
    reason: str


def write_bundle(old: PrivateKey, new: Sequence[Mapping[str, Any]], plan: Plan) -> str:
    """The bundle an owner sends: signed by ``old`` and by each new signing key.

    ``new`` are private JWKs; an encryption key cannot sign, so ``old`` alone vouches for it.
    """
    privates = [PrivateKey.read(jwk) for jwk in new]
    told = {
        "v": STATEMENT,
        "owner": plan.owner,
        "add": [key.kid for key in privates],
        "retire": list(plan.retire),
        "from": plan.from_at,
        "reason": plan.reason,
    }
    payload = json.dumps(told, ensure_ascii=False).encode()
    signers = [key for key in privates if key.use == "sig"]
    bundle = {
        "v": BUNDLE,
        "statement": jws.sign(old, STATEMENT_TYP, payload),
        "possession": [jws.sign(key, STATEMENT_TYP, payload) for key in signers],
        "keys": [public_of(jwk) for jwk in new],
    }
    return json.dumps(bundle, ensure_ascii=False, indent=1)


def read_bundle(text: str | bytes, pinned: KeySet) -> KeyChange:
    """The change in a bundle, whose statement one of the ``pinned`` keys signed.

    ``pinned`` are the keys of one owner that may sign now. Nothing is believed before its signature
    holds; the thumbprints in the statement bind the keys beside it.

    Raises:
        StatementError: not such a bundle, not signed by a pinned key, a key that is not the one
            named, is known already, or does not sign for itself.
    """
    parts = _object(text.encode() if isinstance(text, str) else text, _PARTS, BUNDLE)
    try:
        signed = jws.verify(_text(parts, "statement"), typ=STATEMENT_TYP, keys=pinned)
    except JoseError as error:
        raise StatementError("statement: not signed by a pinned key") from error
    told = _object(signed.payload, _MEMBERS, STATEMENT)
    if told["owner"] != signed.key.owner:
        raise StatementError("owner")
    add = _added(parts, _kids(told, "add"), pinned)
    _check_possession(parts, add, signed.payload)
    retire = _kids(told, "retire")
    if not add or any(kid not in pinned for kid in retire):
        raise StatementError("retire" if add else "add")
    owner = signed.key.owner
    return KeyChange(
        owner=owner,
        # Whose they are is what the old key says, not what stands beside a new one.
        add=tuple(replace(key, owner=owner, from_at=None, to_at=None) for key in add),
        retire=retire,
        from_at=_time(told),
        reason=_text(told, "reason"),
        statement=str(parts["statement"]),
    )


def _object(raw: bytes, members: frozenset[str], version: str) -> dict[str, Any]:
    try:
        found = strictjson.parse_object(raw, max_bytes=MAX_BYTES)
    except strictjson.StrictJsonError as error:
        raise StatementError(f"not strict JSON: {error.flaw}") from error
    if found.keys() != members or found["v"] != version:
        raise StatementError("members")
    return found


def _added(
    parts: Mapping[str, Any], kids: tuple[str, ...], pinned: KeySet
) -> tuple[PublicKey, ...]:
    jwks = parts["keys"]
    if not isinstance(jwks, list) or not all(isinstance(jwk, dict) for jwk in jwks):
        raise StatementError("keys")
    try:
        keys = [PublicKey.read(jwk) for jwk in jwks[: MAX_KEYS + 1]]
    except JoseError as error:
        raise StatementError("keys: not a public key of a kind we use") from error
    if tuple(key.kid for key in keys) != kids:
        raise StatementError("keys: not those of the statement")
    if any(kid in pinned for kid in kids):
        raise StatementError("add: known already")
    return tuple(keys)


def _check_possession(parts: Mapping[str, Any], add: tuple[PublicKey, ...], payload: bytes) -> None:
    """Each new signing key signed the very statement."""
    signers = [key for key in add if key.use == "sig"]
    texts = parts["possession"]
    if not isinstance(texts, list) or len(texts) != len(signers):
        raise StatementError("possession")
    for key, text in zip(signers, texts, strict=True):
        try:
            signed = jws.verify(str(text), typ=STATEMENT_TYP, keys=KeySet.of(key))
        except JoseError as error:
            raise StatementError("possession: not signed by the new key") from error
        if signed.payload != payload:
            raise StatementError("possession: of another statement")


def _kids(told: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = told[name]
    if not isinstance(found, list) or len(found) > MAX_KEYS:
        raise StatementError(name)
    if not all(isinstance(kid, str) for kid in found) or len(set(found)) != len(found):
        raise StatementError(name)
    return tuple(found)


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members[name]
    if not isinstance(value, str) or not value:
        raise StatementError(name)
    return value


def _time(told: Mapping[str, Any]) -> datetime:
    try:
        found = datetime.fromisoformat(_text(told, "from"))
    except ValueError as error:
        raise StatementError("from") from error
    if found.tzinfo is None:
        raise StatementError("from")
    return found
