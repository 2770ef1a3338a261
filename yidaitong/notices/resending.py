"""Sending again by hand: a person knows that a receiver is back, or was told another address."""

from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from yidaitong import audit
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.errors import InvalidStateError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.models import Notice, NoticeReceiver
from yidaitong.notices.promising import SEND

RESEND: Final = "notice.resend"


def resend(uow: UnitOfWork, notice_id: UUID) -> None:
    """Try a notice, and whatever else waits for its receiver, at once.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such notice.
        InvalidStateError: nothing of it is left to be sent.
    """
    uow.actor.require(RESEND)
    notice = uow.session.get(Notice, notice_id)
    if notice is None:
        raise NotFoundError(f"notice {notice_id}")
    if notice.settled:
        raise InvalidStateError(f"notice {notice_id} is {notice.state}")
    if not _promised(uow, notice_id):
        # Its job failed too often for reasons of ours, and lies where people find it.
        uow.defer(SEND, notice_id=notice.id, receiver=notice.receiver)
    wake(uow, notice.receiver)
    audit.record(uow, RESEND, object_type="notice", object_id=notice_id)


def wake(uow: UnitOfWork, receiver: str) -> None:
    """Let what waits for a receiver go out now."""
    uow.session.execute(
        update(NoticeReceiver)
        .where(NoticeReceiver.code == receiver)
        .values(failures=0, not_before=None)
    )
    now = uow.clock()
    uow.session.execute(
        update(OutboxJob)
        .where(
            OutboxJob.name == SEND,
            OutboxJob.args["receiver"].astext == receiver,
            OutboxJob.done_at.is_(None),
            OutboxJob.dead_at.is_(None),
            OutboxJob.not_before > now,
        )
        .values(not_before=now)
    )


def _promised(uow: UnitOfWork, notice_id: UUID) -> bool:
    query = select(OutboxJob.id).where(
        OutboxJob.name == SEND,
        OutboxJob.args["notice_id"].astext == str(notice_id),
        OutboxJob.done_at.is_(None),
        OutboxJob.dead_at.is_(None),
    )
    return uow.session.scalar(query.limit(1)) is not None
