"""I8, I9, I16: leases and promises, stored answers, and keys that must be dead."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, and_, cast, func, select
from sqlalchemy import Text as SqlText

from consent.lifecycle import ConsentState
from consent.models import Chain, EventRow
from yidaitong.kernel.crypto.models import Dek
from yidaitong.kernel.crypto.uses import DekKind
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.invariants.checks import Invariant
from yidaitong.packets.lifecycle import CopyState
from yidaitong.packets.models import PacketCopy
from yidaitong.pulls.models import Pull, PullLine

_UNHINTED: Final = timedelta(seconds=5)


def _forgotten(uow: UnitOfWork) -> Iterator[str]:
    now = func.clock_timestamp()
    lease = timedelta(seconds=uow.settings.lease_seconds)
    is_open = and_(OutboxJob.done_at.is_(None), OutboxJob.dead_at.is_(None))
    abandoned = select(OutboxJob.id).where(is_open, OutboxJob.leased_until < now - lease)
    for job_id in uow.session.scalars(abandoned):
        yield f"job {job_id}"
    unheard = select(OutboxJob.id).where(
        is_open,
        OutboxJob.leased_until.is_(None),
        OutboxJob.hinted_at.is_(None),
        OutboxJob.not_before < now - _UNHINTED,
    )
    for job_id in uow.session.scalars(unheard):
        yield f"unheard job {job_id}"
    # Of a held pull nobody asks: its lines are claimed again when it goes on.
    lines = (
        select(PullLine.id)
        .join(Pull, Pull.id == PullLine.pull_id)
        .where(
            Pull.held.is_(None),
            PullLine.closed_at.is_(None),
            PullLine.leased_until < now - 2 * lease,
        )
    )
    for line_id in uow.session.scalars(lines):
        yield f"line {line_id}"


def _answered_twice(uow: UnitOfWork) -> Iterator[str]:
    twice = (
        select(func.min(cast(Pull.id, SqlText)))
        # A refusal that may pass keeps no key.
        .where(Pull.idempotency_key.is_not(None))
        .group_by(Pull.client, Pull.idempotency_key)
        .having(func.count() > 1)
    )
    for pull_id in uow.session.scalars(twice):
        yield f"pull {pull_id}"


def _held_chains() -> Select[UUID]:
    """Consents of which a bank keeps a copy by law."""
    return select(PacketCopy.chain_id).where(PacketCopy.state == CopyState.LEGAL_HOLD)


def _undead_keys(uow: UnitOfWork) -> Iterator[str]:
    logged = (
        select(Dek.id)
        .join(EventRow, EventRow.ref == Dek.id)
        .where(EventRow.type == "key.destroyed", Dek.wrapped.is_not(None))
    )
    for key_id in uow.session.scalars(logged):
        yield f"key {key_id}"
    ended = (
        select(Dek.id)
        .join(Chain, Chain.id == Dek.owner_id)
        .where(
            Dek.kind == DekKind.DATA,
            Dek.wrapped.is_not(None),
            Dek.owner_id.not_in(_held_chains()),
            Chain.state.in_([ConsentState.REVOKED, ConsentState.VOIDED]),
        )
    )
    for key_id in uow.session.scalars(ended):
        yield f"data key {key_id}"


KEEPING: Final = (
    Invariant(
        id="I8",
        text=Text(
            "没有过期的租约，没有到期却无人处理的任务",
            "No lease outlives its time, no due promise goes unheard",
        ),
        find=_forgotten,
    ),
    Invariant(
        id="I9",
        text=Text("每个幂等键恰有一个答复", "One stored answer per idempotency key"),
        find=_answered_twice,
    ),
    Invariant(
        id="I16",
        text=Text(
            "已销毁的密钥不复存在，撤回的授权没有数据密钥",
            "Destroyed keys are gone, withdrawn consents have no data key",
        ),
        find=_undead_keys,
    ),
)
