"""Certificates, patents and research spending of one firm."""

from dataclasses import dataclass
from datetime import date, timedelta

from yidaitong.sandbox.data import history
from yidaitong.sandbox.data.calendar import add_months, day_in
from yidaitong.sandbox.data.profile import Archetype, Profile

_CERTIFICATE_MONTHS = 36
_EARLY_MONTHS = 24  # Designed firms renew early, so that they always have a year left.
_FIRST_CERTIFICATE = 24  # Months after the opening.
_RENEWALS = 8
_PATENT_SIGNS = "0123456789X"


@dataclass(frozen=True, slots=True)
class Certificate:
    """One high-tech certificate."""

    number: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Patent:
    """One patent; ``kind`` 1 invention, 2 utility model, 3 design."""

    number: str
    kind: str
    applied: date
    granted: date
    pledged: bool


def _is_certified(profile: Profile) -> bool:
    sound = profile.archetype in (Archetype.HEALTHY, Archetype.SEASONAL, Archetype.SHRINKING)
    return profile.certified or (
        profile.tech and sound and not profile.individual and profile.draw.chance(0.3, "hte")
    )


def certificates(profile: Profile) -> list[Certificate]:
    """High-tech certificates, oldest first: three years each, mostly renewed in time."""
    if not _is_certified(profile):
        return []
    step = _EARLY_MONTHS if profile.certified else _CERTIFICATE_MONTHS
    start = add_months(profile.est_date, _FIRST_CERTIFICATE)
    found = []
    for turn in range(_RENEWALS):
        since = add_months(start, turn * step)
        until = add_months(since, _CERTIFICATE_MONTHS) - timedelta(days=1)
        serial = profile.draw.between(0, 99_999, "hte no", turn)
        found.append(Certificate(f"GR{since.year}370{serial:05d}", since, until))
        if not profile.certified and not profile.draw.chance(0.85, "hte renewed", turn):
            break
    return found


def small_tech_years(profile: Profile, today: date) -> list[int]:
    """Years in which the firm is in the list of technology SMEs."""
    if not profile.tech or not (profile.certified or profile.draw.chance(0.35, "tsme")):
        return []
    return list(range(max(2017, profile.est_date.year + 1), today.year + 1))


def special_level(profile: Profile) -> tuple[str, date] | None:
    """专精特新 level (1 city, 2 province, 3 nation) and since when."""
    if profile.certified or not _is_certified(profile) or not profile.draw.chance(0.35, "srdi"):
        return None
    level = profile.draw.weighted((("1", 60), ("2", 30), ("3", 10)), "srdi level")
    return level, add_months(profile.est_date, 40)


def patents(profile: Profile) -> list[Patent]:
    """Patents in the order of application."""
    if profile.certified:
        count = 14
    elif _is_certified(profile):
        count = profile.draw.between(3, 40, "patents")
    elif profile.tech:
        count = profile.draw.between(0, 6, "patents")
    else:
        count = profile.draw.weighted(((0, 88), (1, 6), (3, 6)), "patents")
    return [_patent(profile, number) for number in range(count)]


def _patent(profile: Profile, number: int) -> Patent:
    draw = profile.draw
    kind = draw.weighted((("1", 30), ("2", 55), ("3", 15)), "patent", number)
    if profile.certified:
        kind = "12"[number % 2]
    month = profile.opened + 6 + number * 4 + draw.between(0, 3, "patent month", number)
    applied = day_in(month, draw.between(1, 28, "patent day", number))
    wait = 20 if kind == "1" else 8
    serial = draw.between(0, 9_999_999, "patent no", number)
    first = f"{applied.year}{kind}{serial:07d}"
    total = sum(int(sign) * (place % 8 + 2) for place, sign in enumerate(first))
    return Patent(
        number=f"{first}.{_PATENT_SIGNS[total % 11]}",
        kind=kind,
        applied=applied,
        granted=add_months(applied, wait),
        pledged=profile.background and draw.chance(0.04, "patent pledged", number),
    )


def spending(profile: Profile, year: int) -> int | None:
    """R&D of a year in fen: 3.5 to 9 % of its sales; None if the firm does none."""
    if not _is_certified(profile) and not (profile.tech and profile.draw.chance(0.5, "rd")):
        return None
    sold = sum(history.sales(profile, year * 12 + month) for month in range(12))
    share = 700 if profile.certified else profile.draw.between(350, 900, "rd share")
    return sold * share // 10_000
