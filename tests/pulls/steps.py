"""One line or one pull, taken a step at a time in one transaction."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text

from tests.pulls.builders import (
    EIGHT,
    ONE,
    Case,
    a_case,
    an_answer,
    lines_of,
    silence,
)
from yidaitong.departments.models import DepartmentCall
from yidaitong.departments.wire import Fetched, Order
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import closing
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.dispatching import claim, open_lines
from yidaitong.pulls.models import Pull, PullLine, PullSlot
from yidaitong.pulls.recording import record

LEASE = timedelta(seconds=10)


def a_pull(uow: UnitOfWork, case: Case) -> Pull:
    return authorise(uow.acting(SYSTEM), case.order())


def a_line(uow: UnitOfWork) -> tuple[Case, Pull, UUID]:
    case = a_case(uow, ONE)
    pull = a_pull(uow, case)
    return case, pull, lines_of(uow, pull.id)[0].id


def claimed(uow: UnitOfWork, line_id: UUID) -> Order:
    order = claim(uow, line_id)
    assert order is not None
    return order


def line_now(uow: UnitOfWork, line_id: UUID) -> PullLine:
    return uow.session.get_one(PullLine, line_id, populate_existing=True)


def age(uow: UnitOfWork, line_id: UUID, by: timedelta) -> None:
    """Let time pass for one line: its lease and its waiting were given so long ago."""
    uow.session.execute(
        text(
            "UPDATE pull_line SET leased_until = leased_until - :by,"
            " not_before = not_before - :by, deadline_at = deadline_at - :by WHERE id = :id"
        ),
        {"by": by, "id": line_id},
    )


def calls(uow: UnitOfWork) -> list[tuple[str | None, str | None]]:
    rows = uow.session.query(DepartmentCall).order_by(DepartmentCall.id)
    return [(None if row.outcome is None else row.outcome.value, row.why) for row in rows]


BAD = silence("BAD_SIGNATURE", retryable=False)


def run(uow: UnitOfWork, pull: Pull, answers: dict[str, Fetched] | None = None) -> None:
    """Ask everybody once; what is not named answers well."""
    uow.acting(SYSTEM)
    for line_id in open_lines(uow, pull.id):
        order = claim(uow, line_id)
        assert order is not None
        record(uow, order, (answers or {}).get(order.resource, an_answer()))
    closing.close(uow, pull.id)


def started(uow: UnitOfWork, key: str = "k", application: UUID | None = None) -> tuple[Case, Pull]:
    case = a_case(uow, EIGHT, application)
    return case, authorise(uow, case.order(key))


def slots(uow: UnitOfWork) -> list[str]:
    return list(uow.session.scalars(select(PullSlot.resource).order_by(PullSlot.resource)))


def pass_time(uow: UnitOfWork, pull: Pull, by: timedelta) -> None:
    uow.session.execute(
        text("UPDATE pull SET expires_at = expires_at - :by WHERE id = :id"),
        {"by": by, "id": pull.id},
    )
