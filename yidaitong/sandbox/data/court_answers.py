"""What the court and the real estate registry answer."""

from datetime import date, timedelta

from yidaitong.sandbox.data import events
from yidaitong.sandbox.data.calendar import add_months
from yidaitong.sandbox.data.events import Case
from yidaitong.sandbox.data.profile import Archetype
from yidaitong.sandbox.data.registry_answers import yesterday
from yidaitong.sandbox.data.view import Items, Source, View, iso, wan, yuan

_COURTS = {"370102": "鲁0102", "370103": "鲁0103", "370104": "鲁0104", "370105": "鲁0105"}
_LISTED_DAYS = 730


def _basis(view: View, case: Case) -> str:
    number = view.profile.draw.between(100, 9999, "basis no", case.number)
    court = _COURTS.get(view.profile.district, "鲁0112")
    return f"（{case.sued.year}）{court}民初{number}号"


def _enforcement(view: View, case: Case, filed: date) -> str:
    number = view.profile.draw.between(100, 9999, "exec no", case.number)
    return f"（{filed.year}）{_COURTS.get(view.profile.district, '鲁0112')}执{number}号"


def _dishonest(view: View) -> Items | None:
    rows: list[Items] = []
    for case in events.cases(view.profile):
        if case.enforced is None or case.dishonest is None or case.dishonest >= view.today:
            continue
        rows.append(
            {
                "case_no": _enforcement(view, case, case.enforced),
                "court": "济南市历下区人民法院",
                "basis_no": _basis(view, case),
                "duty": "给付货款及利息",
                "performance": "1",
                "behaviour": "4",
                "publish": iso(case.dishonest),
                "expire": iso(case.dishonest + timedelta(days=_LISTED_DAYS)),
                "removed": None,
                "subject": "1",
            }
        )
    return {"dishonest": rows} if rows else None


def _enforcements(view: View) -> Items | None:
    rows: list[Items] = []
    for case in events.cases(view.profile):
        if case.enforced is None or case.enforced >= view.today:
            continue
        closed = case.paid is not None and case.paid < view.today
        rows.append(
            {
                "case_no": _enforcement(view, case, case.enforced),
                "basis_no": _basis(view, case),
                "filed": iso(case.enforced),
                "target_fen": yuan(case.amount_fen),
                "done_fen": yuan(case.amount_fen if closed else 0),
                "state": "3" if closed else "1",
                "subject": "1",
            }
        )
    return {"exec": rows} if rows else None


def _limits(view: View) -> Items | None:
    rows: list[Items] = []
    for case in events.cases(view.profile):
        if case.enforced is None or case.dishonest is None:
            continue
        since = case.enforced + timedelta(days=30)
        if since < view.today:
            rows.append({"subject": "1", "date": iso(since), "lifted": None})
    return {"limit": rows} if rows else None


def _suits(view: View) -> Items | None:
    profile = view.profile
    rows: list[Items] = []
    for case in events.cases(profile):
        if case.sued >= view.today:
            continue
        rows.append(
            {
                "case_no": _basis(view, case),
                "role": "被告",
                "cause": case.cause,
                "amount_fen": yuan(case.amount_fen),
                "filed": iso(case.sued),
                "stage": "3" if case.enforced and case.enforced < view.today else "1",
            }
        )
    bankrupt = profile.archetype is Archetype.DEAD and profile.draw.chance(0.03, "bankrupt")
    if not rows and not bankrupt:
        return None
    return {"suits": rows, "freeze": [], "bankr": bankrupt}


def _today(today: date) -> date:
    return today


def _owned(view: View) -> Items | None:
    profile = view.profile
    bought = add_months(profile.est_date, profile.draw.between(6, 40, "bought after"))
    if not events.owns_property(profile) or bought >= view.today:
        return None
    draw = profile.draw
    use = draw.weighted((("0601", 60), ("0501", 30), ("0701", 10)), "use")
    serial = draw.between(1, 9_999_999, "cert no")
    unit = {
        "unit_no": f"{profile.district}{draw.between(0, 10**13 - 1, 'unit'):013d}F00010001",
        "cert_no": f"鲁({bought.year})济南市不动产权第{serial:07d}号",
        "right": "国有建设用地使用权/房屋所有权",
        "use": use,
        "area_m2": f"{draw.between(80, 8000, 'area')}.{draw.between(0, 99, 'area', 2):02d}",
        "land_m2": f"{draw.between(80, 8000, 'land')}.00",
        "term_to": iso(date(bought.year + 45, bought.month, bought.day)),
        "co_owned": False,
        "share_bp": 10_000,
    }
    return {"owned": True, "units": [unit]}


def _mortgages(view: View) -> Items | None:
    profile = view.profile
    since = add_months(profile.est_date, profile.draw.between(44, 90, "mortgaged after"))
    if not events.mortgaged(profile) or since > view.today:
        return None
    serial = profile.draw.between(1, 10**6, "mortgage no")
    row = {
        "cert_no": f"鲁({since.year})济南市不动产证明第{serial:07d}号",
        "mortgagee": "济南某银行",
        "claim_fen": wan(profile.draw.between(50, 800, "claim") * 1_000_000),
        "kind": "2",
        "from_on": iso(since),
        "to": iso(add_months(since, 60)),
        "rank": 1,
    }
    return {"mortgage": [row]}


def _seizures(view: View) -> Items | None:
    rows: list[Items] = []
    for seizure in events.seizures(view.profile):
        if seizure.since > view.today:
            continue
        rows.append(
            {
                "organ": "济南市历下区人民法院",
                "doc_no": f"{_basis(view, seizure.case)}之一",
                "kind": "1",
                "from_on": iso(seizure.since),
                "to": iso(seizure.until),
            }
        )
    return {"seizure": rows} if rows else None


SOURCES = {
    "COURT.DIS": Source(yesterday, _dishonest),
    "COURT.EXE": Source(yesterday, _enforcements),
    "COURT.LIM": Source(yesterday, _limits),
    "COURT.SUIT": Source(yesterday, _suits),
    "NRE.OWN": Source(_today, _owned),
    "NRE.MTG": Source(_today, _mortgages),
    "NRE.SEI": Source(_today, _seizures),
}
