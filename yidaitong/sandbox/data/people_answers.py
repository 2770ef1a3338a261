"""What social insurance and the housing fund answer: aggregates only."""

from datetime import date

from yidaitong.departments.reading import month_of, month_text
from yidaitong.sandbox.data import events, history
from yidaitong.sandbox.data.calendar import day_in, insurance_month, last_day
from yidaitong.sandbox.data.profile import Profile
from yidaitong.sandbox.data.registry_answers import yesterday
from yidaitong.sandbox.data.view import Items, Source, View, iso, months_seen, yuan

_LOOK_BACK = 36
_KINDS = ("110", "210", "310", "410", "510")
_RATE_BP = 3800  # Both sides: 37 to 39 % of the base.


def _insured_until(today: date) -> date:
    return last_day(insurance_month(today))


def _paid_share(profile: Profile, month: int) -> int:
    """Percent paid of what was due in a month."""
    since = events.insurance_arrears_since(profile)
    owing = since is not None and since <= month < since + 6
    return 40 if owing else 100


def _month(profile: Profile, month: int) -> tuple[int, int, int, int]:
    """Insured, base, due and paid of a month."""
    people = history.insured(profile, month)
    base = people * history.insured_base(profile, month)
    due = base * _RATE_BP // 10_000
    return people, base, due, due * _paid_share(profile, month) // 100


def _insures(profile: Profile, newest: int) -> bool:
    return profile.insured_share > 0 and any(
        history.insured(profile, month) for month in range(newest - _LOOK_BACK + 1, newest + 1)
    )


def _summary(view: View) -> Items | None:
    profile, newest = view.profile, insurance_month(view.today)
    if not _insures(profile, newest):
        return None
    owed = [due - paid for _, _, due, paid in _months_owed(profile, newest)]
    return {
        "unit_no": f"{profile.draw.between(0, 9_999_999_999, 'unit no'):010d}",
        "kinds": [{"code": kind} for kind in _KINDS],
        "arrears_fen": yuan(sum(owed)),
        "arrears_months": sum(amount > 0 for amount in owed),
        "training": [],
        "stab_fen": yuan(profile.draw.between(5, 200, "stab") * 10_000)
        if profile.draw.chance(0.3, "stab given")
        else yuan(0),
    }


def _months_owed(profile: Profile, newest: int) -> list[tuple[int, int, int, int]]:
    since = events.insurance_arrears_since(profile)
    if since is None:
        return []
    return [_month(profile, month) for month in range(since, min(since + 6, newest + 1))]


def _insurance_months(view: View) -> Items | None:
    profile, newest = view.profile, insurance_month(view.today)
    if not _insures(profile, newest):
        return None
    rows, full = [], 0
    for month in months_seen(profile, newest, _LOOK_BACK):
        people, base, due, paid = _month(profile, month)
        full += month > newest - 24 and paid >= due > 0
        rows.append(
            {
                "month": month_text(month),
                "insured": people,
                "base_fen": yuan(base),
                "due_fen": yuan(due),
                "paid_fen": yuan(paid),
                "in_date": iso(day_in(month, 20)) if paid else None,
            }
        )
    year = [history.insured(profile, month) for month in range(newest - 11, newest + 1)]
    begun = next((place for place, count in enumerate(year) if count), 0)
    return {
        "months": rows,
        "insured_now": year[-1],
        "insured_avg12": sum(year) // (12 - begun),
        "months_paid_24": full,
    }


def _inspections(view: View) -> Items | None:
    profile = view.profile
    onset = profile.onset if profile.archetype == "distressed" else None
    day = None
    if onset is not None and profile.draw.chance(0.25, "wages"):
        day = day_in(onset + 3, profile.draw.between(1, 28, "wage day"))
    if day is None or day >= view.today:
        return None
    row = {
        "doc_no": f"济人社监字〔{day.year}〕{profile.draw.between(1, 300, 'wage no')}号",
        "amount_fen": yuan(profile.draw.between(10, 300, "wages owed") * 100_000),
        "date": iso(day),
        "closed": False,
    }
    return {"wage_cases": [row]}


def _fund_newest(today: date) -> int:
    """The month before the present one, remitted within itself."""
    return month_of(today) - 1


def _fund_month(profile: Profile, month: int) -> tuple[int, int, int]:
    """Members, base and deposit of both sides."""
    people = history.fund_members(profile, month)
    base = people * history.insured_base(profile, month)
    return people, base, base * 2 * _fund_rate(profile) // 10_000


def _fund_rate(profile: Profile) -> int:
    return profile.draw.between(5, 12, "fund rate") * 100


def _fund_paid(profile: Profile, month: int) -> bool:
    """Distressed firms stop; sound ones miss a month now and then."""
    if history.distressed(profile, month):
        return False
    return not profile.background or not profile.draw.chance(0.04, "fund missed", month)


def _fund_account(view: View) -> Items | None:
    profile, newest = view.profile, _fund_newest(view.today)
    opened = history.fund_opened(profile)
    if opened is None or newest < opened:
        return None
    seen = months_seen(profile, newest, _LOOK_BACK)
    paid = [m for m in seen if _fund_month(profile, m)[2] and _fund_paid(profile, m)]
    members = [history.fund_members(profile, month) for month in range(newest - 11, newest + 1)]
    return {
        "acct": f"{profile.draw.between(0, 999_999_999_999, 'fund acct'):012d}",
        "status": _fund_status(profile, newest),
        "open_date": iso(day_in(opened, 8)),
        "paid_to": month_text(max(paid)) if paid else None,
        "rate_emp_bp": _fund_rate(profile),
        "rate_ind_bp": _fund_rate(profile),
        "members_now": members[-1],
        "members_avg12": sum(members) // 12,
    }


def _fund_status(profile: Profile, newest: int) -> str:
    if not profile.active(newest) or history.fund_members(profile, newest) == 0:
        return "03"
    if history.distressed(profile, newest):
        return "04"
    return "01" if not profile.background or profile.draw.chance(0.95, "fund status") else "02"


def _fund_months(view: View) -> Items | None:
    profile, newest = view.profile, _fund_newest(view.today)
    opened = history.fund_opened(profile)
    if opened is None or newest < opened:
        return None
    rows: list[Items] = []
    year = full = 0
    for month in months_seen(profile, newest, _LOOK_BACK):
        people, base, amount = _fund_month(profile, month)
        paid = amount > 0 and _fund_paid(profile, month)
        year += amount if paid and month > newest - 12 else 0
        full += paid and month > newest - 24
        rows.append(
            {
                "month": month_text(month),
                "members": people,
                "base_fen": yuan(base),
                "amount_fen": yuan(amount if paid else 0),
                "remitted_on": iso(day_in(month, 18)) if paid else None,
                "back_pay": False,
            }
        )
    return {"months": rows, "paid_12m_fen": yuan(year), "months_paid_24": full}


SOURCES = {
    "HRSS.SUM": Source(_insured_until, _summary),
    "HRSS.MON": Source(_insured_until, _insurance_months),
    "HRSS.LAB": Source(_insured_until, _inspections),
    "HPF.ACC": Source(yesterday, _fund_account),
    "HPF.MON": Source(yesterday, _fund_months),
}
