"""Months of one firm: sales, taxes, staff, housing fund and electricity; pure functions of it."""

from yidaitong.sandbox.data.profile import Archetype, Profile

VAT, INCOME_TAX, WITHHELD, CITY_TAX, STAMP = "10101", "10104", "10106", "10109", "10111"

_RAMP_MONTHS = 18  # A start-up reaches its usual month.
_FALL_MONTHS = 10
_FLOOR = {Archetype.SHRINKING: 0.4, Archetype.DISTRESSED: 0.3, Archetype.DEAD: 0.0}
_MIN_SALES_FEN = 100_000  # Under 1,000 元 a month taxes would round away.
POWER_CUT = 0.4  # What is left of the power when a shrinking firm begins to shrink.
POWER_LEAD_MONTHS = 2  # Power falls this long before people leave.
_STRONG, _WEAK = 1.9, 0.55


def _trend(profile: Profile, month: int) -> float:
    years = (month - profile.opened) / 12
    return max(0.6, min(1.6, 1 + profile.growth * min(years, 8) / 2))


def _season(profile: Profile, month: int) -> float:
    if month % 12 + 1 in profile.quiet_months:
        return 0.0
    if profile.archetype is not Archetype.SEASONAL:
        return 1.0
    peak = profile.draw.between(0, 11, "peak")
    away = min((month - peak) % 12, (peak - month) % 12)
    return _STRONG + (_WEAK - _STRONG) * away / 6


def _ramp(profile: Profile, month: int) -> float:
    if profile.archetype is not Archetype.STARTUP:
        return 1.0
    idle = profile.draw.between(0, 3, "idle months")
    age = month - profile.opened - idle
    return 0.0 if age < 0 else min(1.0, 0.25 + 0.75 * age / _RAMP_MONTHS)


def _decline(profile: Profile, month: int) -> float:
    if profile.onset is None or month < profile.onset:
        return 1.0
    floor = _FLOOR[profile.archetype]
    if profile.archetype is Archetype.DEAD:
        return floor
    gone = min(1.0, (month - profile.onset + 1) / _FALL_MONTHS)
    return 1 - (1 - floor) * gone


def _noise(profile: Profile, label: str, month: int) -> float:
    return 1 + profile.noise * (2 * profile.draw.unit(label, month) - 1)


def sales(profile: Profile, month: int) -> int:
    """Sales of a month, in fen; 0 or at least 1,000 元."""
    if not profile.active(month):
        return 0
    level = _trend(profile, month) * _season(profile, month) * _ramp(profile, month)
    level *= _decline(profile, month) * _noise(profile, "sales", month)
    return 0 if level == 0 else max(_MIN_SALES_FEN, int(profile.sales_fen * level))


def distressed(profile: Profile, month: int) -> bool:
    """Whether the firm no longer pays in full."""
    late = profile.onset is not None and month >= profile.onset
    return late and profile.archetype is Archetype.DISTRESSED


def own_taxes(profile: Profile, month: int) -> dict[str, int]:
    """Own taxes of a month by tax code, in fen; together 0.9 to 6 % of sales."""
    base = sales(profile, month)
    if base == 0:
        return {VAT: 0}
    total = profile.tax_fen
    if total is None:
        rate = profile.tax_bp * _noise(profile, "tax", month)
        if distressed(profile, month):
            rate /= 2  # The other half becomes arrears.
        total = int(base * rate / 10_000)
    vat, city = total * 70 // 100, total * 7 // 100
    income = total * 18 // 100
    return {
        VAT: vat,
        INCOME_TAX: income,
        CITY_TAX: city,
        STAMP: total - vat - city - income,
    }


def withheld_tax(profile: Profile, month: int) -> int:
    """Income tax withheld for staff, in fen: at most 0.5 % of sales."""
    return sales(profile, month) * 2 // 1000 if insured(profile, month) > 2 else 0  # noqa: PLR2004


def staff(profile: Profile, month: int) -> int:
    """People who work there in a month."""
    if not profile.active(month):
        return 0
    if profile.archetype is Archetype.STARTUP:
        return max(1, int(profile.staff * max(0.3, _ramp(profile, month))))
    drift = max(0.85, min(1.15, _trend(profile, month)))
    return max(1, int(profile.staff * drift * _people_left(profile, month)))


def _people_left(profile: Profile, month: int) -> float:
    """Share of the people who stay after trouble began."""
    if profile.onset is None or month < profile.onset + POWER_LEAD_MONTHS:
        return 1.0
    if profile.archetype is Archetype.SHRINKING:
        return 0.55
    return 0.7 if profile.archetype is Archetype.DISTRESSED else 0.3


def insured(profile: Profile, month: int) -> int:
    """People insured in a month; at most the staff, and none in the opening month."""
    if month <= profile.opened or profile.insured_share == 0:
        return 0
    return min(staff(profile, month), round(staff(profile, month) * profile.insured_share))


def insured_base(profile: Profile, month: int) -> int:
    """Base of one insured person, in fen: 3,200 to 17,000 元."""
    start = profile.draw.between(320_000, 900_000, "base")
    return min(1_700_000, int(start * (1 + 0.04 * max(0, (month - 2018 * 12) / 12))) // 100 * 100)


def fund_opened(profile: Profile) -> int | None:
    """Month in which the housing-fund account was opened, or None: there is none."""
    if profile.fund_share == 0 or profile.insured_share == 0:
        return None
    wait = profile.draw.between(2, 30, "fund after") if profile.background else 2
    return profile.opened + wait


def fund_members(profile: Profile, month: int) -> int:
    """Members of the housing fund in a month; never more than the insured."""
    opened = fund_opened(profile)
    if opened is None or month < opened:
        return 0
    count = insured(profile, month)
    return min(count, max(1, round(count * profile.fund_share))) if count else 0


def kwh(profile: Profile, month: int) -> int:
    """Electricity of a month in hundredths of a kWh."""
    if not profile.active(month):
        return 0
    usual = profile.sales_fen * profile.kwh_per_10k // 1_000_000  # kWh of a usual month.
    level = _trend(profile, month) * max(0.25, _season(profile, month))
    level *= max(0.3, _ramp(profile, month)) * _power_left(profile, month)
    return int(max(60, usual) * 100 * level * _noise(profile, "kwh", month))


def _power_left(profile: Profile, month: int) -> float:
    if profile.onset is None or month < profile.onset:
        return 1.0
    match profile.archetype:
        case Archetype.SHRINKING:
            return POWER_CUT
        case Archetype.DEAD:
            return 0.05
        case _:
            return max(0.45, _decline(profile, month))
