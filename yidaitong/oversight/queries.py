"""Reading figures: all of them at one moment, one of them with its rows, and daily series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from yidaitong.kernel.clock import business_date
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.definitions import Figure, Metric, Page, Row, end_of
from yidaitong.oversight.registry import METRICS, metric_of

READ = "overview.read"
MAX_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One figure and a page of the rows it was counted from; ``next`` continues the list."""

    figure: Figure
    rows: Sequence[Row]
    next: str | None


def figures(uow: UnitOfWork, as_of: date | None = None) -> Mapping[str, Figure]:
    """Every metric at the end of one business date (default: today), by id.

    Raises:
        ForbiddenError: the actor may not see the overview.
    """
    uow.actor.require(READ)
    return {metric.id: _figure(uow, metric, as_of) for metric in METRICS.values()}


def evidence(
    uow: UnitOfWork, metric_id: str, as_of: date | None = None, page: Page | None = None
) -> Evidence:
    """One figure with the rows behind it.

    Raises:
        ForbiddenError: the actor may not see the overview.
        NotFoundError: there is no such metric.
        InvalidRequestError: ``after`` is no key of a row.
    """
    uow.actor.require(READ)
    metric = metric_of(metric_id)
    page = page or Page()
    limit = min(page.limit, MAX_ROWS)
    figure = _figure(uow, metric, as_of)
    wanted = Page(after=page.after, limit=limit + 1)
    try:
        rows = metric.rows(uow, end_of(figure.as_of), wanted)
    except ValueError as error:
        raise InvalidRequestError("after", fields={"after": "NOT_ID"}) from error
    more = len(rows) > limit
    return Evidence(figure=figure, rows=rows[:limit], next=rows[limit - 1].key if more else None)


def daily(
    uow: UnitOfWork, metric_id: str, days: int, as_of: date | None = None
) -> list[tuple[date, int]]:
    """The figure at the end of each of the last ``days`` business dates, oldest first."""
    uow.actor.require(READ)
    metric = metric_of(metric_id)
    last = as_of or business_date(uow.now)
    dates = [last - timedelta(days=back) for back in reversed(range(days))]
    return [(on, metric.value(uow, end_of(on)) or 0) for on in dates]


def _figure(uow: UnitOfWork, metric: Metric, as_of: date | None) -> Figure:
    day = as_of or business_date(uow.now)
    return Figure(
        metric=metric, value=metric.value(uow, end_of(day)), as_of=day, computed_at=uow.now
    )
