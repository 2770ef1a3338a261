"""What a metric (指标) is: a published definition, one number, and the rows it was counted from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from yidaitong.kernel.clock import SHANGHAI
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork


class Unit(StrEnum):
    """What a figure counts; money is fen."""

    COUNT = "count"
    FEN = "fen"


@dataclass(frozen=True, slots=True)
class Moment:
    """The end of a business day in Shanghai: ``until`` is the first instant that is out."""

    as_of: date
    until: datetime

    def back(self, days: int) -> datetime:
        """The instant ``days`` before the end of the day."""
        return self.until - timedelta(days=days)


def end_of(as_of: date) -> Moment:
    """The moment a figure ``as_of`` a business date is counted at."""
    following = datetime.combine(as_of + timedelta(days=1), time.min, tzinfo=SHANGHAI)
    return Moment(as_of, following)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which rows: those after ``after`` (a key of a row before), at most ``limit``."""

    after: str | None = None
    limit: int = 50


Cell = str | int | date | datetime | Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row behind a figure; ``key`` continues the list, ``adds`` is what it adds to it."""

    key: str
    cells: Sequence[Cell]
    adds: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric. ``definition`` is exact enough to be counted again by somebody else.

    ``value`` gives the figure, None where it is not defined (nothing to divide by). ``rows`` gives
    what was counted; enterprises appear by pseudonym, never by name.
    """

    id: str
    text: Text
    unit: Unit
    definition: Text
    columns: Sequence[Text]
    value: Callable[[UnitOfWork, Moment], int | None]
    rows: Callable[[UnitOfWork, Moment, Page], list[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One computed metric; ``computed_at`` is the database's clock."""

    metric: Metric
    value: int | None
    as_of: date
    computed_at: datetime


AN_ENTERPRISE = Text("企业（代号）", "Enterprise (pseudonym)")
DISTRICT = Text("区县", "District")
BANK = Text("银行", "Bank")
PRODUCT = Text("产品", "Product")
AMOUNT = Text("金额", "Amount")
BUSINESS_DATE = Text("业务日期", "Business date")
