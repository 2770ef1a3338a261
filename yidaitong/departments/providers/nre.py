"""自然资源局 / 不动产登记中心: real estate owned by the firm, mortgages, seizures."""

from yidaitong.departments.definitions import Department, Item, ItemType, Resource, UpdateCycle
from yidaitong.departments.fields import (
    BOOL,
    BP,
    DATE,
    FEN,
    INT,
    LIST,
    NUMBER,
    PERSONAL,
    STRING,
    Field,
    Unit,
)
from yidaitong.departments.reading import Reading, Record
from yidaitong.kernel.text import Text

_OWN = Resource(
    code="NRE.OWN",
    text=Text("不动产权属", "Real estate owned"),
    update=UpdateCycle.REAL_TIME,
    freshness_sla_days=1,
    look_back_months=None,
    fields=(
        Field("owned", Text("名下有无", "Owns any"), BOOL),
        Field(
            "units",
            Text("不动产", "Units"),
            LIST,
            rows=(
                Field("unit_no", Text("不动产单元号", "Unit number"), STRING, length=28),
                Field("cert_no", Text("权证号", "Certificate"), STRING),
                Field("right", Text("权利类型", "Right"), STRING),
                Field("use", Text("用途", "Use"), STRING, codes=("0601", "0501", "0701")),
                Field("area_m2", Text("建筑面积", "Floor area"), NUMBER, Unit.M2),
                Field("land_m2", Text("土地面积", "Land area"), NUMBER, Unit.M2),
                Field("term_to", Text("使用期限止", "Term ends on"), DATE),
                Field(
                    "co_owned",
                    Text("是否共有", "Co-owned"),
                    BOOL,
                    pi_class=PERSONAL,
                    pi_when="co-owner",
                ),
                Field("share_bp", Text("份额", "Share"), BP),
            ),
        ),
    ),
)

_MTG = Resource(
    code="NRE.MTG",
    text=Text("不动产抵押", "Mortgages"),
    update=UpdateCycle.REAL_TIME,
    freshness_sla_days=1,
    look_back_months=None,
    fields=(
        Field(
            "mortgage",
            Text("抵押", "Mortgages"),
            LIST,
            rows=(
                Field("cert_no", Text("登记证明号", "Number"), STRING),
                Field("mortgagee", Text("抵押权人", "Mortgagee"), STRING),
                Field("claim_fen", Text("债权数额", "Claim"), FEN, Unit.WAN),
                Field("kind", Text("抵押方式", "Kind"), STRING, codes=("1", "2")),  # 一般, 最高额.
                Field("from_on", Text("债务起始", "From"), DATE),
                Field("to", Text("债务终止", "To"), DATE),
                Field("rank", Text("顺位", "Rank"), INT),
            ),
        ),
    ),
)

_SEI = Resource(
    code="NRE.SEI",
    text=Text("不动产查封", "Seizures"),
    update=UpdateCycle.REAL_TIME,
    freshness_sla_days=1,
    look_back_months=None,
    negative_list=True,
    fields=(
        Field(
            "seizure",
            Text("查封", "Seizures"),
            LIST,
            rows=(
                Field("organ", Text("查封机关", "Authority"), STRING),
                Field("doc_no", Text("查封文号", "Document"), STRING),
                Field("kind", Text("查封类型", "Kind"), STRING, codes=("1", "2")),  # 首封, 轮候.
                Field("from_on", Text("查封起始", "From"), DATE),
                Field("to", Text("查封终止", "To"), DATE),
            ),
        ),
    ),
)


def _in_force(row: Record, reading: Reading) -> bool:
    return row.is_null("to") or row.day("to") >= reading.on


_ITEMS = (
    Item(
        name="nre.seizure_open",
        text=Text("不动产查封", "Open seizures of real estate"),
        type=ItemType.INT,
        low=0,
        high=999,
        resource="NRE.SEI",
        fields=("seizure",),
        on_no_record=0,
        formula=lambda r: sum(_in_force(row, r) for row in r.record.rows("seizure")),
    ),
)


DEPARTMENT = Department(
    code="NRE",
    order=6,
    text=Text("自然资源和规划局(不动产登记中心)", "Natural Resources (Real Estate Registry)"),
    uscc="11370199MB26018899",
    resources=(_OWN, _MTG, _SEI),
    items=_ITEMS,
)
