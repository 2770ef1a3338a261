"""Sending: claim one notice, send it with no transaction open, record what came of it."""

import random
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from consent.service import EventType
from yidaitong.banks import queries as banks
from yidaitong.departments.pins import NoPinsError, Pins
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto.keys import KeySet, PublicKey
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.delivering import Delivered, Delivery
from yidaitong.notices.lifecycle import EndpointState, ReceiverKind
from yidaitong.notices.models import CallbackEndpoint, Notice, NoticeReceiver
from yidaitong.notices.moving import lock, move, read
from yidaitong.notices.promising import SEND
from yidaitong.notices.wire import AckRefusedError, check_ack

NO_ADDRESS: Final = "NO_ADDRESS"
_DOUBLINGS: Final = 30


def claim(uow: UnitOfWork, notice_id: UUID) -> Delivery | timedelta | None:
    """The next attempt of a notice; or how long to wait; None when nothing is left to be sent.

    A notice to the enterprise is delivered by standing in its inbox: that is recorded here.
    """
    known = uow.session.scalar(select(Notice).where(Notice.id == notice_id))
    if known is None or known.settled:
        return None
    if known.kind is ReceiverKind.ENTERPRISE:
        _place(uow, notice_id)
        return None
    notice = read(uow, notice_id)
    receiver = _receiver(uow, notice.receiver)
    now = uow.clock()
    if receiver.not_before is not None and receiver.not_before > now:
        return receiver.not_before - now
    notice.attempts += 1
    notice.tried_at = receiver.tried_at = now
    url = _address(uow, notice)
    if url is None:
        return _failed(uow, notice, receiver, NO_ADDRESS)
    return Delivery(
        notice_id=notice_id,
        receiver=notice.receiver,
        kind=notice.kind,
        url=url,
        jws=notice.jws,
    )


def record(uow: UnitOfWork, delivery: Delivery, outcome: Delivered) -> timedelta | None:
    """Write down one attempt; how long until the next, None when nothing is left to be sent.

    One leaf ``notice.sent`` stands for the first delivery of a notice, however often it was sent;
    one ``notice.acked`` for the first good answer.
    """
    problem, good = outcome.problem, False
    if outcome.ack is not None:
        try:
            _check(uow, delivery, outcome.ack)
            good = True
        except AckRefusedError as error:
            problem = error.problem
    locked, notice = lock(uow, delivery.notice_id, SEND)
    receiver = _receiver(uow, notice.receiver)
    if outcome.problem is not None:
        return None if notice.settled else _failed(uow, notice, receiver, outcome.problem)
    receiver.failures, receiver.not_before, receiver.problem = 0, None, None
    receiver.reached_at = locked.at
    notice.problem = problem
    if notice.sent_at is None and notice.acked_at is None:
        move(locked, notice, EventType.NOTICE_SENT, {"sent_at": locked.at})
    if good and notice.acked_at is None:
        changes = {"acked_at": locked.at, "ack": outcome.ack}
        move(locked, notice, EventType.NOTICE_ACKED, changes)
    uow.session.flush()
    return None if notice.settled else backoff(uow, notice.attempts)


def backoff(uow: UnitOfWork, failures: int) -> timedelta:
    """Full jitter: anywhere up to a minute, doubled with each failure, six hours at most."""
    settings = uow.settings
    most = settings.notice_retry_seconds * 2 ** min(max(failures - 1, 0), _DOUBLINGS)
    cap = min(settings.notice_retry_cap_seconds, most)
    return timedelta(seconds=random.uniform(0, cap))  # noqa: S311 - jitter, not a secret


def _place(uow: UnitOfWork, notice_id: UUID) -> None:
    locked, notice = lock(uow, notice_id, SEND)
    if not notice.settled:
        notice.attempts += 1
        move(locked, notice, EventType.NOTICE_SENT, {"sent_at": locked.at, "tried_at": locked.at})


def _failed(uow: UnitOfWork, notice: Notice, receiver: NoticeReceiver, problem: str) -> timedelta:
    """All notices of this receiver wait; those of others do not."""
    receiver.failures += 1
    receiver.problem = notice.problem = problem
    pause = backoff(uow, receiver.failures)
    receiver.not_before = uow.clock() + pause
    uow.session.flush()
    return pause


def _receiver(uow: UnitOfWork, code: str) -> NoticeReceiver:
    uow.session.execute(
        insert(NoticeReceiver).values(code=code, failures=0).on_conflict_do_nothing()
    )
    return uow.session.scalars(
        select(NoticeReceiver)
        .where(NoticeReceiver.code == code)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _address(uow: UnitOfWork, notice: Notice) -> str | None:
    if notice.kind is ReceiverKind.DEPARTMENT:
        return f"{uow.settings.gateway_url}/{notice.receiver.lower()}/notices"
    return uow.session.scalar(
        select(CallbackEndpoint.url).where(
            CallbackEndpoint.bank_id == notice.receiver,
            CallbackEndpoint.state == EndpointState.ACTIVE,
        )
    )


def _check(uow: UnitOfWork, delivery: Delivery, text: str) -> None:
    sha256 = uow.session.scalar(select(Notice.sha256).where(Notice.id == delivery.notice_id))
    if sha256 is None:
        raise NotFoundError(f"notice {delivery.notice_id}")
    check_ack(text, delivery.notice_id, sha256, keys_of(uow, delivery.kind, delivery.receiver))


def keys_of(uow: UnitOfWork, kind: ReceiverKind, receiver: str) -> KeySet:
    """The keys we pinned for a receiver's answers; none where none can be read."""
    if kind is ReceiverKind.BANK:
        pinned = banks.ack_keys(uow, receiver)
        return KeySet.of(*(PublicKey.read(key.jwk, use="sig") for key in pinned))
    try:
        return Pins(uow.settings.gateway_keys_file).keys_of(receiver, wall())
    except NoPinsError:
        return KeySet.of()
