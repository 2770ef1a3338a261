"""Statements a bank signed: checked with the keys we pinned for it, over the exact bytes."""

from typing import Any

from yidaitong.banks import queries as banks
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.errors import JoseError, SignatureInvalidError
from yidaitong.kernel.crypto.keys import KeySet, PublicKey
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.strictjson import StrictJsonError, parse_object
from yidaitong.kernel.uow import UnitOfWork


def read_signed(uow: UnitOfWork, text: str, typ: str, max_bytes: int) -> dict[str, Any]:
    """The object in a compact JWS of the actor's bank.

    Raises:
        JoseError: it is no such JWS.
        SignatureInvalidError: not signed by an acknowledgement key of the bank.
        InvalidRequestError: what was signed is not strict JSON.
    """
    pinned = banks.ack_keys(uow, uow.actor.bank_id)
    keys = KeySet.of(*(PublicKey.read(key.jwk, use="sig") for key in pinned))
    try:
        verified = jws.verify(text, typ=typ, keys=keys, max_bytes=max_bytes)
    except JoseError as error:
        if error.reason in {"jws.key", "jws.signature"}:
            raise SignatureInvalidError(f"{typ} of {uow.actor.bank_id}") from error
        raise
    try:
        return parse_object(verified.payload, max_bytes=max_bytes)
    except StrictJsonError as error:
        raise InvalidRequestError(f"{typ} is strict JSON") from error
