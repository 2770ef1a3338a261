"""Reading the audit table; row security keeps each organisation to its own rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from yidaitong.audit.models import AuditEvent, Outcome
from yidaitong.kernel.uow import UnitOfWork

MAX_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events, newest first; ``before`` is the id of the last row of the previous page."""

    action: str | None = None
    org_id: str | None = None
    person_id: UUID | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    before: UUID | None = None
    limit: int = 50


def events(uow: UnitOfWork, wanted: EventFilter) -> Sequence[AuditEvent]:
    """Events the actor may see, newest first, at most ``limit``.

    Raises:
        ForbiddenError: the actor may not read the audit trail.
    """
    uow.actor.require("audit.read")
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(min(wanted.limit, MAX_PAGE))
    for column, value in (
        (AuditEvent.action, wanted.action),
        (AuditEvent.org_id, wanted.org_id),
        (AuditEvent.person_id, wanted.person_id),
        (AuditEvent.outcome, wanted.outcome),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(AuditEvent.at >= wanted.since)
    if wanted.before is not None:
        query = query.where(AuditEvent.id < wanted.before)
    return uow.session.scalars(query).all()


def events_of_object(uow: UnitOfWork, object_type: str, object_id: object) -> Sequence[AuditEvent]:
    """The history of one thing, oldest first, as far as the actor's organisation acted in it."""
    return uow.session.scalars(
        select(AuditEvent)
        .where(AuditEvent.object_type == object_type, AuditEvent.object_id == str(object_id))
        .order_by(AuditEvent.id)
    ).all()
