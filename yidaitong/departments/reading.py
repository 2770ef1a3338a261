"""Reading a department's answer strictly: units, months and windows; doubt becomes UNKNOWN."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn

from yidaitong.departments.fields import Field, FieldType, Unit
from yidaitong.kernel.money import MAX_FEN, MoneyError, parse_wan, parse_yuan

Value = bool | int | str

_MONTHS = 12
_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?", re.ASCII)


class Why(StrEnum):
    """Why a fact is UNKNOWN."""

    # Wire format: append only.
    MISSING = "MISSING"
    TYPE = "TYPE"
    OVERFLOW = "OVERFLOW"
    UNAVAILABLE = "UNAVAILABLE"
    STALE = "STALE"
    MISMATCH = "MISMATCH"
    PARTIAL = "PARTIAL"
    NO_CONSENT = "NO_CONSENT"
    BAD_ANSWER = "BAD_ANSWER"


class UnknownError(Exception):
    """The answer does not say; ``why`` is kept with the item."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


def _refuse(why: Why = Why.TYPE) -> NoReturn:
    raise UnknownError(why)


def month_of(day: date) -> int:
    """A month as one number, so that months can be added: year * 12 + month - 1."""
    return day.year * _MONTHS + day.month - 1


def month_text(month: int) -> str:
    """``YYYY-MM`` of a month number."""
    return f"{month // _MONTHS:04d}-{month % _MONTHS + 1:02d}"


def parse_month(text: str) -> int:
    """The month number of ``YYYY-MM``.

    Raises:
        ValueError: it is no month.
    """
    return month_of(date.fromisoformat(f"{text}-01"))


def last_full_month(as_of: date) -> int:
    """m0: the last month fully covered by ``as_of``."""
    return month_of(as_of + timedelta(days=1)) - 1


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one answer or of one row, read by their declared type and unit."""

    fields: tuple[Field, ...]
    values: Mapping[str, object]

    def _get(self, name: str, kind: FieldType) -> object:
        field = self._field(name)
        if field.type is not kind:
            raise LookupError(f"{name} is {field.type}")
        value = self.values.get(name)
        if value is None:
            _refuse(Why.MISSING)
        return value

    def _field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def is_null(self, name: str) -> bool:
        """Whether the source says "none" here; a field left out says nothing at all."""
        self._field(name)
        if name not in self.values:
            _refuse(Why.MISSING)
        return self.values[name] is None

    def text(self, name: str) -> str:
        """A text; if the field has a code set, one of its codes."""
        value = self._get(name, FieldType.STRING)
        codes = self._field(name).codes
        if not isinstance(value, str) or (codes and value not in codes):
            _refuse()
        return value

    def number(self, name: str, kind: FieldType = FieldType.INT) -> int:
        """A whole number; true and "5" are not numbers."""
        value = self._get(name, kind)
        if isinstance(value, bool) or not isinstance(value, int):
            _refuse()
        if abs(value) > MAX_FEN:
            _refuse(Why.OVERFLOW)
        return value

    def flag(self, name: str) -> bool:
        """True or false and nothing else."""
        value = self._get(name, FieldType.BOOL)
        if not isinstance(value, bool):
            _refuse()
        return value

    def day(self, name: str) -> date:
        """A date."""
        value = self._get(name, FieldType.DATE)
        if not isinstance(value, str):
            _refuse()
        try:
            return date.fromisoformat(value)
        except ValueError:
            _refuse()

    def month(self, name: str) -> int:
        """A month number, see ``month_of``."""
        value = self._get(name, FieldType.MONTH)
        if not isinstance(value, str):
            _refuse()
        try:
            return parse_month(value)
        except ValueError:
            _refuse()

    def fen(self, name: str) -> int:
        """Money in fen, from the unit the department sends; never rounded.

        The raw text stays in the signed answer.
        """
        value = self._get(name, FieldType.FEN)
        unit = self._field(name).unit
        if unit is Unit.FEN:
            return self.number(name, FieldType.FEN)
        if not isinstance(value, str):
            _refuse()
        try:
            return parse_wan(value) if unit is Unit.WAN else parse_yuan(value)
        except MoneyError:
            _refuse()

    def decimal(self, name: str) -> Decimal:
        """A quantity with decimals, sent as a plain decimal string."""
        value = self._get(name, FieldType.NUMBER)
        if not isinstance(value, str) or _DECIMAL.fullmatch(value) is None:
            _refuse()
        return Decimal(value)

    def rows(self, name: str) -> tuple["Record", ...]:
        """The rows of a list; an empty list is a statement, an absent one is not."""
        value = self._get(name, FieldType.LIST)
        if not isinstance(value, list):
            _refuse()
        fields = self._field(name).rows
        if any(not isinstance(row, Mapping) for row in value):
            _refuse()
        return tuple(Record(fields, row) for row in value)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a formula reads: one answer, its last full month, the packet date, the opening day.

    ``established_on`` is the registry's opening day, None while it is not known. ``partial`` says
    that the source gave less than was asked, so that a gap is its gap.
    """

    record: Record
    as_of: date
    on: date
    established_on: date | None = None
    partial: bool = False

    @property
    def m0(self) -> int:
        """The last month fully covered by the answer."""
        return last_full_month(self.as_of)

    def window(self, months: int, before: int = 0) -> range:
        """``months`` months ending ``before`` months before m0."""
        end = self.m0 - before + 1
        return range(end - months, end)

    def require(self, present: Iterable[int], window: range) -> None:
        """Refuse a window with a missing month; months before the opening day cannot miss."""
        have = set(present)
        opened = None if self.established_on is None else month_of(self.established_on)
        for month in window:
            if month not in have and (opened is None or month >= opened):
                _refuse(Why.PARTIAL if self.partial else Why.MISSING)

    def monthly(self, rows: Iterable[Record], window: range) -> list[Record]:
        """Rows of the window, by their field ``month``; every month must be there."""
        found = [row for row in rows if row.month("month") in window]
        self.require((row.month("month") for row in found), window)
        return found
