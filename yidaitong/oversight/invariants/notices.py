"""I13, its half about notices: each edge has its leaf, each open notice its promise."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from sqlalchemy import Integer, Select, cast, func, select
from sqlalchemy import Text as SqlText

from consent.models import EventRow
from consent.service import EventType
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.lifecycle import ACTS
from yidaitong.notices.models import Notice
from yidaitong.notices.promising import SEND
from yidaitong.notices.queries import unsettled

_EDGES: Final = {
    EventType.NOTICE_SENT: Notice.sent_at,
    EventType.NOTICE_ACKED: Notice.acked_at,
    EventType.NOTICE_ESCALATED: Notice.escalated_at,
}


def unkept(uow: UnitOfWork) -> Iterator[str]:
    """Notices whose row and leaves differ, open ones nobody will send, acts nobody was told of."""
    for event, at in _EDGES.items():
        leaves = (
            select(EventRow.ref, func.count().label("times"))
            .where(EventRow.type == event.value)
            .group_by(EventRow.ref)
            .subquery()
        )
        times = func.coalesce(leaves.c.times, 0)
        differ = (
            select(Notice.id)
            .outerjoin(leaves, leaves.c.ref == Notice.id)
            .where(times != cast(at.is_not(None), Integer))
        )
        for notice_id in uow.session.scalars(differ):
            yield f"notice {notice_id} {event.value}"
    for notice_id in uow.session.scalars(_unpromised()):
        yield f"notice {notice_id} {SEND}"
    for event_id in uow.session.scalars(_untold()):
        yield f"event {event_id}"


def _unpromised() -> Select[UUID]:
    # A promise that failed too often counts: people have it on their list.
    promised = (
        select(OutboxJob.args["notice_id"].astext)
        .where(OutboxJob.name == SEND, OutboxJob.done_at.is_(None))
        .scalar_subquery()
    )
    return select(Notice.id).where(unsettled(), cast(Notice.id, SqlText).not_in(promised))


def _untold() -> Select[UUID]:
    """Acts since notices began that have none."""
    first = select(func.min(Notice.entry_id)).scalar_subquery()
    told = select(Notice.id).where(Notice.event_id == EventRow.id).exists()
    return select(EventRow.id).where(
        EventRow.type.in_([act.value for act in ACTS]), EventRow.entry_id >= first, ~told
    )
