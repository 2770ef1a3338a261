"""A few designed firms whose answers tell one story, the same on every day."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from yidaitong.kernel.text import Text
from yidaitong.sandbox.data.names import INDUSTRIES, Industry
from yidaitong.sandbox.data.profile import Archetype, Profile, draw_profile, make_person

_WAN = 1_000_000  # Fen.


@dataclass(frozen=True, slots=True)
class Persona:
    """One designed firm: what it shows, and what differs from the firm its code would draw."""

    uscc: str
    story: Text
    profile: Profile


def _industry(code: str) -> Industry:
    return next(industry for industry in INDUSTRIES if industry.code == code)


def _persona(uscc: str, story: Text, facts: Mapping[str, object]) -> Persona:
    sound: dict[str, object] = {
        "archetype": Archetype.HEALTHY,
        "ent_type": "1130",
        "growth": 0.0,
        "noise": 0.0,
        "onset": None,
        "closed_on": None,
        "quiet_months": frozenset(),
        "background": False,
        "own_meter": False,
        "insured_share": 1.0,
        "fund_share": 0.0,
        "tech": False,
        "tariff": "02",
    }
    changes: dict[str, object] = {**sound, **facts}
    return Persona(uscc, story, replace(draw_profile(uscc), **changes))  # type: ignore[arg-type]


_ALL = (
    _persona(
        "91370199MA31U2DL73",
        Text("纳税稳定,税贷通过", "Pays taxes steadily: TAX-CREDIT passes"),
        {
            "name": "济南鑫源达机电有限公司",
            "industry": _industry("C3812"),
            "district": "370112",
            "address": "山东省济南市历城区工业北路188号",
            "est_date": date(2013, 5, 16),
            "rep": make_person("王建国", date(1974, 3, 15), 1),
            "reg_cap_fen": 500 * _WAN,
            "staff": 24,
            "sales_fen": 68 * _WAN,
            "tax_bp": 230,
            "general_vat": True,
            "rating": "B",
        },
    ),
    _persona(
        "91370199MA3H40CL89",
        Text("纳税不足 5,000 元,相差 2,000 元", "Taxes below the threshold by 2,000 元"),
        {
            "name": "济南瑞丰祥文化传媒有限公司",
            "industry": _industry("L7259"),
            "district": "370103",
            "address": "山东省济南市市中区经七路28号",
            "est_date": date(2014, 9, 3),
            "rep": make_person("李慧敏", date(1985, 6, 12), 2),
            "reg_cap_fen": 50 * _WAN,
            "staff": 3,
            "sales_fen": 1_250_000,
            "tax_fen": 25_000,
            "general_vat": False,
            "rating": "B",
        },
    ),
    _persona(
        "92370199MA3HH7712T",
        Text("季节经营,零申报五个月,转人工", "Five idle months a year: a person looks"),
        {
            "name": "济南泉康果品批发商行",
            "industry": _industry("F5124"),
            "ent_type": "9500",
            "district": "370105",
            "address": "山东省济南市天桥区北园大街301号",
            "est_date": date(2012, 4, 20),
            "rep": make_person("张志强", date(1979, 9, 8), 1),
            "reg_cap_fen": 30 * _WAN,
            "staff": 4,
            "sales_fen": 12 * _WAN,
            "tax_bp": 200,
            "general_vat": False,
            "rating": "B",
            "quiet_months": frozenset({1, 2, 3, 4, 5}),
        },
    ),
    _persona(
        "91370199MA3MG93DX8",
        Text("高新技术企业,科技贷通过", "High-tech firm: SCI-TECH passes"),
        {
            "name": "济南齐创自动化仪表科技有限公司",
            "industry": _industry("C4011"),
            "district": "370102",
            "address": "山东省济南市历下区解放路66号",
            "est_date": date(2011, 3, 10),
            "rep": make_person("刘明达", date(1981, 1, 20), 3),
            "reg_cap_fen": 1000 * _WAN,
            "staff": 46,
            "sales_fen": 210 * _WAN,
            "tax_bp": 260,
            "general_vat": True,
            "rating": "A",
            "tech": True,
            "certified": True,
        },
    ),
    _persona(
        "91370199MA3XMPL129",
        Text("社保公积金足额、自有电表", "Insurance, fund and own meter: two products pass"),
        {
            "name": "济南示例机电有限公司",
            "industry": _industry("C3484"),
            "district": "370114",
            "address": "山东省济南市章丘区双山大街9号",
            "est_date": date(2010, 7, 1),
            "rep": make_person("陈立军", date(1977, 11, 23), 1),
            "reg_cap_fen": 300 * _WAN,
            "staff": 18,
            "sales_fen": 70 * _WAN,
            "tax_bp": 220,
            "general_vat": True,
            "rating": "B",
            "fund_share": 1.0,
            "own_meter": True,
            "kwh_per_10k": 600,
            "fen_per_kwh": 70,
        },
    ),
)

PERSONAS: dict[str, Persona] = {persona.uscc: persona for persona in _ALL}
