"""Words for names of firms, people and places."""

from dataclasses import dataclass

from yidaitong.sandbox.data.seeds import Draw


@dataclass(frozen=True, slots=True)
class Industry:
    """One industry (GB/T 4754-2017): code, word for names, electricity, people, research.

    ``kwh_per_10k`` is kWh per 10,000 元 of sales; ``sales_per_head`` 10,000 元 a year and person.
    """

    code: str
    word: str
    weight: int
    kwh_per_10k: tuple[int, int]
    sales_per_head: tuple[int, int]
    tech: bool = False
    seasonal: bool = False


INDUSTRIES = (
    Industry("C3812", "电机", 5, (250, 900), (35, 70), tech=True),
    Industry("C3484", "机械零部件", 6, (400, 1400), (30, 60), tech=True),
    Industry("C2927", "塑料制品", 4, (500, 1500), (30, 55)),
    Industry("C3311", "金属结构", 5, (300, 1200), (35, 65)),
    Industry("C1353", "食品", 4, (250, 800), (30, 60), seasonal=True),
    Industry("C2319", "印刷包装", 4, (300, 900), (28, 50)),
    Industry("C1819", "服装", 3, (200, 500), (20, 40), seasonal=True),
    Industry("C3989", "电子科技", 4, (200, 700), (40, 80), tech=True),
    Industry("C4011", "自动化仪表", 3, (200, 600), (40, 80), tech=True),
    Industry("C2770", "医疗器械", 2, (200, 600), (40, 75), tech=True),
    Industry("E5019", "建筑装饰工程", 6, (60, 200), (40, 80), seasonal=True),
    Industry("F5171", "商贸", 9, (60, 250), (60, 140)),
    Industry("F5124", "果品批发", 4, (80, 300), (60, 120), seasonal=True),
    Industry("F5281", "五金建材", 6, (60, 220), (50, 110)),
    Industry("F5191", "机电设备销售", 5, (60, 220), (60, 130)),
    Industry("G5430", "物流", 5, (80, 260), (35, 70)),
    Industry("H6210", "餐饮", 5, (250, 700), (18, 35)),
    Industry("I6513", "软件", 6, (60, 220), (35, 70), tech=True),
    Industry("I6540", "信息技术", 5, (60, 220), (35, 70), tech=True),
    Industry("L7259", "文化传媒", 4, (60, 180), (25, 50)),
    Industry("M7320", "新材料科技", 3, (120, 420), (40, 80), tech=True),
    Industry("N7820", "环境工程", 3, (80, 260), (35, 65)),
    Industry("O8011", "汽车维修", 3, (120, 400), (22, 45)),
    Industry("P8391", "教育咨询", 3, (60, 180), (18, 35), seasonal=True),
    Industry("K7020", "物业管理", 1, (100, 350), (14, 28)),
    Industry("J6760", "投资咨询", 1, (40, 120), (30, 60)),
)

DISTRICTS = (
    ("370102", "历下区", "解放路", 20),
    ("370103", "市中区", "经七路", 16),
    ("370104", "槐荫区", "经十西路", 11),
    ("370105", "天桥区", "北园大街", 13),
    ("370112", "历城区", "工业北路", 18),
    ("370113", "长清区", "大学路", 6),
    ("370114", "章丘区", "双山大街", 8),
    ("370115", "济阳区", "纬二路", 4),
    ("370124", "平阴县", "锦水街", 2),
    ("370126", "商河县", "商中路", 2),
)

_FIRST = "鑫恒瑞泰华盛德嘉益隆金宏博众诚信安远天润齐鲁泉城明正凯腾飞翔汇通达海晟源东方"
_SECOND = "源达泰丰盛隆业兴通顺康宇辉耀成益祥和利晨阳峰林森海洋川韵科创联合众合信德"
_FORMS = (("有限公司", 80), ("科技有限公司", 8), ("实业有限公司", 7), ("股份有限公司", 5))
_STALLS = (("商行", 40), ("经营部", 40), ("服务部", 20))

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉鹏慧建文斌宁玲志红飞燕波辉"


def firm_name(draw: Draw, industry: Industry, *, individual: bool) -> str:
    """济南 + 字号 + 行业 + 组织形式, or the name of an individual business."""
    brand = draw.pick(_FIRST, "brand", 1) + draw.pick(_SECOND, "brand", 2)
    if draw.chance(0.35, "brand", "long"):
        brand += draw.pick(_SECOND, "brand", 3)
    form = draw.weighted(_STALLS if individual else _FORMS, "form")
    if "科技" in industry.word and form.startswith("科技"):
        form = "有限公司"
    return f"济南{brand}{industry.word}{form}"


def person_name(draw: Draw, *label: object) -> str:
    """A Chinese name of two or three signs."""
    name = draw.pick(_SURNAMES, "surname", *label) + draw.pick(_GIVEN, "given", 1, *label)
    if draw.chance(0.7, "given", "long", *label):
        name += draw.pick(_GIVEN, "given", 2, *label)
    return name
