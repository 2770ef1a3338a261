"""Dated bad events of one firm: lists, penalties, cases, arrears, seizures; never foreseen."""

from dataclasses import dataclass
from datetime import date, timedelta

from yidaitong.departments.reading import month_of
from yidaitong.sandbox.data import history
from yidaitong.sandbox.data.calendar import day_in
from yidaitong.sandbox.data.profile import Archetype, Profile

_YUAN = 100
_BACKGROUND_MONTHS = 60  # Rare events of ordinary firms fall into the five years before the era.


@dataclass(frozen=True, slots=True)
class Listing:
    """An entry of a list of the market regulator."""

    reason: str
    since: date
    until: date | None
    out_reason: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """A dispute: the suit, then its enforcement, then perhaps the list of dishonest debtors.

    Later stages are None when it never came to them.
    """

    number: int
    sued: date
    cause: str
    amount_fen: int
    enforced: date | None = None
    paid: date | None = None
    dishonest: date | None = None


@dataclass(frozen=True, slots=True)
class Seizure:
    """A court seals real estate because of a case."""

    case: Case
    since: date
    until: date


def _anchor(profile: Profile) -> int:
    """The month about which rare events of ordinary firms happened."""
    return profile.draw.between(profile.opened, max(profile.opened, _era_month(profile)), "anchor")


def _era_month(profile: Profile) -> int:
    return profile.opened + profile.draw.between(6, _BACKGROUND_MONTHS, "event after")


def _rare(profile: Profile, probability: float, label: str) -> bool:
    return profile.background and profile.draw.chance(probability, label)


def _day(profile: Profile, month: int, *label: object) -> date:
    return day_in(month, profile.draw.between(1, 28, *label))


def abnormal(profile: Profile) -> list[Listing]:
    """Entries of the list of abnormal operation, past and open."""
    dead = profile.archetype is Archetype.DEAD and profile.onset is not None
    if dead and profile.onset is not None and profile.draw.chance(0.8, "abn dead"):
        reason = "4" if address_lost_on(profile) is not None else "1"
        return [Listing(reason, _day(profile, profile.onset + 7, "abn day"), None, None)]
    if not _rare(profile, 0.04, "abn"):
        return []
    since = _day(profile, _anchor(profile) + 12, "abn day")
    if profile.draw.chance(0.4, "abn open"):
        return [Listing("1", since, None, None)]
    return [Listing("1", since, since + timedelta(days=90), "补报年报并公示")]


def address_lost_on(profile: Profile) -> date | None:
    """Since when nobody is found at the address; always before a listing for that reason."""
    lost = profile.archetype is Archetype.DEAD and profile.draw.chance(0.6, "address lost")
    return _day(profile, profile.onset + 4, "lost day") if lost and profile.onset else None


def serious(profile: Profile) -> list[Listing]:
    """Entries of the list of serious violations: three years abnormal, never repaired."""
    found: list[Listing] = []
    if _rare(profile, 0.003, "svi old"):
        since = _day(profile, _anchor(profile) + 6, "svi day")
        found.append(Listing("虚假宣传,情节严重", since, None, None))
    for entry in abnormal(profile):
        if entry.until is None and profile.draw.chance(0.35, "svi"):
            since = entry.since + timedelta(days=3 * 365)
            found.append(Listing("列入经营异常名录届满三年未履行义务", since, None, None))
    return found


def penalties(profile: Profile) -> list[tuple[str, int, date]]:
    """Document number, fine (fen) and day of administrative penalties."""
    if not _rare(profile, 0.05, "penalty"):
        return []
    day = _day(profile, _anchor(profile) + 3, "penalty day")
    fine = profile.draw.between(1, 50, "fine") * 1000 * _YUAN
    number = profile.draw.between(1, 400, "penalty no")
    return [(f"济市监罚字〔{day.year}〕{number}号", fine, day)]


def cases(profile: Profile) -> list[Case]:
    """Suits against the firm, oldest first."""
    if profile.archetype is Archetype.DISTRESSED and profile.onset is not None:
        return _distress_cases(profile, profile.onset)
    if not _rare(profile, 0.08, "suit"):
        return []
    draw, month = profile.draw, _anchor(profile)
    sued = _day(profile, month, "suit day")
    amount = draw.between(20, 600, "suit amount") * 1000 * _YUAN
    if not draw.chance(0.4, "suit enforced"):
        return [Case(1, sued, _cause(profile, 1), amount)]
    enforced = _day(profile, month + 6, "enforced day")
    paid = enforced + timedelta(days=120) if draw.chance(0.6, "suit paid") else None
    return [Case(1, sued, _cause(profile, 1), amount, enforced, paid)]


def _cause(profile: Profile, number: int) -> str:
    return profile.draw.pick(("买卖合同纠纷", "民间借贷纠纷", "劳动争议"), "cause", number)


def _distress_cases(profile: Profile, onset: int) -> list[Case]:
    """Suits come 3 to 9 months before the arrears, enforcement after, then perhaps the list."""
    draw, found = profile.draw, []
    for number in range(1, draw.between(2, 4, "suits") + 1):
        month = onset - draw.between(3, 9, "suit before", number)
        enforced = None
        if draw.chance(0.5, "enforced", number):
            enforced = _day(profile, onset + number, "enforced day", number)
        dishonest = None
        if enforced is not None and draw.chance(0.2, "dishonest", number):
            dishonest = enforced + timedelta(days=draw.between(40, 120, "dishonest", "day"))
        amount = draw.between(50, 3000, "suit amount", number) * 1000 * _YUAN
        sued = _day(profile, month, "suit day", number)
        cause = _cause(profile, number)
        found.append(Case(number, sued, cause, amount, enforced, None, dishonest))
    return sorted(found, key=lambda case: case.sued)


def seizures(profile: Profile) -> list[Seizure]:
    """Seizures of real estate; each follows a case."""
    if not owns_property(profile):
        return []
    found = []
    for case in cases(profile):
        since = case.sued + timedelta(days=profile.draw.between(10, 40, "seized", case.number))
        if case.paid is None and profile.draw.chance(0.35, "seizure", case.number):
            found.append(Seizure(case, since, since + timedelta(days=3 * 365)))
    return found


def owns_property(profile: Profile) -> bool:
    """Whether the firm owns real estate."""
    return profile.draw.chance(0.18, "owns") and not profile.individual


def mortgaged(profile: Profile) -> bool:
    """Whether what it owns is mortgaged."""
    return owns_property(profile) and profile.draw.chance(0.22, "mortgaged")


def tax_arrears_since(profile: Profile) -> int | None:
    """Month from which taxes are owed."""
    if profile.archetype is Archetype.DISTRESSED and profile.onset is not None:
        return profile.onset if profile.draw.chance(0.5, "tax arrears") else None
    return _anchor(profile) + 8 if _rare(profile, 0.008, "tax arrears") else None


def tax_arrears(profile: Profile, today_month: int) -> int:
    """Taxes owed at the end of a month, in fen; never grows over a year's worth."""
    since = tax_arrears_since(profile)
    if since is None or today_month < since:
        return 0
    return profile.sales_fen * profile.tax_bp // 20_000 * min(12, today_month - since + 1)


def insurance_arrears_since(profile: Profile) -> int | None:
    """Month from which social insurance is owed."""
    if profile.insured_share == 0:
        return None
    if profile.archetype is Archetype.DISTRESSED and profile.onset is not None:
        return profile.onset + 1 if profile.draw.chance(0.6, "ss arrears") else None
    return _anchor(profile) + 5 if _rare(profile, 0.02, "ss arrears") else None


def late_filing(profile: Profile, month: int) -> bool:
    """Whether a month's return came late."""
    often = history.distressed(profile, month) or profile.archetype is Archetype.DEAD
    return profile.background and profile.draw.chance(0.25 if often else 0.02, "late", month)


def violation_on(profile: Profile) -> date | None:
    """Day on which a tax violation was found."""
    share = 0.12 if profile.archetype is Archetype.DISTRESSED else 0.012
    if not _rare(profile, share, "violation"):
        return None
    return _day(profile, (profile.onset or _anchor(profile)) + 2, "violation day")


def late_bill(profile: Profile, month: int) -> bool:
    """Whether an electricity bill was paid late."""
    often = history.distressed(profile, month)
    return profile.background and profile.draw.chance(0.3 if often else 0.03, "late bill", month)


def age_months(profile: Profile, today: date) -> int:
    """Whole months since the opening day."""
    months = month_of(today) - profile.opened
    return months - (today.day < profile.est_date.day)
