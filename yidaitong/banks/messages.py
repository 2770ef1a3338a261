"""Signed messages of banks: whose key, fresh, for the first time, by the holder of the token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from yidaitong.accounts import sessions
from yidaitong.accounts.models import SessionKind
from yidaitong.accounts.scope import as_system
from yidaitong.accounts.sessions import Visitor
from yidaitong.banks import clients
from yidaitong.banks.errors import MessageTimeInvalidError, ReplayDetectedError
from yidaitong.banks.models import BankKey, KeyPurpose, KeyState, MessageNonce, NonceUse
from yidaitong.kernel.crypto import httpsig
from yidaitong.kernel.crypto.errors import SignatureInvalidError
from yidaitong.kernel.crypto.httpsig import Signed
from yidaitong.kernel.crypto.keys import PublicKey
from yidaitong.kernel.errors import UnauthorisedError
from yidaitong.kernel.uow import UnitOfWork

# Wire format: the tag of RFC 9421 §7.2.8 that keeps signatures of other uses out.
TAG: Final = "ydt-bank"
# Seconds a message may be old, may be ahead, and may be ahead with a warning.
OLD: Final = 300
AHEAD: Final = 10
AHEAD_WARNED: Final = 60
# A nonce is kept so long after its message could last have been taken.
_KEPT: Final = timedelta(hours=24, seconds=OLD + AHEAD_WARNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One call as it came in; ``values`` holds what its components are, by name."""

    signed: Signed
    values: Mapping[str, str] = field(repr=False)
    token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message that is taken: by which key of which bank, and who holds its token, if any.

    ``ahead`` is by how many seconds the sender's clock is ahead where it is warned, else 0.
    """

    kid: str
    bank_id: str
    visitor: Visitor | None
    ahead: int


def receive(uow: UnitOfWork, message: Message) -> Received:
    """Take a message once; commit before anything it asks for is done.

    Raises:
        SignatureInvalidError: no key of a bank that signs messages made this signature over this
            message, or another one than its token is bound to.
        MessageTimeInvalidError: made more than 300 s ago or more than 60 s ahead.
        UnauthorisedError: its token is unknown or has ended.
        ReplayDetectedError: it came before.
    """
    signed = message.signed
    if signed.tag != TAG:
        raise SignatureInvalidError("a signature for another use")
    with as_system(uow) as wide:
        key = signing_key(wide, signed.keyid)
        if key is None:
            raise SignatureInvalidError("no such key in use")
        httpsig.check(signed, message.values, PublicKey.read(key.jwk, use="sig"))
        ahead = ahead_of(signed.created, wide.clock())
        visitor = None if message.token is None else _holder(wide, message.token, key)
        spend(wide, key.kid, NonceUse.MESSAGE, signed.nonce)
    return Received(kid=key.kid, bank_id=key.bank_id, visitor=visitor, ahead=ahead)


def signing_key(uow: UnitOfWork, kid: str) -> BankKey | None:
    """A bank's key for messages while it is in use; call it as the system."""
    return uow.session.scalar(
        select(BankKey).where(
            BankKey.kid == kid,
            BankKey.use == KeyPurpose.MSG,
            BankKey.state == KeyState.ACTIVE,
        )
    )


def ahead_of(created: int, now: datetime) -> int:
    """By how many whole seconds a message is ahead of ``now``; 0 unless that is to be warned.

    Raises:
        MessageTimeInvalidError: more than 300 s old or more than 60 s ahead.
    """
    ahead = created - int(now.timestamp())
    if not -OLD <= ahead <= AHEAD_WARNED:
        raise MessageTimeInvalidError(f"{ahead} s ahead")
    return ahead if ahead > AHEAD else 0


def spend(uow: UnitOfWork, kid: str, use: NonceUse, nonce: str) -> None:
    """Use a nonce up; the primary key lets one of several copies through.

    Raises:
        ReplayDetectedError: it was used before.
    """
    made = uow.session.execute(
        insert(MessageNonce)
        .values(kid=kid, use=use, nonce=nonce, seen_at=uow.clock())
        .on_conflict_do_nothing()
        .returning(MessageNonce.nonce)
    ).scalar_one_or_none()
    if made is None:
        raise ReplayDetectedError(f"{use} of key {kid}")


def sweep(uow: UnitOfWork) -> None:
    """Forget nonces a day after their messages ran out of time."""
    uow.session.execute(delete(MessageNonce).where(MessageNonce.seen_at < uow.clock() - _KEPT))


def _holder(uow: UnitOfWork, token: str, key: BankKey) -> Visitor:
    visitor = sessions.visitor_of(uow, token, SessionKind.BEARER) or clients.visitor_of(uow, token)
    if visitor is None:
        raise UnauthorisedError("no such token")
    if visitor.msg_kid != key.kid or visitor.actor.org_id != key.bank_id:
        raise SignatureInvalidError("not the key of this token")
    return visitor
