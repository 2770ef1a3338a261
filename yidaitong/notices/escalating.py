"""Escalating: a notice nobody took, or nobody answered, in time is shown to people."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select

from consent.service import EventType
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.lifecycle import NoticeState
from yidaitong.notices.models import Notice
from yidaitong.notices.moving import lock, move

ESCALATE: Final = "notices.escalate"
_LIMIT: Final = 200
_WAITING: Final = or_(
    Notice.state == NoticeState.PENDING,
    (Notice.state == NoticeState.SENT) & Notice.must_ack,
)


def due(uow: UnitOfWork) -> Sequence[UUID]:
    """Notices whose time is over, the longest waiting first."""
    query = select(Notice.id).where(_WAITING, Notice.escalate_at <= uow.clock())
    return list(uow.session.scalars(query.order_by(Notice.escalate_at).limit(_LIMIT)))


def escalate(uow: UnitOfWork, notice_id: UUID) -> bool:
    """Take the edge; False when it was answered, or taken, meanwhile. Sending goes on."""
    locked, notice = lock(uow, notice_id, ESCALATE)
    waiting = notice.state is NoticeState.PENDING or (
        notice.state is NoticeState.SENT and notice.must_ack
    )
    if not waiting or notice.escalate_at > locked.at:
        return False
    move(locked, notice, EventType.NOTICE_ESCALATED, {"escalated_at": locked.at})
    return True
