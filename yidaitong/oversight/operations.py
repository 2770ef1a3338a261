"""Promised jobs as an operator sees them: how many wait, run or failed, and the failed ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update

from yidaitong import audit
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.uow import UnitOfWork

READ = "ops.read"
MAX_DEAD = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCount:
    """Promised jobs of one name."""

    name: str
    waiting: int
    running: int
    done: int
    dead: int


def jobs(uow: UnitOfWork) -> list[JobCount]:
    """Counts by name of job."""
    uow.actor.require(READ)
    is_open = OutboxJob.done_at.is_(None) & OutboxJob.dead_at.is_(None)
    running = is_open & (OutboxJob.leased_until > func.clock_timestamp())
    query = (
        select(
            OutboxJob.name,
            func.count().filter(is_open & ~running).label("waiting"),
            func.count().filter(running).label("running"),
            func.count().filter(OutboxJob.done_at.is_not(None)).label("done"),
            func.count().filter(OutboxJob.dead_at.is_not(None)).label("dead"),
        )
        .group_by(OutboxJob.name)
        .order_by(OutboxJob.name)
    )
    return [
        JobCount(
            name=row.name, waiting=row.waiting, running=row.running, done=row.done, dead=row.dead
        )
        for row in uow.session.execute(query)
    ]


def dead_jobs(uow: UnitOfWork) -> Sequence[OutboxJob]:
    """Jobs that failed too often, newest first."""
    uow.actor.require(READ)
    query = select(OutboxJob).where(OutboxJob.dead_at.is_not(None))
    return uow.session.scalars(query.order_by(OutboxJob.dead_at.desc()).limit(MAX_DEAD)).all()


def resend(uow: UnitOfWork, job_id: UUID) -> None:
    """Give a failed job a fresh start; the sweep rings for it.

    Raises:
        ForbiddenError: the actor may not.
        InvalidStateError: the job has not failed, or there is none.
    """
    uow.actor.require(READ)
    found = uow.session.scalar(
        update(OutboxJob)
        .where(OutboxJob.id == job_id, OutboxJob.dead_at.is_not(None))
        .values(dead_at=None, attempts=0, not_before=func.clock_timestamp(), hinted_at=None)
        .returning(OutboxJob.id)
    )
    if found is None:
        raise InvalidStateError(f"job {job_id} is not dead")
    audit.record(uow, "job.resend", object_type="job", object_id=job_id)
