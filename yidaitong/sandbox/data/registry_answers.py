"""What the market regulator answers."""

from datetime import date, timedelta

from yidaitong.departments.reading import month_of
from yidaitong.kernel.codes import whole_years
from yidaitong.sandbox.data import events, history, names
from yidaitong.sandbox.data.calendar import add_months, annual_year
from yidaitong.sandbox.data.profile import Profile
from yidaitong.sandbox.data.view import Items, Source, View, iso, wan, yuan

_LARGE = (300, 2_000_000_000)  # 工信部联企业〔2011〕300号: staff, yearly revenue in fen.
_SMALL = (20, 300_000_000)


def yesterday(today: date) -> date:
    """Daily sources are true until yesterday."""
    return today - timedelta(days=1)


def status_on(profile: Profile, day: date) -> str:
    """Registration status: 1 trading, 2 licence revoked, 4 struck off."""
    if profile.closed_on is None or day < profile.closed_on:
        return "1"
    return profile.draw.pick(("2", "4"), "closed how")


def size_on(profile: Profile, day: date) -> str:
    """Size by staff and yearly revenue."""
    month = month_of(day) - 1
    staff = history.staff(profile, month)
    revenue = sum(history.sales(profile, m) for m in range(month - 11, month + 1))
    for size, (people, money) in (("M", _LARGE), ("S", _SMALL)):
        if staff >= people and revenue >= money:
            return size
    return "XS"


def _holders(profile: Profile) -> list[Items]:
    draw = profile.draw
    second = 0 if profile.ent_type in {"1150", "4540", "9500"} else draw.between(5, 49, "holder")
    parts = [(profile.rep.name, 10_000 - second * 100)]
    if second:
        parts.append((names.person_name(draw, "holder"), second * 100))
    return [
        {
            "name": name,
            "kind": "1",
            "subscribed_fen": wan(profile.reg_cap_fen * ratio // 10_000),
            "ratio_bp": ratio,
        }
        for name, ratio in parts
    ]


def _officers(profile: Profile) -> list[Items]:
    posts = ["执行董事兼总经理"]
    if not profile.individual:
        posts += ["监事", "财务负责人"][: profile.draw.between(1, 2, "officers")]
    people = [profile.rep.name]
    people += [names.person_name(profile.draw, "officer", post) for post in posts[1:]]
    return [{"name": name, "post": post} for name, post in zip(people, posts, strict=True)]


def _registration(view: View) -> Items:
    profile, as_of = view.profile, yesterday(view.today)
    lost = events.address_lost_on(profile)
    paid = profile.draw.weighted(((0, 50), (50, 20), (100, 30)), "paid cap")
    return {
        "uscc": profile.uscc,
        "reg_no": f"3701002{profile.draw.between(0, 99_999_999, 'reg no'):08d}"
        if profile.est_date.year < 2015  # noqa: PLR2004 - one code for all since then
        else None,
        "name": profile.name,
        "ent_type": profile.ent_type,
        "status": status_on(profile, as_of),
        "est_date": iso(profile.est_date),
        "open_to": None,
        "reg_cap_fen": wan(profile.reg_cap_fen),
        "paid_cap_fen": wan(profile.reg_cap_fen * paid // 100),
        "industry": profile.industry.code,
        "scope": f"{profile.industry.word}的研发、生产、销售及相关服务",
        "address": profile.address,
        "address_state": "2" if lost is not None and lost <= as_of else "1",
        "district": profile.district,
        "rep_name": profile.rep.name,
        "rep_age": whole_years(profile.rep.born, as_of),
        "rep_id_masked": f"{profile.rep.id_no[:4]}{'*' * 10}{profile.rep.id_no[-4:]}",
        "officers": _officers(profile),
        "holders": _holders(profile),
        "size": size_on(profile, as_of),
    }


def _changes(view: View) -> Items | None:
    profile = view.profile
    day = add_months(profile.est_date, profile.draw.between(14, 60, "change after"))
    oldest = add_months(view.today, -36)
    happened = profile.draw.chance(0.5, "change") and oldest <= day < view.today
    if not happened:
        return None
    before = wan(profile.reg_cap_fen // 2)
    row = {
        "item": "注册资本",
        "before": f"{before}万元",
        "after": f"{wan(profile.reg_cap_fen)}万元",
    }
    return {"changes": [{**row, "date": iso(day)}]}


def _listings(entries: list[events.Listing], today: date) -> list[Items]:
    return [
        {
            "reason": entry.reason,
            "in_date": iso(entry.since),
            "organ": "济南市市场监督管理局",
            "out_date": iso(entry.until) if entry.until and entry.until < today else None,
            "out_reason": entry.out_reason if entry.until and entry.until < today else None,
        }
        for entry in entries
        if entry.since < today
    ]


def _abnormal(view: View) -> Items | None:
    rows = _listings(events.abnormal(view.profile), view.today)
    return {"abn": rows} if rows else None


def _serious(view: View) -> Items | None:
    rows = _listings(events.serious(view.profile), view.today)
    return {"svi": rows} if rows else None


def _penalties(view: View) -> Items | None:
    rows = [
        {"doc_no": number, "type": "罚款", "amount_fen": yuan(fine), "date": iso(day)}
        for number, fine, day in events.penalties(view.profile)
        if day < view.today
    ]
    return {"penalties": rows} if rows else None


def _pledges(view: View) -> Items | None:
    profile = view.profile
    day = add_months(profile.est_date, profile.draw.between(12, 70, "pledge after"))
    if profile.individual or not profile.draw.chance(0.03, "pledge") or day >= view.today:
        return None
    row = {
        "doc_no": f"{day:%Y%m%d}{profile.draw.between(1, 999, 'pledge no'):03d}",
        "pledgor": profile.rep.name,
        "creditor": "济南某银行",
        "amount_fen": wan(profile.reg_cap_fen // 4),
        "date": iso(day),
        "state": "1",
    }
    return {"pledge": [row], "chattel": []}


def annual_staff(profile: Profile, year: int) -> int:
    """Staff of an annual report: the most people of any month of the year."""
    return max(history.staff(profile, year * 12 + month) for month in range(12))


def _reports(view: View) -> Items | None:
    profile, newest = view.profile, annual_year(view.today)
    rows = []
    for year in range(max(newest - 2, profile.est_date.year), newest + 1):
        if not profile.active(year * 12 + 11):
            continue
        shown = profile.draw.chance(0.4, "public", year)
        december = year * 12 + 11
        revenue = sum(history.sales(profile, year * 12 + month) for month in range(12))
        rows.append(
            {
                "year": year,
                "staff": annual_staff(profile, year),
                "ss_headcount": history.insured(profile, december) if shown else None,
                "assets_fen": wan(profile.reg_cap_fen + revenue // 3) if shown else None,
                "revenue_fen": wan(revenue) if shown else None,
                "public": shown,
            }
        )
    return {"annual": rows} if rows else None


def _reported(today: date) -> date:
    """Annual reports are in on 30 June."""
    return date(annual_year(today) + 1, 6, 30)


SOURCES = {
    "SAMR.REG": Source(yesterday, _registration),
    "SAMR.CHG": Source(yesterday, _changes),
    "SAMR.ABN": Source(yesterday, _abnormal),
    "SAMR.SVI": Source(yesterday, _serious),
    "SAMR.PEN": Source(yesterday, _penalties),
    "SAMR.PLG": Source(yesterday, _pledges),
    "SAMR.ANN": Source(_reported, _reports),
}
