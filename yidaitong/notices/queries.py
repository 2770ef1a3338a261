"""Reading notices: an inbox for banks and enterprises, what waits for operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.lifecycle import EndpointState, NoticeState, ReceiverKind
from yidaitong.notices.models import CallbackEndpoint, Notice, NoticeReceiver
from yidaitong.notices.moving import visible

READ: Final = "notice.read"
WATCH: Final = "ops.read"
MAX_ROWS: Final = 200


class NoticeGroup(StrEnum):
    """Which notices a list shows."""

    OPEN = "open"
    ESCALATED = "escalated"
    ACKED = "acked"

    @property
    def text(self) -> Text:
        """The group in words for people."""
        return _GROUPS[self]


_GROUPS = {
    NoticeGroup.OPEN: Text("待确认", "Unanswered"),
    NoticeGroup.ESCALATED: Text("已上报", "Escalated"),
    NoticeGroup.ACKED: Text("已确认", "Acknowledged"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverLine:
    """One receiver as operators see it; times are None where there is none."""

    code: str
    kind: ReceiverKind
    unsent: int
    unanswered: int
    escalated: int
    oldest_at: datetime
    failures: int
    problem: str | None
    not_before: datetime | None
    reached_at: datetime | None


def inbox(
    uow: UnitOfWork, group: NoticeGroup | None, after: UUID | None, limit: int
) -> Sequence[Notice]:
    """Notices addressed to the actor's bank or enterprise, newest first; ``after``: the last seen.

    Raises:
        ForbiddenError: the actor may not.
    """
    uow.actor.require(READ)
    query = select(Notice).where(*visible(uow), *_of_group(group))
    if after is not None:
        query = query.where(Notice.id < after)
    return list(uow.session.scalars(query.order_by(Notice.id.desc()).limit(limit)))


def notice_for(uow: UnitOfWork, notice_id: UUID) -> Notice:
    """One notice addressed to the actor.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such notice, or somebody else's.
    """
    uow.actor.require(READ)
    found = uow.session.scalar(select(Notice).where(Notice.id == notice_id, *visible(uow)))
    if found is None:
        raise NotFoundError(f"notice {notice_id}")
    return found


def told_of_chain(uow: UnitOfWork, chain_id: UUID) -> Sequence[Notice]:
    """Bank and departments told of the newest act on one consent the actor may see."""
    newest = (
        select(Notice.event_id)
        .where(Notice.chain_id == chain_id, *_of_party(uow))
        .order_by(Notice.entry_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(Notice).where(
        Notice.event_id == newest, Notice.kind != ReceiverKind.ENTERPRISE, *_of_party(uow)
    )
    return list(uow.session.scalars(query.order_by(Notice.id)))


def unread(uow: UnitOfWork) -> int:
    """How many notices wait in the actor's inbox."""
    uow.actor.require(READ)
    query = select(func.count()).select_from(Notice).where(*visible(uow))
    return uow.session.scalar(query.where(Notice.acked_at.is_(None))) or 0


def waiting(uow: UnitOfWork, group: NoticeGroup, receiver: str | None = None) -> Sequence[Notice]:
    """Notices nobody took or answered yet, the oldest first, for operators.

    Raises:
        ForbiddenError: the actor may not.
    """
    uow.actor.require(WATCH)
    query = select(Notice).where(*_of_group(group))
    if group is not NoticeGroup.ACKED:
        query = query.where(unsettled())
    if receiver is not None:
        query = query.where(Notice.receiver == receiver)
    return list(uow.session.scalars(query.order_by(Notice.id).limit(MAX_ROWS)))


def receivers(uow: UnitOfWork) -> list[ReceiverLine]:
    """Banks and departments with something unsent or unanswered, the longest waiting first.

    Raises:
        ForbiddenError: the actor may not.
    """
    uow.actor.require(WATCH)
    return [ReceiverLine(**row._mapping) for row in uow.session.execute(_lines())]  # noqa: SLF001 - SQLAlchemy's public name


def addresses(uow: UnitOfWork, bank_id: str | None = None) -> list[CallbackEndpoint]:
    """Callback addresses the actor may see, of one bank or of all, newest first."""
    query = select(CallbackEndpoint)
    if bank_id is not None:
        query = query.where(CallbackEndpoint.bank_id == bank_id)
    return list(uow.session.scalars(query.order_by(CallbackEndpoint.id.desc()).limit(MAX_ROWS)))


def active_address(uow: UnitOfWork, bank_id: str) -> str | None:
    """Where a bank's notices go to; None where it has named no address."""
    return uow.session.scalar(
        select(CallbackEndpoint.url).where(
            CallbackEndpoint.bank_id == bank_id, CallbackEndpoint.state == EndpointState.ACTIVE
        )
    )


def _lines() -> Select[*tuple[Any, ...]]:
    escalated = Notice.state == NoticeState.ESCALATED
    return (
        select(
            Notice.receiver.label("code"),
            Notice.kind.label("kind"),
            func.count().filter(Notice.sent_at.is_(None)).label("unsent"),
            func.count().filter(Notice.sent_at.is_not(None)).label("unanswered"),
            func.count().filter(escalated).label("escalated"),
            func.min(Notice.made_at).label("oldest_at"),
            func.coalesce(NoticeReceiver.failures, 0).label("failures"),
            NoticeReceiver.problem.label("problem"),
            NoticeReceiver.not_before.label("not_before"),
            NoticeReceiver.reached_at.label("reached_at"),
        )
        .outerjoin(NoticeReceiver, NoticeReceiver.code == Notice.receiver)
        .where(unsettled(), Notice.kind != ReceiverKind.ENTERPRISE)
        .group_by(Notice.receiver, Notice.kind, NoticeReceiver.code)
        .order_by(func.min(Notice.made_at))
        .limit(MAX_ROWS)
    )


def _of_party(uow: UnitOfWork) -> list[ColumnElement[bool]]:
    actor = uow.actor
    match actor.realm:
        case Realm.ENTERPRISE:
            own = or_(Notice.person_id.is_(None), Notice.person_id == actor.person_id)
            return [Notice.enterprise_id == actor.enterprise_id, own]
        case Realm.BANK:
            return [Notice.bank_id == actor.bank_id]
        case Realm.GOV | Realm.SYSTEM:
            return []
        case Realm.PUBLIC:
            raise NotFoundError("nobody is signed in")


def unsettled() -> ColumnElement[bool]:
    """What ``Notice.settled`` says, as a condition: something is left to be sent."""
    open_ = or_(Notice.sent_at.is_(None), Notice.must_ack)
    return Notice.acked_at.is_(None) & open_


def _of_group(group: NoticeGroup | None) -> list[ColumnElement[bool]]:
    match group:
        case None:
            return []
        case NoticeGroup.OPEN:
            return [Notice.acked_at.is_(None)]
        case NoticeGroup.ESCALATED:
            return [Notice.state == NoticeState.ESCALATED]
        case NoticeGroup.ACKED:
            return [Notice.acked_at.is_not(None)]
