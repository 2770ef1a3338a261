"""Telling the receipt: the receipt of a withdrawal lists how far its notices are."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from consent.events import iso
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.lifecycle import ReceiverKind
from yidaitong.notices.models import Notice
from yidaitong.notices.promising import TELL
from yidaitong.pulls import moving, stopping


def tell(uow: UnitOfWork, chain_id: UUID) -> None:
    """Issue the receipt of a withdrawal again if its notices have moved. Safe to repeat.

    Raises:
        NotFoundError: no such consent.
    """
    locked = moving.lock(uow, chain_id, TELL)
    event_id = stopping.withdrawal_of(uow, chain_id)
    if event_id is not None:
        stopping.reissue(locked, notices=effects_of(uow, event_id))


def effects_of(uow: UnitOfWork, event_id: UUID) -> list[dict[str, Any]]:
    """The notices of one act to bank and departments, as its receipt lists them."""
    rows = uow.session.scalars(
        select(Notice)
        .where(Notice.event_id == event_id, Notice.kind != ReceiverKind.ENTERPRISE)
        .order_by(Notice.id)
        .execution_options(populate_existing=True)
    )
    return [_said(row) for row in rows]


def _said(notice: Notice) -> dict[str, Any]:
    said = {"to": notice.receiver, "state": notice.state.value}
    if notice.acked_at is not None:
        said["acked_at"] = iso(notice.acked_at)
    return said
