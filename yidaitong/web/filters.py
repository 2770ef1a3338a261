"""Template filters: money, time, rates, names in two languages."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from flask import Flask
from flask_babel import format_date

from yidaitong.kernel.clock import SHANGHAI
from yidaitong.kernel.money import FEN_PER_WAN, format_yuan
from yidaitong.kernel.text import Text
from yidaitong.web.drawing import leaves
from yidaitong.web.i18n import current_locale

EMPTY: Final = "—"
_BP_PER_PERCENT: Final = 100


def yuan(fen: int | None) -> str:
    """``123456`` fen as ``¥1,234.56`` in both languages."""
    if fen is None:
        return EMPTY
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{format_yuan(abs(fen))}"


def wan(fen: int | None) -> str:
    """Fen as 万元 (Chinese) or as a plain amount (English); exact amounts lose their zeros."""
    if fen is None:
        return EMPTY
    if current_locale() == "en":
        return yuan(fen).removesuffix(".00")
    whole, rest = divmod(abs(fen), FEN_PER_WAN)
    digits = f"{rest:06d}".rstrip("0")
    sign = "-" if fen < 0 else ""
    return f"{sign}{whole:,}{'.' if digits else ''}{digits} 万元"


def local(at: datetime | None) -> str:
    """An instant in Shanghai time, to the minute."""
    return EMPTY if at is None else at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def local_seconds(at: datetime | None) -> str:
    """An instant in Shanghai time, to the second; for records."""
    return EMPTY if at is None else at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def day(on: date | datetime | None) -> str:
    """A date as people of the language write it."""
    if on is None:
        return EMPTY
    if isinstance(on, datetime):
        on = on.astimezone(SHANGHAI).date()
    return str(format_date(on, "long"))


def percent(bp: int | None) -> str:
    """``365`` basis points as ``3.65%``."""
    if bp is None:
        return EMPTY
    sign = "-" if bp < 0 else ""
    whole, rest = divmod(abs(bp), _BP_PER_PERCENT)
    return f"{sign}{whole}.{rest:02d}%"


def number(value: int | None) -> str:
    """``1234567`` as ``1,234,567``."""
    return EMPTY if value is None else f"{value:,}"


def name(value: Any) -> str:
    """A :class:`Text`, or anything with a ``text``, in the reader's language."""
    found = value if isinstance(value, Text) else getattr(value, "text", None)
    if isinstance(found, Text):
        return found.pick(current_locale())
    return EMPTY if value is None else str(value)


def short_id(value: Any) -> str:
    """The last eight signs of an id: UUIDv7 differ at their end."""
    return EMPTY if value is None else str(value)[-8:]


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    "yuan": yuan,
    "wan": wan,
    "local": local,
    "local_seconds": local_seconds,
    "date": day,
    "percent": percent,
    "number": number,
    "name": name,
    "short_id": short_id,
    "leaves": leaves,
}


def init_filters(app: Flask) -> None:
    """Make the filters known to templates."""
    app.jinja_env.filters.update(FILTERS)
