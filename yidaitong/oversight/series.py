"""What happened on each business date: one query a series, dates without events count zero."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, cast, func, select

from yidaitong.departments.models import DepartmentCall
from yidaitong.enterprises.models import Enterprise
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.loan_models import LoanEventRow
from yidaitong.oversight.definitions import Moment, end_of
from yidaitong.oversight.queries import READ
from yidaitong.oversight.sources import ANSWERED, PaidOut

MAX_DAYS: Final = 366
_ZONE: Final = "Asia/Shanghai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One value a business date, oldest first."""

    dates: Sequence[date]
    values: Sequence[int]


def shanghai_date(column: Any) -> ColumnElement[date]:
    """The business date of an instant, in SQL."""
    return cast(func.timezone(_ZONE, column), Date)


def registrations(uow: UnitOfWork, days: int, as_of: date | None = None) -> Series:
    """Enterprises registered on each date."""
    uow.actor.require(READ)
    moment, on = _moment(uow, as_of), shanghai_date(Enterprise.registered_at)
    query = (
        select(on, func.count(func.distinct(Enterprise.uscc_index)))
        .where(Enterprise.registered_at >= moment.back(days))
        .where(Enterprise.registered_at < moment.until)
        .group_by(on)
    )
    return filled(_pairs(uow, query), moment, days)


def calls(uow: UnitOfWork, days: int, as_of: date | None = None) -> Series:
    """Successful data calls on each date."""
    uow.actor.require(READ)
    moment, on = _moment(uow, as_of), shanghai_date(DepartmentCall.ended_at)
    query = (
        select(on, func.count(DepartmentCall.id))
        .where(DepartmentCall.outcome.in_(ANSWERED))
        .where(DepartmentCall.ended_at >= moment.back(days))
        .where(DepartmentCall.ended_at < moment.until)
        .group_by(on)
    )
    return filled(_pairs(uow, query), moment, days)


def disbursements(uow: UnitOfWork, days: int, as_of: date | None = None) -> Series:
    """Fen paid out on each business date, net of what was reversed on it."""
    uow.actor.require(READ)
    moment = _moment(uow, as_of)
    paid, on = PaidOut(moment), LoanEventRow.business_date
    first = moment.as_of - timedelta(days=days - 1)
    query = paid.rows(on, func.sum(paid.adds)).where(on >= first).group_by(on)
    return filled(_pairs(uow, query), moment, days)


def filled(pairs: Iterable[tuple[date, int]], moment: Moment, days: int) -> Series:
    """``days`` dates up to the moment's, with zero where nothing happened."""
    found = dict(pairs)
    count = min(days, MAX_DAYS)
    dates = [moment.as_of - timedelta(days=back) for back in reversed(range(count))]
    return Series(dates=dates, values=[found.get(on, 0) for on in dates])


def _moment(uow: UnitOfWork, as_of: date | None) -> Moment:
    return end_of(as_of or business_date(uow.now))


def _pairs(uow: UnitOfWork, query: Any) -> list[tuple[date, int]]:
    return [(on, int(value)) for on, value in uow.session.execute(query)]
