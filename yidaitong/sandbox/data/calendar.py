"""Dates of the sources: which month a department shows on a given day."""

from datetime import date, timedelta

from yidaitong.departments.reading import month_of

_FILING_DAY = 15
_INSURANCE_DAY = 5
_BILLING_DAY = 5
_SATURDAY = 5
_STATEMENT_DAYS = 30


def first_day(month: int) -> date:
    """First day of a month number."""
    return date(month // 12, month % 12 + 1, 1)


def last_day(month: int) -> date:
    """Last day of a month number."""
    return first_day(month + 1) - timedelta(days=1)


def day_in(month: int, day: int) -> date:
    """A day of a month, at most the 28th."""
    return date(month // 12, month % 12 + 1, min(day, 28))


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, at most the 28th."""
    return day_in(month_of(day) + months, day.day)


def filing_day(month: int) -> date:
    """Last day to file for ``month``: the 15th of the next, or the Monday after a weekend."""
    day = day_in(month + 1, _FILING_DAY)
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= _SATURDAY else 0)


def tax_month(today: date) -> int:
    """The newest month tax data shows: visible after its filing day."""
    month = month_of(today) - 1
    return month if today > filing_day(month) else month - 1


def insurance_month(today: date) -> int:
    """The newest month social insurance shows: from day 5 of the next."""
    return month_of(today) - (1 if today.day >= _INSURANCE_DAY else 2)


def billing_month(today: date) -> int:
    """The newest month a utility shows: five days after it ended."""
    return month_of(today) - (1 if today.day > _BILLING_DAY else 2)


def quarter_month(today: date) -> int:
    """Last month of the newest quarter whose statements are in: 30 days after it ended."""
    month = month_of(today - timedelta(days=_STATEMENT_DAYS))
    return month // 3 * 3 - 1


def annual_year(today: date) -> int:
    """The newest year whose annual report was due: on 30 June of the next."""
    return today.year - (1 if today >= date(today.year, 7, 1) else 2)


def research_year(today: date) -> int:
    """The newest year whose research spending is in: from 1 February of the next."""
    return today.year - (1 if today >= date(today.year, 2, 1) else 2)
