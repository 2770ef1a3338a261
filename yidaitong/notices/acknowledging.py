"""Acknowledging: a bank signs over the notice's hash, a person of the enterprise opens it."""

from typing import Final
from uuid import UUID

from consent.service import EventType
from yidaitong import audit
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.errors import SignatureInvalidError
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.kernel.errors import ForbiddenError, InvalidRequestError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.lifecycle import ReceiverKind
from yidaitong.notices.models import Notice
from yidaitong.notices.moving import lock, move
from yidaitong.notices.sending import keys_of
from yidaitong.notices.wire import ACK_TYP, AckRefusedError, ack_payload, check_ack

ACK: Final = "notice.ack"
_KEY_PROBLEMS: Final = frozenset({"ACK_KEY", "ACK_SIGNATURE"})


def acknowledge(uow: UnitOfWork, notice_id: UUID, ack: str) -> Notice:
    """Take a bank's signed answer to a notice, sent or not. A second answer changes nothing.

    Raises:
        ForbiddenError: the actor may not, or is no bank.
        NotFoundError: no such notice, or another bank's.
        SignatureInvalidError: not signed by an acknowledgement key of the bank.
        InvalidRequestError: not an answer to this notice.
    """
    uow.actor.require(ACK)
    if uow.actor.realm is not Realm.BANK:
        raise ForbiddenError("only banks sign answers")
    locked, notice = lock(uow, notice_id, ACK)
    try:
        check_ack(ack, notice_id, notice.sha256, keys_of(uow, ReceiverKind.BANK, notice.receiver))
    except AckRefusedError as error:
        if error.problem in _KEY_PROBLEMS:
            raise SignatureInvalidError(f"notice {notice_id}: {error.problem}") from error
        raise InvalidRequestError("ack", fields={"ack": error.problem}) from error
    if notice.acked_at is None:
        move(locked, notice, EventType.NOTICE_ACKED, {"acked_at": locked.at, "ack": ack})
        audit.record(uow, ACK, object_type="notice", object_id=notice_id)
    return notice


def open_notice(uow: UnitOfWork, notice_id: UUID) -> Notice:
    """A person of the enterprise opens a notice: that is its acknowledgement. Once is enough.

    Raises:
        ForbiddenError: the actor may not, or is of no enterprise.
        NotFoundError: no such notice, or not addressed to the actor.
    """
    uow.actor.require(ACK)
    if uow.actor.realm is not Realm.ENTERPRISE:
        raise ForbiddenError("only an enterprise opens its inbox")
    locked, notice = lock(uow, notice_id, ACK)
    if notice.acked_at is None:
        move(locked, notice, EventType.NOTICE_ACKED, {"acked_at": locked.at})
        audit.record(uow, "notice.open", object_type="notice", object_id=notice_id)
    return notice


def answer(uow: UnitOfWork, key: PrivateKey, notice: Notice) -> str:
    """The answer a bank signs for a notice it has taken note of."""
    return jws.sign(key, ACK_TYP, ack_payload(str(notice.id), notice.sha256, uow.now))
