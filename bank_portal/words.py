"""What this portal's templates may call besides the app-wide helpers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import ngettext

from bank_portal.blueprints import pages
from yidaitong.kernel.money import format_yuan
from yidaitong.kernel.text import Text
from yidaitong.lending.lifecycle import LoanEventKind
from yidaitong.products.explaining import why_text
from yidaitong.products.policy import Result
from yidaitong.products.policy.labels import item_text, value_text

RESULTS: Final[Mapping[str, Text]] = {
    Result.PASS: Text("通过", "Pass"),
    Result.REFER: Text("转人工", "Refer to a person"),
    Result.REJECT: Text("不通过", "Reject"),
}
_HOUR: Final = 3600
_DAY: Final = 86_400


@pages.context_processor
def helpers() -> dict[str, Any]:
    """Words of results, items and events."""
    return {
        "results": RESULTS,
        "age": age,
        "item_text": item_text,
        "value_text": value_text,
        "why_text": why_text,
        "kind_text": kind_text,
    }


@pages.app_template_filter("plain_yuan")
def plain_yuan(fen: int | None) -> str:
    """``123456`` fen as ``1234.56``, for a form field."""
    return "" if fen is None else format_yuan(fen).replace(",", "")


def kind_text(code: str) -> Text:
    """The name of an event of a loan."""
    return LoanEventKind(code).text


def age(since: datetime | None, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    if since is None:
        return ""
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < _HOUR:
        return str(_("less than an hour ago"))
    if seconds < _DAY:
        hours = seconds // _HOUR
        return str(ngettext("%(num)s hour ago", "%(num)s hours ago", hours))
    days = seconds // _DAY
    return str(ngettext("%(num)s day ago", "%(num)s days ago", days))
