"""Working days of mainland China (国务院办公厅 holiday notices): a table a year, with its version.

A year without a table has no holidays but weekends; ``is_final`` says so, and dates in it may move
when the notice comes in November.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Year:
    """Days off beside weekends, and weekend days worked instead (调休)."""

    off: frozenset[date]
    worked: frozenset[date]


def _span(year: int, *spans: tuple[tuple[int, int], tuple[int, int]]) -> Iterable[date]:
    for first, last in spans:
        day = date(year, *first)
        while day <= date(year, *last):
            yield day
            day += timedelta(days=1)


def _year(
    year: int,
    off: Iterable[tuple[tuple[int, int], tuple[int, int]]],
    worked: Iterable[tuple[int, int]] = (),
) -> Year:
    return Year(frozenset(_span(year, *off)), frozenset(date(year, *day) for day in worked))


CALENDAR: Final[Mapping[int, Year]] = {
    2018: _year(
        2018,
        [
            ((1, 1), (1, 1)),
            ((2, 15), (2, 21)),
            ((4, 5), (4, 7)),
            ((4, 29), (5, 1)),
            ((6, 16), (6, 18)),
            ((9, 22), (9, 24)),
            ((10, 1), (10, 7)),
            ((12, 30), (12, 31)),
        ],
        [(2, 11), (2, 24), (4, 8), (4, 28), (9, 29), (9, 30), (12, 29)],
    ),
    2025: _year(
        2025,
        [
            ((1, 1), (1, 1)),
            ((1, 28), (2, 4)),
            ((4, 4), (4, 6)),
            ((5, 1), (5, 5)),
            ((5, 31), (6, 2)),
            ((10, 1), (10, 8)),
        ],
        [(1, 26), (2, 8), (4, 27), (9, 28), (10, 11)],
    ),
    2026: _year(
        2026,
        [
            ((1, 1), (1, 3)),
            ((2, 15), (2, 23)),
            ((4, 4), (4, 6)),
            ((5, 1), (5, 5)),
            ((6, 19), (6, 21)),
            ((9, 25), (9, 27)),
            ((10, 1), (10, 7)),
        ],
        [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)],
    ),
}


def is_final(on: date) -> bool:
    """Whether the year's notice is in the table."""
    return on.year in CALENDAR


def is_working_day(on: date) -> bool:
    """Whether people work on this Asia/Shanghai date."""
    year = CALENDAR.get(on.year)
    if year is not None and on in year.off:
        return False
    if year is not None and on in year.worked:
        return True
    return on.weekday() < _SATURDAY
