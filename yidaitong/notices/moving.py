"""The lock a notice moves under, and the only way to move it: state, event and leaf together."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from consent import service
from consent.service import EventType
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.lifecycle import WITHDRAWALS, ReceiverKind, after
from yidaitong.notices.models import Notice
from yidaitong.notices.promising import TELL, TELL_DELAY
from yidaitong.pulls.moving import Locked
from yidaitong.pulls.moving import lock as lock_chain


def visible(uow: UnitOfWork) -> list[Any]:
    """Conditions on the notices addressed to the actor; the rest is *not found*."""
    actor = uow.actor
    match actor.realm:
        case Realm.BANK:
            return [Notice.kind == ReceiverKind.BANK, Notice.receiver == actor.bank_id]
        case Realm.ENTERPRISE:
            # A personal consent is the person's own, whoever else works for the enterprise.
            own = or_(Notice.person_id.is_(None), Notice.person_id == actor.person_id)
            mine = Notice.enterprise_id == actor.enterprise_id
            return [Notice.kind == ReceiverKind.ENTERPRISE, mine, own]
        case Realm.GOV | Realm.SYSTEM:
            return []
        case Realm.PUBLIC:
            raise NotFoundError("nobody is signed in")


def lock(uow: UnitOfWork, notice_id: UUID, job: str) -> tuple[Locked, Notice]:
    """Lock the consent of a notice, then the notice; both as they are now.

    Raises:
        NotFoundError: no such notice, or somebody else's.
    """
    chain_id = uow.session.scalar(
        select(Notice.chain_id).where(Notice.id == notice_id, *visible(uow))
    )
    if chain_id is None:
        raise NotFoundError(f"notice {notice_id}")
    locked = lock_chain(uow, chain_id, job)
    return locked, read(uow, notice_id)


def read(uow: UnitOfWork, notice_id: UUID) -> Notice:
    """A notice as it is now; nobody else changes its row until this transaction ends."""
    return uow.session.scalars(
        select(Notice)
        .where(Notice.id == notice_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def move(locked: Locked, notice: Notice, event: EventType, changes: Mapping[str, Any]) -> None:
    """Take one edge: the notice's state, the event and its leaf; its receipt follows soon.

    Raises:
        InvalidStateError: the table has no such edge.
    """
    before = notice.state
    notice.state = after(before, event)
    notice.n += 1
    for name, value in changes.items():
        setattr(notice, name, value)
    service.record(
        locked.desk,
        service.Event(
            type=event,
            ref=notice.id,
            n=notice.n,
            chain_id=notice.chain_id,
            digest=notice.digest,
            before=before,
            after=notice.state,
            members={"receiver": notice.receiver, "notice_sha256": notice.sha256},
        ),
        locked.at,
    )
    if notice.words in WITHDRAWALS and notice.kind is not ReceiverKind.ENTERPRISE:
        locked.uow.defer(TELL, delay=TELL_DELAY, chain_id=notice.chain_id)
