"""Breakers: a department that fails is left alone, but for one probe at a time (half open).

State stands in the database, so that all workers see the same. The usual case writes nothing.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from yidaitong.departments.models import DepartmentBreaker
from yidaitong.kernel.uow import UnitOfWork

# Not the department's fault, or its polite way to slow us down.
_OURS: Final = frozenset({"ADDRESS", "NO_KEYS", "HTTP_429"})
_CLIENT_ERROR: Final = "HTTP_4"

_Row = DepartmentBreaker


def admit(uow: UnitOfWork, department: str, at: datetime) -> datetime | None:
    """None: ask it now. Else when to come back, spread out so that nobody comes in step.

    While the breaker is open one caller per probe time is let through; what is reported of that
    call decides. A probe that is never reported is followed by the next.
    """
    opened = uow.session.scalar(
        select(_Row.probe_at).where(_Row.department == department, _Row.opened_at.is_not(None))
    )
    if opened is None:
        return None
    pause = timedelta(seconds=uow.settings.breaker_probe_seconds)
    mine = uow.session.scalar(
        update(_Row)
        .where(_Row.department == department, _Row.opened_at.is_not(None), _Row.probe_at <= at)
        .values(probe_at=at + pause)
        .returning(_Row.department)
        .execution_options(synchronize_session=False)
    )
    if mine is not None:
        return None
    return max(opened, at) + pause * random.random()  # noqa: S311 - jitter, not a secret


def is_open(uow: UnitOfWork, department: str) -> bool:
    """Whether a department is left alone: whoever is let through to it is a probe."""
    query = select(_Row.department).where(
        _Row.department == department, _Row.opened_at.is_not(None)
    )
    return uow.session.scalar(query) is not None


def report(uow: UnitOfWork, department: str, problem: str | None) -> None:
    """Tell what came of one call: ``problem`` as the gateway names it, None if it was good."""
    if problem is None:
        _succeeded(uow, department)
    elif problem not in _OURS and not problem.startswith(_CLIENT_ERROR):
        _failed(uow, department, problem)


def states(uow: UnitOfWork) -> Sequence[DepartmentBreaker]:
    """Departments that failed lately or are left alone, by code."""
    return uow.session.scalars(select(_Row).order_by(_Row.department)).all()


def _succeeded(uow: UnitOfWork, department: str) -> None:
    uow.session.execute(
        update(_Row)
        .where(_Row.department == department, or_(_Row.failures > 0, _Row.opened_at.is_not(None)))
        .values(failures=0, opened_at=None, probe_at=None)
        .execution_options(synchronize_session=False)
    )


def _failed(uow: UnitOfWork, department: str, problem: str) -> None:
    now = uow.clock()
    limit = uow.settings.breaker_failures
    probe_at = now + timedelta(seconds=uow.settings.breaker_probe_seconds)
    opens = limit <= 1
    first = insert(_Row).values(
        department=department,
        failures=1,
        last_problem=problem[:32],
        failed_at=now,
        opened_at=now if opens else None,
        probe_at=probe_at if opens else None,
    )
    full = (_Row.failures + 1 >= limit) & _Row.opened_at.is_(None)
    uow.session.execute(
        first.on_conflict_do_update(
            index_elements=["department"],
            set_={
                "failures": _Row.failures + 1,
                "last_problem": problem[:32],
                "failed_at": func.greatest(_Row.failed_at, literal(now)),
                "opened_at": case((full, literal(now)), else_=_Row.opened_at),
                "probe_at": case((full, literal(probe_at)), else_=_Row.probe_at),
            },
        )
    )
