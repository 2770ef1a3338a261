"""Districts of Jinan by administrative division code (GB/T 2260; 116 and 117 since 2019)."""

from collections.abc import Mapping
from typing import Final

from yidaitong.kernel.text import Text

DISTRICTS: Final[Mapping[str, Text]] = {
    "370102": Text("历下区", "Lixia"),
    "370103": Text("市中区", "Shizhong"),
    "370104": Text("槐荫区", "Huaiyin"),
    "370105": Text("天桥区", "Tianqiao"),
    "370112": Text("历城区", "Licheng"),
    "370113": Text("长清区", "Changqing"),
    "370114": Text("章丘区", "Zhangqiu"),
    "370115": Text("济阳区", "Jiyang"),
    "370116": Text("莱芜区", "Laiwu"),
    "370117": Text("钢城区", "Gangcheng"),
    "370124": Text("平阴县", "Pingyin"),
    "370126": Text("商河县", "Shanghe"),
}
_UNKNOWN: Final = Text("未知", "Unknown")


def district_name(code: str | None) -> Text:
    """What a district is called; a code we do not know stands for itself."""
    if code is None:
        return _UNKNOWN
    return DISTRICTS.get(code, Text(code, code))
