"""Windows of calls: [anchor + k, anchor + k + 1) units in the calendar of one time zone."""

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

LIFE = "LIFE"
_MONTHS_A_YEAR = 12
_LONGEST_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span in UTC; a LIFE has no end."""

    starts_at: datetime
    ends_at: datetime | None


def _months(anchor: datetime, months: int) -> datetime:
    """``months`` later, clamped to the month's last day; always counted from the anchor."""
    years, month = divmod(anchor.month - 1 + months, _MONTHS_A_YEAR)
    year = anchor.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return anchor.replace(year=year, month=month + 1, day=min(anchor.day, last))


# How far one unit is at most, and where the k-th begins (in local time).
_UNITS: Mapping[str, tuple[timedelta, Callable[[datetime, int], datetime]]] = {
    "HOUR": (timedelta(hours=1), lambda anchor, k: anchor + timedelta(hours=k)),
    "DAY": (timedelta(days=1), lambda anchor, k: anchor + timedelta(days=k)),
    "WEEK": (timedelta(weeks=1), lambda anchor, k: anchor + timedelta(weeks=k)),
    "MONTH": (_LONGEST_MONTH, _months),
    "YEAR": (timedelta(days=366), lambda anchor, k: _months(anchor, k * _MONTHS_A_YEAR)),
}


def window_at(anchor: datetime, unit: str, zone: str, at: datetime) -> Window:
    """The window that holds ``at``; ``anchor`` is the start of the consent's first version.

    Raises:
        ValueError: the unit is unknown, or ``at`` lies before the anchor.
    """
    if at < anchor:
        raise ValueError("before the anchor")
    if unit == LIFE:
        return Window(anchor.astimezone(UTC), None)
    if unit not in _UNITS:
        raise ValueError(f"unit {unit}")
    longest, begin = _UNITS[unit]
    local = anchor.astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    def bound(k: int) -> datetime:
        return begin(local, k).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    # Never too far: a unit is at most ``longest``, so the search only walks forward.
    k = (at - anchor) // longest
    while bound(k) > at:
        k -= 1
    while bound(k + 1) <= at:
        k += 1
    return Window(bound(k), bound(k + 1))
