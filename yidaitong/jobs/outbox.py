"""Leases on promised jobs: claim, heartbeat, done, failed, sweep.

The rows are the truth; the queue only rings. Every statement is one short transaction, so a
killed worker loses at most its lease, and the next claimant waits no longer than that.
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update

from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import Promise
from yidaitong.runtime import COURIER_JOBS, Runtime

MAX_ATTEMPTS = 8
SWEEP_LIMIT = 200
RING_AGAIN = timedelta(seconds=5)
RING_ONCE_MORE = timedelta(seconds=1)
_FRESH = timedelta(seconds=2)
KEEP_DONE = timedelta(days=7)
_RETRY_BASE_SECONDS = 1.0
_RETRY_CAP_SECONDS = 300.0
_WAIT_CAP_SECONDS = 15.0
_LONG_WAIT_ATTEMPTS = 40

_OPEN = and_(OutboxJob.done_at.is_(None), OutboxJob.dead_at.is_(None))


@dataclass(frozen=True, slots=True)
class Claim:
    """One leased job. ``token`` fences a worker that lost its lease."""

    id: UUID
    name: str
    args: Mapping[str, Any]
    attempts: int
    token: UUID


def claim(runtime: Runtime, job_id: UUID) -> Claim | None:
    """Lease a due job; None when it is done, dead, early, or leased by somebody alive."""
    token = uuid7()
    now = func.clock_timestamp()
    lease = timedelta(seconds=runtime.settings.lease_seconds)
    statement = (
        update(OutboxJob)
        .where(OutboxJob.id == job_id, _OPEN, OutboxJob.not_before <= now)
        .where(or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < now))
        .values(
            leased_until=now + lease,
            lease_token=token,
            attempts=OutboxJob.attempts + 1,
            # Heard: if this worker dies, the next ring goes out when the lease ends.
            hinted_at=None,
        )
        .returning(OutboxJob.name, OutboxJob.args, OutboxJob.attempts)
    )
    with runtime.transaction(SYSTEM) as uow:
        row = uow.session.execute(statement).one_or_none()
    return None if row is None else Claim(job_id, row.name, row.args, row.attempts, token)


def beat(runtime: Runtime, held: Claim) -> bool:
    """Extend the lease; False when it was lost."""
    lease = timedelta(seconds=runtime.settings.lease_seconds)
    return _close(runtime, held, leased_until=func.clock_timestamp() + lease)


def done(runtime: Runtime, held: Claim) -> bool:
    """Close the job; False when the lease was lost."""
    return _close(runtime, held, done_at=func.clock_timestamp(), leased_until=None, last_error=None)


def again(runtime: Runtime, held: Claim, pause: timedelta) -> bool:
    """Put the job back for later because it asked so: nothing failed, so nothing is counted."""
    return _close(
        runtime,
        held,
        not_before=func.clock_timestamp() + pause,
        leased_until=None,
        hinted_at=None,
        attempts=0,
        last_error=None,
    )


def failed(runtime: Runtime, held: Claim, reason: str, *, final: bool = True) -> bool:
    """Put the job back with full-jitter back-off, or into the dead-letter list.

    ``final`` False: what it needs is away for the moment, so it waits however often it failed.
    """
    if final and held.attempts >= MAX_ATTEMPTS:
        return _close(
            runtime, held, dead_at=func.clock_timestamp(), leased_until=None, last_error=reason
        )
    # What waits for a service comes back soon after it does; what fails, ever more slowly.
    soon = not final and held.attempts < _LONG_WAIT_ATTEMPTS
    most = _WAIT_CAP_SECONDS if soon else _RETRY_CAP_SECONDS
    cap = min(most, _RETRY_BASE_SECONDS * 2 ** min(held.attempts, MAX_ATTEMPTS))
    pause = timedelta(seconds=random.uniform(0, cap))  # noqa: S311 - jitter, not a secret
    return _close(
        runtime,
        held,
        not_before=func.clock_timestamp() + pause,
        leased_until=None,
        hinted_at=None,
        last_error=reason,
    )


def _close(runtime: Runtime, held: Claim, **values: Any) -> bool:
    with runtime.transaction(SYSTEM) as uow:
        found = uow.session.execute(
            update(OutboxJob)
            .where(OutboxJob.id == held.id, OutboxJob.lease_token == held.token, _OPEN)
            .values(**values)
            .returning(OutboxJob.id)
        )
        return found.scalar_one_or_none() is not None


def _patience(now: ColumnElement[datetime]) -> ColumnElement[timedelta]:
    """How long a ring may go unheard: a fresh promise's first ring was perhaps never sent."""
    return case((OutboxJob.created_at > now - _FRESH, RING_ONCE_MORE), else_=RING_AGAIN)


def sweep(runtime: Runtime) -> int:
    """Ring again for due jobs nobody holds; the number rung. Several sweepers may run.

    Not for a job whose ring still waits: behind a backlog, repeated rings would only make workers
    hear of jobs that others have done, and so lengthen the backlog they come from.
    """
    now = func.clock_timestamp()
    due = (
        select(OutboxJob.id)
        .where(_OPEN, OutboxJob.not_before <= now, OutboxJob.name.not_in(COURIER_JOBS))
        .where(or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < now))
        .where(or_(OutboxJob.hinted_at.is_(None), OutboxJob.hinted_at < now - _patience(now)))
        .order_by(OutboxJob.not_before)
        .limit(SWEEP_LIMIT)
        .with_for_update(skip_locked=True)
    )
    with runtime.transaction(SYSTEM) as uow:
        rows = uow.session.execute(
            update(OutboxJob)
            .where(OutboxJob.id.in_(due))
            .values(hinted_at=now)
            .returning(OutboxJob.id, OutboxJob.name)
        ).all()
    if not rows:
        return 0
    unheard = runtime.unheard()
    lost = [Promise(row.id, row.name, due=True) for row in rows if row.id not in unheard]
    runtime.hint(lost)
    return len(lost)


def for_courier(runtime: Runtime, busy: Collection[str], most: int) -> dict[str, list[UUID]]:
    """Due jobs that wait for the outside, by receiver, oldest first: ``most`` of each.

    None for receivers that are ``busy``. All that is due counts as rung for: the courier knows.
    """
    now = func.clock_timestamp()
    receiver = OutboxJob.args["receiver"].astext
    waiting = and_(
        _OPEN,
        OutboxJob.name.in_(COURIER_JOBS),
        OutboxJob.not_before <= now,
        or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < now),
    )
    place = func.row_number().over(partition_by=receiver, order_by=OutboxJob.id)
    due = (
        select(OutboxJob.id, receiver.label("receiver"), place.label("place"))
        .where(waiting, receiver.not_in(busy))
        .subquery()
    )
    with runtime.transaction(SYSTEM) as uow:
        uow.session.execute(
            update(OutboxJob).where(waiting, OutboxJob.hinted_at.is_(None)).values(hinted_at=now)
        )
        rows = uow.session.execute(
            select(due.c.id, due.c.receiver).where(due.c.place <= most).order_by(due.c.id)
        ).all()
    found: dict[str, list[UUID]] = {}
    for row in rows:
        found.setdefault(row.receiver, []).append(row.id)
    return found


def prune(runtime: Runtime) -> int:
    """Delete jobs that were done long ago; how many. Dead ones stay until a person looks."""
    with runtime.transaction(SYSTEM) as uow:
        gone = uow.session.execute(
            delete(OutboxJob)
            .where(OutboxJob.done_at < func.clock_timestamp() - KEEP_DONE)
            .returning(OutboxJob.id)
        )
        return len(gone.all())


def resend(runtime: Runtime, job_id: UUID) -> bool:
    """Give a dead job a fresh start; False when it is not dead."""
    with runtime.transaction(SYSTEM) as uow:
        row = uow.session.execute(
            update(OutboxJob)
            .where(OutboxJob.id == job_id, OutboxJob.dead_at.is_not(None))
            .values(dead_at=None, attempts=0, not_before=func.clock_timestamp(), hinted_at=None)
            .returning(OutboxJob.id)
        ).scalar_one_or_none()
    return row is not None
