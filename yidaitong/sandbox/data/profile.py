"""What never changes about one made-up firm; months and events are computed from it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from yidaitong.departments.reading import month_of
from yidaitong.sandbox.data import codes, names
from yidaitong.sandbox.data.calendar import add_months
from yidaitong.sandbox.data.names import Industry
from yidaitong.sandbox.data.seeds import Draw

FEN_PER_YUAN = 100
_WAN = 1_000_000  # Fen.
_JUNE = 5


class Archetype(StrEnum):
    """How a firm's history goes."""

    HEALTHY = "healthy"
    STARTUP = "startup"
    SEASONAL = "seasonal"
    SHRINKING = "shrinking"
    DISTRESSED = "distressed"
    DEAD = "dead"


# DOMAIN: shares of the archetypes, in percent.
SHARES = (
    (Archetype.HEALTHY, 55),
    (Archetype.STARTUP, 15),
    (Archetype.SEASONAL, 10),
    (Archetype.SHRINKING, 10),
    (Archetype.DISTRESSED, 6),
    (Archetype.DEAD, 4),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A person who does not exist."""

    name: str
    id_no: str
    mobile: str
    born: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The fixed facts of one firm. Months are month numbers, money is fen.

    ``onset`` is when trouble begins (shrinking, distressed, dead), else None; ``closed_on`` the
    day the registry or the tax office ends it. ``quiet_months`` are calendar months (1 to 12)
    without sales. ``noise`` is the spread of monthly figures. ``background`` says whether the
    rare bad events of ordinary firms may happen.
    """

    uscc: str
    archetype: Archetype
    name: str
    industry: Industry
    ent_type: str
    district: str
    address: str
    est_date: date
    rep: Person
    reg_cap_fen: int
    staff: int
    sales_fen: int  # A usual month.
    growth: float  # Yearly.
    noise: float = 0.08
    tax_bp: int  # Own taxes of sales.
    general_vat: bool
    insured_share: float
    fund_share: float  # Of the insured; 0: no housing-fund account.
    own_meter: bool
    tariff: str
    kwh_per_10k: int
    fen_per_kwh: int
    tech: bool
    onset: int | None = None
    closed_on: date | None = None
    quiet_months: frozenset[int] = frozenset()
    background: bool = True
    rating: str | None = None
    tax_fen: int | None = None  # Own taxes of every month, instead of ``tax_bp``.
    certified: bool = False  # High-tech certificate renewed early, with patents and R&D.

    @property
    def draw(self) -> Draw:
        """The firm's own chance."""
        return Draw.of(self.uscc)

    @property
    def opened(self) -> int:
        """Month number of the opening day."""
        return month_of(self.est_date)

    @property
    def individual(self) -> bool:
        """Whether it is an individual business (个体工商户)."""
        return self.uscc.startswith("92")

    def active(self, month: int) -> bool:
        """Whether monthly rows exist: opened, and not closed before the month ended."""
        if month < self.opened:
            return False
        return self.closed_on is None or month < month_of(self.closed_on)


def make_person(name: str, born: date, serial: int) -> Person:
    """A person with a valid ID number and the mobile that belongs to it."""
    id_no = codes.make_id(born, serial)
    return Person(name, id_no, codes.mobile_of(name, id_no), born)


def _person(draw: Draw, era: int) -> Person:
    born = date(era - draw.between(26, 61, "rep age"), 1, 1)
    born = date(born.year, draw.between(1, 12, "rep month"), draw.between(1, 28, "rep day"))
    return make_person(names.person_name(draw, "rep"), born, draw.between(0, 999, "rep serial"))


def _opening_day(draw: Draw, archetype: Archetype, era: int) -> date:
    if archetype is Archetype.STARTUP:
        return add_months(date(era, 6, draw.between(1, 28, "day")), -draw.between(2, 23, "young"))
    year = draw.between(2003, era - 3, "year")
    return date(year, draw.between(1, 12, "month"), draw.between(1, 28, "day"))


def _onset(draw: Draw, archetype: Archetype, era: int) -> int | None:
    """Trouble begins 4 to 20 months before June of the era."""
    troubled = (Archetype.SHRINKING, Archetype.DISTRESSED, Archetype.DEAD)
    june = era * 12 + _JUNE
    return june - draw.between(4, 20, "onset") if archetype in troubled else None


def _closing_day(draw: Draw, archetype: Archetype, onset: int | None) -> date | None:
    if archetype is not Archetype.DEAD or onset is None or not draw.chance(0.6, "closes"):
        return None
    month = onset + draw.between(2, 6, "closes after")
    return date(month // 12, month % 12 + 1, draw.between(2, 28, "closes day"))


def _staff(draw: Draw, archetype: Archetype, *, individual: bool) -> int:
    if individual:
        return draw.between(1, 6, "staff")
    if archetype is Archetype.STARTUP:
        return draw.between(2, 14, "staff")
    return draw.weighted(
        (
            (draw.between(3, 8, "staff", 1), 35),
            (draw.between(9, 20, "staff", 2), 38),
            (draw.between(21, 60, "staff", 3), 22),
            (draw.between(61, 190, "staff", 4), 5),
        ),
        "staff",
    )


def _ent_type(draw: Draw, name: str, *, individual: bool) -> str:
    if individual:
        return "9500"
    if "股份" in name:
        return "1200"
    return draw.weighted((("1130", 60), ("1100", 18), ("1150", 20), ("4540", 2)), "ent type")


@lru_cache(maxsize=4096)
def draw_profile(uscc: str) -> Profile:
    """The firm of a valid sandbox code."""
    draw, era, individual = Draw.of(uscc), codes.era_of(uscc), uscc.startswith("92")
    archetype = draw.weighted(SHARES, "archetype")
    industry = draw.weighted([(i, i.weight) for i in names.INDUSTRIES], "industry")
    onset = _onset(draw, archetype, era)
    name = names.firm_name(draw, industry, individual=individual)
    code, district, street, _ = draw.weighted([(d, d[3]) for d in names.DISTRICTS], "district")
    staff = _staff(draw, archetype, individual=individual)
    per_head = draw.between(*industry.sales_per_head, "sales per head")
    maker = industry.code.startswith("C")
    return Profile(
        uscc=uscc,
        archetype=archetype,
        name=name,
        industry=industry,
        ent_type=_ent_type(draw, name, individual=individual),
        district=code,
        address=f"山东省济南市{district}{street}{draw.between(1, 299, 'number')}号",
        est_date=_opening_day(draw, archetype, era),
        rep=_person(draw, era),
        reg_cap_fen=draw.pick((10, 30, 50, 100, 200, 200, 300, 500, 1000, 2000), "cap") * _WAN,
        staff=staff,
        sales_fen=staff * per_head * _WAN // 12,
        growth=draw.real(-0.03, 0.12, "growth"),
        tax_bp=draw.between(150, 420, "tax"),
        general_vat=staff >= 20 or draw.chance(0.15, "vat"),  # noqa: PLR2004 - about 38 %
        insured_share=draw.real(0.7, 1.0, "insured") if draw.chance(0.86, "insures") else 0.0,
        fund_share=draw.real(0.6, 1.0, "fund") if draw.chance(0.42, "fund opened") else 0.0,
        own_meter=draw.chance(0.75 if maker else 0.5, "own meter"),
        tariff="01" if maker and staff > 40 else "02",  # noqa: PLR2004 - large industry
        kwh_per_10k=draw.between(*industry.kwh_per_10k, "kwh"),
        fen_per_kwh=draw.between(58, 82, "kwh price"),
        tech=industry.tech,
        onset=onset,
        closed_on=_closing_day(draw, archetype, onset),
        quiet_months=_quiet(draw, archetype),
    )


def _quiet(draw: Draw, archetype: Archetype) -> frozenset[int]:
    if archetype is not Archetype.SEASONAL:
        return frozenset()
    start, length = draw.between(0, 11, "quiet from"), draw.between(0, 5, "quiet for")
    return frozenset((start + step) % 12 + 1 for step in range(length))
