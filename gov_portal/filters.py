"""How the console shows figures, cells, districts and times."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import ngettext

from gov_portal.blueprints import pages
from yidaitong.authorizations.ordering_view import reason_text
from yidaitong.enterprises.areas import district_name
from yidaitong.kernel.money import FEN_PER_YUAN
from yidaitong.kernel.text import Text
from yidaitong.oversight.boarding import Line
from yidaitong.oversight.definitions import AMOUNT, Figure, Unit
from yidaitong.oversight.series import Series
from yidaitong.web.filters import EMPTY, day, local_seconds, name, number, wan, yuan


@pages.app_template_filter("figure")
def figure(found: Figure) -> str:
    """A figure in its unit."""
    return yuan(found.value) if found.metric.unit is Unit.FEN else number(found.value)


@pages.app_template_filter("short_figure")
def short_figure(found: Figure) -> str:
    """A figure as a tile has room for: money in 万元."""
    return wan(found.value) if found.metric.unit is Unit.FEN else number(found.value)


@pages.app_template_filter("cell")
def cell(value: Any, column: Text) -> str:
    """One cell of a row behind a figure."""
    if column is AMOUNT:
        return yuan(value)
    match value:
        case datetime():
            return local_seconds(value)
        case date():
            return day(value)
        case int():
            return number(value)
        case _:
            return name(value)


@pages.app_template_filter("district")
def district(code: str | None) -> Text:
    """A district by its code."""
    return district_name(code)


@pages.app_template_filter("milliseconds")
def milliseconds(value: int | None) -> str:
    """``180`` as ``180 ms``."""
    return EMPTY if value is None else f"{value:,} ms"


@pages.app_template_filter("in_yuan")
def in_yuan(series: Series) -> list[float]:
    """Fen as yuan for a chart, whose axes need numbers."""
    return [value / FEN_PER_YUAN for value in series.values]


@pages.app_template_filter("pair")
def pair(texts: tuple[str, str]) -> Text:
    """Chinese and English of one stored text."""
    return Text(*texts)


@pages.app_template_filter("leaf_rows")
def leaf_rows(members: Iterable[tuple[str, Any]]) -> list[tuple[str, Any, str]]:
    """Members of a leaf as lines of a definition list."""
    return [(key, value, "code") for key, value in members]


@pages.app_template_filter("order_reason")
def order_reason(code: str) -> Text:
    """Why an order was given, in words."""
    return reason_text(code)


@pages.app_template_filter("window_tabs")
def window_tabs(windows: Iterable[int], days: int) -> list[tuple[str, str, bool]]:
    """Links to the same page over other windows of days."""
    return [
        (
            url_for(".boards", days=one),
            ngettext("Last %(num)s day", "Last %(num)s days", one),
            one == days,
        )
        for one in windows
    ]


@pages.app_template_filter("bars")
def bars(lines: Sequence[Line]) -> dict[str, Any]:
    """Counts as horizontal bars, the first on top."""
    counts = [line.count for line in lines]
    return {**_lying(lines), "series": [_bar(counts)]}


@pages.app_template_filter("spans")
def spans(lines: Sequence[Line], median: str, high: str) -> dict[str, Any]:
    """Median and 95th percentile of each hop, in milliseconds."""
    series = [
        {"name": median, **_bar([line.p50_ms for line in lines])},
        {"name": high, **_bar([line.p95_ms for line in lines])},
    ]
    option = _lying(lines)
    # A department takes milliseconds, a bank hours: equal steps are equal factors.
    option["xAxis"] = {"type": "log", "min": 1, "name": "ms"}
    return {**option, "legend": {"top": 0}, "series": series}


def _lying(lines: Sequence[Line]) -> dict[str, Any]:
    return {
        "grid": {"left": 8, "right": 48, "top": 32, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "inverse": True, "data": [name(one.text) for one in lines]},
    }


def _bar(values: Sequence[int | None]) -> dict[str, Any]:
    return {"type": "bar", "data": list(values), "label": {"show": True, "position": "right"}}
