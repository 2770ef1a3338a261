"""Names of codes and units of items, for people."""

from collections.abc import Mapping
from typing import Final

from yidaitong.departments.items import ITEMS, ItemType
from yidaitong.departments.reading import Value
from yidaitong.kernel.money import format_yuan
from yidaitong.kernel.text import Text

_YES: Final = Text("是", "yes")
_NO: Final = Text("否", "no")
_UNKNOWN: Final = Text("未知", "unknown")

_MONTHS: Final = Text(" 个月", " months")
_PEOPLE: Final = Text(" 人", " people")
_TIMES: Final = Text(" 次", " times")
_ENTRIES: Final = Text(" 条", " entries")
_PATENTS: Final = Text(" 件", " patents")
_KWH: Final = Text(" 千瓦时", " kWh")
_YEARS: Final = Text(" 周岁", " years")

UNITS: Final[Mapping[str, Text]] = {
    "reg.age_months": _MONTHS,
    "reg.legal_rep_age": _YEARS,
    "reg.abnormal_open": _ENTRIES,
    "reg.serious_open": _ENTRIES,
    "tax.zero_months_12m": _MONTHS,
    "court.dishonest_open": _ENTRIES,
    "ss.insured_now": _PEOPLE,
    "ss.insured_avg12": _PEOPLE,
    "ss.months_paid_24": _MONTHS,
    "hpf.members_now": _PEOPLE,
    "hpf.months_paid_24": _MONTHS,
    "nre.seizure_open": _ENTRIES,
    "sti.hte_months_left": _MONTHS,
    "sti.inventions_live": _PATENTS,
    "sti.patents_live": _PATENTS,
    "util.ele_months_24": _MONTHS,
    "util.ele_kwh_12m": _KWH,
    "util.ele_kwh_prev12m": _KWH,
    "util.ele_late_12m": _TIMES,
    "util.ele_cut_12m": _TIMES,
    "app.term_months": _MONTHS,
}

CODES: Final[Mapping[str, Mapping[str, Text]]] = {
    "reg.status": {
        "1": Text("存续", "trading"),
        "2": Text("吊销未注销", "licence revoked"),
        "3": Text("吊销已注销", "licence revoked and deregistered"),
        "4": Text("注销", "deregistered"),
        "5": Text("撤销", "registration cancelled"),
        "6": Text("迁出", "moved away"),
        "9": Text("其他", "other"),
    },
    "reg.size": {
        "L": Text("大型", "large"),
        "M": Text("中型", "medium"),
        "S": Text("小型", "small"),
        "XS": Text("微型", "micro"),
    },
    # GB/T 4754-2017.
    "reg.industry_class": {
        "A": Text("农、林、牧、渔业", "agriculture"),
        "B": Text("采矿业", "mining"),
        "C": Text("制造业", "manufacturing"),
        "D": Text("电力、热力、燃气及水的生产和供应业", "utilities"),
        "E": Text("建筑业", "construction"),
        "F": Text("批发和零售业", "wholesale and retail"),
        "G": Text("交通运输、仓储和邮政业", "transport and storage"),
        "H": Text("住宿和餐饮业", "accommodation and catering"),
        "I": Text("信息传输、软件和信息技术服务业", "information technology"),
        "J": Text("金融业", "finance"),
        "K": Text("房地产业", "real estate"),
        "L": Text("租赁和商务服务业", "leasing and business services"),
        "M": Text("科学研究和技术服务业", "research and technical services"),
        "N": Text("水利、环境和公共设施管理业", "environment and public facilities"),
        "O": Text("居民服务、修理和其他服务业", "services to households"),
        "P": Text("教育", "education"),
        "Q": Text("卫生和社会工作", "health and social work"),
        "R": Text("文化、体育和娱乐业", "culture and sports"),
        "S": Text("公共管理、社会保障和社会组织", "public administration"),
        "T": Text("国际组织", "international organisations"),
    },
    "tax.rating": {
        code: Text(f"{code} 级", f"rating {code}") for code in ("A", "B", "M", "C", "D")
    },
    "hpf.status": {
        "00": Text("未开户", "no account"),
        "01": Text("正常", "paying"),
        "02": Text("缓缴", "deferred"),
        "03": Text("封存", "sealed"),
        "04": Text("欠缴", "in arrears"),
        "09": Text("销户", "closed"),
    },
    "sti.srdi": {
        "0": Text("无", "none"),
        "1": Text("市级", "city level"),
        "2": Text("省级", "province level"),
        "3": Text("国家级", "national level"),
    },
    "util.ele_tariff": {
        "00": Text("无自有电户", "no account of its own"),
        "01": Text("大工业", "large industry"),
        "02": Text("一般工商业", "general business"),
        "03": Text("居民生活", "household"),
    },
}


def item_text(name: str) -> Text:
    """The name of an item."""
    return ITEMS[name].text


def value_text(name: str, value: Value | None) -> Text:
    """A value of an item with its unit: ``5,000.00 元``, ``24 个月``, ``存续``."""
    if value is None:
        return _UNKNOWN
    if isinstance(value, bool):
        return _YES if value else _NO
    if isinstance(value, str):
        return CODES.get(name, {}).get(value, Text(value, value))
    if ITEMS[name].type is ItemType.FEN:
        return yuan_text(value)
    unit = UNITS.get(name, Text("", ""))
    return Text(f"{value:,}{unit.zh}", f"{value:,}{unit.en}")


def yuan_text(fen: int) -> Text:
    """An amount of money."""
    amount = format_yuan(fen)
    return Text(f"{amount} 元", f"{amount} yuan")
