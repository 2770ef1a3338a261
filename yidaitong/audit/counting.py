"""Refusals of nobody in particular: counted by hour and code, so that a flood is one row."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, text, update

from yidaitong.audit.models import RefusalCount
from yidaitong.kernel.uow import UnitOfWork

HOUR: Final = timedelta(hours=1)
# Longer than any request: what began in an hour is counted in it before it is closed.
_GRACE: Final = timedelta(minutes=2)

# The clock is read in the statement itself, and in UTC whatever the session's zone is.
_COUNT = text("""
    INSERT INTO refusal_count AS kept (hour, code, count)
    VALUES (date_trunc('hour', clock_timestamp(), 'UTC'), :code, 1)
    ON CONFLICT (hour, code) DO UPDATE SET count = kept.count + 1
""")


def count_refusal(uow: UnitOfWork, code: str) -> None:
    """Count one refusal before anybody was known; call it in a transaction of its own."""
    uow.session.execute(_COUNT, {"code": code[:64]})


def closed_hours(uow: UnitOfWork, limit: int = 200) -> list[datetime]:
    """Hours that are over and not rolled up yet, oldest first."""
    before = func.date_trunc("hour", uow.clock() - _GRACE, "UTC")
    query = (
        select(RefusalCount.hour)
        .where(RefusalCount.rolled_at.is_(None), RefusalCount.hour < before)
        .distinct()
        .order_by(RefusalCount.hour)
        .limit(limit)
    )
    return list(uow.session.scalars(query))


def take_hour(uow: UnitOfWork, hour: datetime) -> Mapping[str, int]:
    """Counts of one hour by code, marked as rolled up; empty where another took it first."""
    taken = (
        update(RefusalCount)
        .where(RefusalCount.hour == hour, RefusalCount.rolled_at.is_(None))
        .values(rolled_at=uow.now)
        .returning(RefusalCount.code, RefusalCount.count)
    )
    return {row[0]: row[1] for row in uow.session.execute(taken)}
