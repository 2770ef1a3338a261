"""What the utilities answer: accounts and bills."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from yidaitong.departments.reading import month_text
from yidaitong.sandbox.data import events, history, names
from yidaitong.sandbox.data.calendar import billing_month, day_in, last_day
from yidaitong.sandbox.data.profile import Profile
from yidaitong.sandbox.data.seeds import Draw
from yidaitong.sandbox.data.view import Items, Source, View, iso, months_seen, yuan

_LOOK_BACK = 24
_HEATING = (11, 12, 1, 2, 3)
_PRICES = {"W": (400, 600), "G": (300, 360), "H": (4000, 4000)}  # Fen a unit.
_NAMES = {"W": 0.5, "G": 0.2, "H": 0.2}  # Share of firms with an account of their own.


def _until(today: date) -> date:
    return last_day(billing_month(today))


def _bill(month: int, hundredths: int, fee: int, *, late: bool, today: date) -> Items:
    due = day_in(month + 1, 25)
    paid = due + timedelta(days=9 if late else -6)
    return {
        "month": month_text(month),
        "qty": f"{hundredths // 100}.{hundredths % 100:02d}",
        "fee_fen": yuan(fee),
        "due": iso(due),
        "paid_on": iso(paid) if paid <= today else None,
    }


def _landlord(draw: Draw) -> str:
    return f"济南{draw.pick(names.DISTRICTS, 'landlord')[1]}产业园管理有限公司"


def _electricity(view: View) -> Items | None:
    """A landlord's meter mostly is no record; sometimes it is another holder's account."""
    profile, newest = view.profile, billing_month(view.today)
    months = months_seen(profile, newest, _LOOK_BACK)
    if not months or not (profile.own_meter or profile.draw.chance(0.3, "landlord shown")):
        return None
    used = {month: history.kwh(profile, month) for month in months}
    year = sum(used.get(month, 0) for month in range(newest - 11, newest + 1))
    before = sum(used.get(month, 0) for month in range(newest - 23, newest - 11))
    late = [month for month in months if month > newest - 12 and events.late_bill(profile, month)]
    account = {
        "acct": f"37{profile.draw.between(0, 99_999_999, 'meter'):08d}",
        "kind": "E",
        "holder": profile.name if profile.own_meter else _landlord(profile.draw),
        "holder_matches": profile.own_meter,
        "tariff": profile.tariff,
        "bills": [
            _bill(
                month,
                used[month],
                used[month] * profile.fen_per_kwh // 100,
                late=events.late_bill(profile, month),
                today=view.today,
            )
            for month in months
        ],
        "arrears_fen": yuan(_owed(profile, newest)),
        "late_12m": len(late),
        "cut_12m": _cut(profile, newest),
        "yoy_bp": (year - before) * 10_000 // before if before else 0,
        "theft": profile.background and profile.draw.chance(0.002, "theft"),
    }
    return {"accounts": [account]}


def _owed(profile: Profile, newest: int) -> int:
    owing = history.distressed(profile, newest) and profile.draw.chance(0.4, "power owed")
    return history.kwh(profile, newest) * profile.fen_per_kwh // 100 if owing else 0


def _cut(profile: Profile, newest: int) -> int:
    """Cut-offs of the last 12 months: some distressed firms lose their power once."""
    if profile.onset is None or not profile.draw.chance(0.15, "power cut"):
        return 0
    recent = newest - 11 <= profile.onset + 3 <= newest
    return int(recent and history.distressed(profile, newest))


def _other(kind: str, units: Callable[[Profile, int], int], view: View) -> Items | None:
    profile, newest = view.profile, billing_month(view.today)
    months = months_seen(profile, newest, _LOOK_BACK)
    if not months or not profile.draw.chance(_NAMES[kind], "account", kind):
        return None
    price = profile.draw.between(*_PRICES[kind], "price", kind)
    account = {
        "acct": f"37{profile.draw.between(0, 99_999_999, 'acct', kind):08d}",
        "kind": kind,
        "holder": profile.name,
        "holder_matches": True,
        "bills": [
            _bill(
                m, units(profile, m) * 100, units(profile, m) * price, late=False, today=view.today
            )
            for m in months
        ],
        "arrears_fen": yuan(0),
        "late_12m": 0,
        "cut_12m": 0,
    }
    return {"accounts": [account]}


def _cubic_metres(profile: Profile, month: int) -> int:
    people = history.staff(profile, month)
    return people * profile.draw.between(3, 12, "m3") if people else 0


def _heat(profile: Profile, month: int) -> int:
    return 3 * history.staff(profile, month) if month % 12 + 1 in _HEATING else 0


SOURCES = {
    "UTIL.ELE": Source(_until, _electricity),
    "UTIL.WAT": Source(_until, partial(_other, "W", _cubic_metres)),
    "UTIL.GAS": Source(_until, partial(_other, "G", _cubic_metres)),
    "UTIL.HEAT": Source(_until, partial(_other, "H", _heat)),
}
