from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yidaitong.pulls.windows import window_at

SHANGHAI = "Asia/Shanghai"
ZONE = ZoneInfo(SHANGHAI)
MICRO = timedelta(microseconds=1)


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


def plain_bound(anchor: datetime, unit: str, k: int) -> datetime:
    """The k-th bound by counting days one at a time, as a person with a calendar would."""
    here = anchor.astimezone(ZONE)
    if unit == "HOUR":
        return anchor + timedelta(hours=k)
    if unit in {"DAY", "WEEK"}:
        return anchor + timedelta(days=k * (7 if unit == "WEEK" else 1))
    year, month = here.year, here.month
    for _ in range(k * (12 if unit == "YEAR" else 1)):
        month += 1
        if month > 12:
            year, month = year + 1, 1
    return here.replace(year=year, month=month, day=min(here.day, monthrange(year, month)[1]))


class TestWindowAt:
    def test_months_clamp_to_the_month_end_and_do_not_drift(self) -> None:
        anchor = local(2026, 1, 31, 9, 30)

        february = window_at(anchor, "MONTH", SHANGHAI, local(2026, 3, 1))
        march = window_at(anchor, "MONTH", SHANGHAI, local(2026, 4, 1))

        assert february.starts_at == local(2026, 2, 28, 9, 30)
        assert february.ends_at == local(2026, 3, 31, 9, 30)
        assert march.starts_at == local(2026, 3, 31, 9, 30)
        assert march.ends_at == local(2026, 4, 30, 9, 30)

    def test_a_year_from_leap_day_ends_on_the_28th(self) -> None:
        window = window_at(local(2024, 2, 29), "YEAR", SHANGHAI, local(2025, 2, 27))

        assert window.ends_at == local(2025, 2, 28)
        last = window_at(local(2024, 2, 29), "YEAR", SHANGHAI, local(2028, 2, 29))
        assert last.starts_at == local(2028, 2, 29)

    def test_the_edge_belongs_to_the_next_window(self) -> None:
        anchor = local(2026, 3, 2, 1)
        edge = local(2026, 4, 2, 1)

        assert window_at(anchor, "MONTH", SHANGHAI, edge - MICRO).ends_at == edge
        assert window_at(anchor, "MONTH", SHANGHAI, edge).starts_at == edge

    def test_a_life_is_one_window_without_end(self) -> None:
        anchor = local(2026, 3, 2)

        window = window_at(anchor, "LIFE", SHANGHAI, local(2030, 1, 1))

        assert window.starts_at == anchor
        assert window.ends_at is None

    def test_bounds_are_kept_in_utc(self) -> None:
        window = window_at(local(2026, 3, 2), "DAY", SHANGHAI, local(2026, 3, 2, 12))

        assert window.starts_at.tzinfo is UTC

    @pytest.mark.parametrize("unit", ["FORTNIGHT", ""])
    def test_an_unknown_unit_is_refused(self, unit: str) -> None:
        with pytest.raises(ValueError, match="unit"):
            window_at(local(2026, 1, 1), unit, SHANGHAI, local(2026, 1, 2))

    def test_a_time_before_the_anchor_is_refused(self) -> None:
        with pytest.raises(ValueError, match="anchor"):
            window_at(local(2026, 1, 2), "DAY", SHANGHAI, local(2026, 1, 1))

    @settings(max_examples=300, derandomize=True, deadline=None)
    @given(
        anchor=st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001
        ahead=st.timedeltas(timedelta(), timedelta(days=400)),
        unit=st.sampled_from(["HOUR", "DAY", "WEEK", "MONTH", "YEAR"]),
    )
    def test_it_equals_a_plain_recomputation(
        self, anchor: datetime, ahead: timedelta, unit: str
    ) -> None:
        start = anchor.replace(tzinfo=ZONE)
        at = start + ahead

        window = window_at(start, unit, SHANGHAI, at)

        # Hours would be counted ten thousand at a time; their neighbours are enough.
        guess = ahead // timedelta(hours=1) if unit == "HOUR" else 0
        k = guess
        while plain_bound(start, unit, k + 1) <= at:
            k += 1
        assert window.starts_at == plain_bound(start, unit, k)
        assert window.ends_at == plain_bound(start, unit, k + 1)
        assert window.starts_at <= at < window.ends_at
