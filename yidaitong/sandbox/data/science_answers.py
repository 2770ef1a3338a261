"""What the science office answers: qualifications, patents, research spending."""

from datetime import date

from yidaitong.sandbox.data import research
from yidaitong.sandbox.data.calendar import research_year
from yidaitong.sandbox.data.registry_answers import yesterday
from yidaitong.sandbox.data.view import Items, Source, View, iso, yuan


def _qualifications(view: View) -> Items | None:
    profile, today = view.profile, view.today
    held = [c for c in research.certificates(profile) if c.since < today]
    years = research.small_tech_years(profile, today)
    special = research.special_level(profile)
    levels = [special] if special is not None and special[1] < today else []
    default = profile.background and profile.tech and profile.draw.chance(0.002, "misconduct")
    if not held and not years and not levels and not default:
        return None
    return {
        "hte": [
            {"hte_no": c.number, "hte_from": iso(c.since), "hte_to": iso(c.until)} for c in held
        ],
        "tsme": [
            {"tsme_no": f"{year}3701{profile.draw.bits('tsme', year) % 10**10:010d}", "year": year}
            for year in years
        ],
        "srdi": [
            {"level": level, "giant": level == "3", "from_on": iso(since), "to": None}
            for level, since in levels
        ],
        "projects": [],
        "vouchers_fen": yuan(0),
        "defaults": default,
    }


def _patents(view: View) -> Items | None:
    rows: list[Items] = []
    for patent in research.patents(view.profile):
        if patent.applied >= view.today:
            continue
        granted = patent.granted < view.today
        rows.append(
            {
                "patent_no": patent.number,
                "kind": patent.kind,
                "applied": iso(patent.applied),
                "granted": iso(patent.granted) if granted else None,
                "legal_state": "1" if granted else "2",
                "pledged": patent.pledged and granted,
            }
        )
    return {"patents": rows} if rows else None


def _spending(view: View) -> Items | None:
    profile, newest = view.profile, research_year(view.today)
    rows: list[Items] = []
    for year in range(max(newest - 2, profile.est_date.year), newest + 1):
        spent = research.spending(profile, year)
        if spent is not None:
            rows.append({"year": year, "rd_fen": yuan(spent)})
    return {"rd": rows} if rows else None


def _year_end(today: date) -> date:
    return date(research_year(today), 12, 31)


SOURCES = {
    "STI.QUAL": Source(yesterday, _qualifications),
    "STI.IP": Source(yesterday, _patents),
    "STI.RD": Source(_year_end, _spending),
}
