"""What the tax office answers."""

from datetime import date, timedelta

from yidaitong.departments.reading import month_of, month_text
from yidaitong.sandbox.data import events, history
from yidaitong.sandbox.data.calendar import (
    filing_day,
    first_day,
    last_day,
    quarter_month,
    tax_month,
)
from yidaitong.sandbox.data.profile import Archetype, Profile
from yidaitong.sandbox.data.view import Items, Source, View, iso, known, months_seen, yuan

_LOOK_BACK = 36
_M_SINCE = date(2018, 4, 1)  # Rating M exists from here.
_YOUNG_MONTHS = 24
_LATE_LIMIT = 3
_RATINGS = {
    Archetype.HEALTHY: (("A", 20), ("B", 74), ("C", 6)),
    Archetype.STARTUP: (("A", 2), ("B", 78), ("C", 20)),
    Archetype.SEASONAL: (("A", 10), ("B", 80), ("C", 10)),
    Archetype.SHRINKING: (("A", 6), ("B", 74), ("C", 20)),
    Archetype.DISTRESSED: (("B", 25), ("C", 75)),
    Archetype.DEAD: (("B", 10), ("C", 90)),
}
_SCORES = {"A": (90, 99), "B": (70, 89), "M": (70, 80), "C": (40, 69), "D": (10, 39)}


def tax_as_of(today: date) -> date:
    """End of the newest visible month."""
    return last_day(tax_month(today))


def _identity(view: View) -> Items:
    profile, end = view.profile, tax_as_of(view.today)
    ended = profile.closed_on is not None and profile.closed_on <= end
    idle = profile.archetype is Archetype.DEAD and history.sales(profile, month_of(end)) == 0
    return {
        "tin": profile.uscc,
        "status": "07" if ended else "05" if idle else "03",
        "vat_kind": "1" if profile.general_vat else "2",
    }


def late_filings(profile: Profile, newest: int) -> int:
    """Late returns of the 12 months that end with ``newest``."""
    window = range(newest - 11, newest + 1)
    return sum(profile.active(m) and events.late_filing(profile, m) for m in window)


def rating_on(profile: Profile, today: date) -> tuple[str, int] | None:
    """Rating and the year it is for; None while the firm has none."""
    year = today.year - (1 if today.month >= 4 else 2)  # noqa: PLR2004 - published in April
    if events.age_months(profile, today) < _YOUNG_MONTHS:
        young = max(year, profile.est_date.year)
        return ("M", young) if today >= _M_SINCE else None
    newest = tax_month(today)
    window = range(newest - 23, newest + 1)
    if all(history.sales(profile, month) == 0 for month in window):
        return ("M", year) if today >= _M_SINCE else ("C", year)
    if profile.rating is not None:
        return profile.rating, year
    violation = events.violation_on(profile)
    if violation is not None and violation <= tax_as_of(today):
        return "D", year
    if late_filings(profile, newest) >= _LATE_LIMIT and profile.draw.chance(0.6, "rated D"):
        return "D", year
    return profile.draw.weighted(_RATINGS[profile.archetype], "rating", year // 3), year


def _rating(view: View) -> Items | None:
    found = rating_on(view.profile, view.today)
    if found is None:
        return None
    rating, year = found
    score = view.profile.draw.between(*_SCORES[rating], "score", year)
    return {"rating": rating, "year": year, "score": str(score)}


def _payments(view: View) -> Items | None:
    profile, newest = view.profile, tax_month(view.today)
    rows: list[Items] = []
    own = 0
    for month in months_seen(profile, newest, _LOOK_BACK):
        codes = dict(history.own_taxes(profile, month))
        if month > newest - 12:
            own += sum(codes.values())
        withheld = history.withheld_tax(profile, month)
        if withheld:
            codes[history.WITHHELD] = withheld
        rows += [_payment(month, code, fen, "1") for code, fen in codes.items()]
        if events.late_filing(profile, month):
            rows.append(_payment(month, history.VAT, 5_000, "2"))
    if not rows:
        return None
    return {"paid": rows, "paid_12m_fen": yuan(own), "relief_12m_fen": yuan(own // 20)}


def _payment(month: int, code: str, fen: int, kind: str) -> Items:
    return {
        "month": month_text(month),
        "code": code,
        "kind": kind,
        "amount_fen": yuan(fen),
        "in_date": iso(filing_day(month)),
    }


def _filings(view: View) -> Items | None:
    profile, newest = view.profile, tax_month(view.today)
    months = months_seen(profile, newest, _LOOK_BACK)
    if not months:
        return None
    sold = {month: history.sales(profile, month) for month in months}
    recent = [sold[month] for month in months if month > newest - 12]
    before = [sold[month] for month in months if newest - 24 < month <= newest - 12]
    return {
        "filings": [_filing(profile, month, sold[month]) for month in months],
        "zero_months_12m": sum(amount == 0 for amount in recent),
        "late_12m": late_filings(profile, newest),
        "sales_12m_fen": yuan(sum(recent)),
        "sales_prev_fen": yuan(sum(before)),
    }


def _filing(profile: Profile, month: int, sold: int) -> Items:
    late = events.late_filing(profile, month)
    return {
        "month": month_text(month),
        "tax": history.VAT,
        "sales_fen": yuan(sold),
        "payable_fen": yuan(history.own_taxes(profile, month)[history.VAT]),
        "filed_on": iso(filing_day(month) + timedelta(days=1 if late else 0)),
        "late": late,
    }


def _invoices(view: View) -> Items | None:
    profile = view.profile
    months = months_seen(profile, tax_month(view.today), _LOOK_BACK)
    rows = []
    for month in months:
        sold = history.sales(profile, month)
        rows.append(
            {
                "month": month_text(month),
                "out_fen": yuan(sold),
                "in_fen": yuan(sold * profile.draw.between(55, 80, "bought", month) // 100),
                "red_fen": yuan(sold // 200),
                "buyers": profile.draw.between(1, 30, "buyers", month) if sold else 0,
                "top1_bp": profile.draw.between(2000, 8000, "top", month) if sold else 0,
            }
        )
    return {"inv": rows} if rows else None


def _violations(view: View) -> Items | None:
    profile, end = view.profile, tax_as_of(view.today)
    owed = events.tax_arrears(profile, month_of(end))
    since = events.tax_arrears_since(profile) if owed else None
    found = events.violation_on(profile)
    day = known(found, end) if found is not None else None
    if not owed and day is None:
        return None
    amount = yuan(profile.draw.between(1, 80, "violation") * 100_000)
    row = {"kind": "逃避缴纳税款", "amount_fen": amount, "date": iso(day), "status": "1"}
    return {
        "arrears_fen": yuan(owed),
        "arrears_since": None if since is None else iso(first_day(since)),
        "violations": [] if day is None else [row],
    }


def _statements(view: View) -> Items | None:
    profile, newest = view.profile, quarter_month(view.today)
    rows = []
    for end in range(newest - 21, newest + 1, 3):
        if not profile.active(end) or not profile.general_vat:
            continue
        revenue = sum(history.sales(profile, month) for month in range(end - end % 12, end + 1))
        assets = profile.reg_cap_fen + revenue // 3
        rows.append(
            {
                "month": month_text(end),
                "assets_fen": yuan(assets),
                "liab_fen": yuan(assets * profile.draw.between(25, 65, "liab", end) // 100),
                "revenue_fen": yuan(revenue),
                "profit_fen": yuan(revenue * profile.draw.between(-2, 12, "profit", end) // 100),
            }
        )
    return {"fin": rows} if rows else None


def _quarter_end(today: date) -> date:
    return last_day(quarter_month(today))


SOURCES = {
    "TAX.ID": Source(tax_as_of, _identity),
    "TAX.RATE": Source(tax_as_of, _rating),
    "TAX.PAY": Source(tax_as_of, _payments),
    "TAX.FILE": Source(tax_as_of, _filings),
    "TAX.INV": Source(tax_as_of, _invoices),
    "TAX.VIO": Source(tax_as_of, _violations),
    "TAX.FIN": Source(_quarter_end, _statements),
}
