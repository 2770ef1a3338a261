"""科学技术局: qualifications, patents and research spending (with 知识产权 and 工信 data)."""

from functools import partial

from yidaitong.departments.definitions import (
    Department,
    Item,
    ItemType,
    Resource,
    ShareType,
    UpdateCycle,
)
from yidaitong.departments.fields import (
    BOOL,
    DATE,
    FEN,
    INT,
    LIST,
    PERSONAL,
    STRING,
    Field,
    Unit,
)
from yidaitong.departments.reading import Reading, Record, UnknownError, Value, Why
from yidaitong.kernel.codes import whole_months
from yidaitong.kernel.text import Text

_LEVELS = ("1", "2", "3")  # City, province, nation.
_INVENTION = "1"
_UTILITY = "2"
_IN_FORCE = "1"

_QUAL = Resource(
    code="STI.QUAL",
    text=Text("科技资质", "Technology qualifications"),
    update=UpdateCycle.EVENT,
    freshness_sla_days=400,
    look_back_months=None,
    share_type=ShareType.UNCONDITIONAL,
    fields=(
        Field(
            "hte",
            Text("高新技术企业证书", "High-tech certificates"),
            LIST,
            rows=(
                Field("hte_no", Text("证书编号", "Number"), STRING),
                Field("hte_from", Text("发证日期", "Valid from"), DATE),
                Field("hte_to", Text("有效期止", "Valid to"), DATE),
            ),
        ),
        Field(
            "tsme",
            Text("科技型中小企业", "Technology SME"),
            LIST,
            rows=(
                Field("tsme_no", Text("入库编号", "Number"), STRING, length=18),
                Field("year", Text("年度", "Year"), INT),
            ),
        ),
        Field(
            "srdi",
            Text("专精特新", "Specialised and innovative"),
            LIST,
            rows=(
                Field("level", Text("级别", "Level"), STRING, codes=_LEVELS),
                Field("giant", Text("小巨人", "Little giant"), BOOL),
                Field("from_on", Text("认定日期", "Valid from"), DATE),
                Field("to", Text("有效期止", "Valid to"), DATE),
            ),
        ),
        Field(
            "projects",
            Text("科技计划项目", "Research projects"),
            LIST,
            rows=(
                Field("name", Text("项目名称", "Name"), STRING),
                Field("year", Text("年度", "Year"), INT),
                Field("amount_fen", Text("资助额", "Grant"), FEN, Unit.YUAN),
            ),
        ),
        Field("vouchers_fen", Text("创新券", "Innovation vouchers"), FEN, Unit.YUAN),
        Field(
            "defaults",
            Text("科研失信", "Research misconduct"),
            BOOL,
            pi_class=PERSONAL,
            pi_when="person",
        ),
    ),
)

_IP = Resource(
    code="STI.IP",
    text=Text("专利", "Patents"),
    update=UpdateCycle.EVENT,
    freshness_sla_days=400,
    look_back_months=None,
    share_type=ShareType.UNCONDITIONAL,
    fields=(
        Field(
            "patents",
            Text("专利", "Patents"),
            LIST,
            rows=(
                Field("patent_no", Text("专利号", "Number"), STRING, length=14),
                Field("kind", Text("类型", "Kind"), STRING, codes=("1", "2", "3")),
                Field("applied", Text("申请日", "Applied on"), DATE),
                Field("granted", Text("授权公告日", "Granted on"), DATE),
                # 1 in force, 2 pending, 3 lapsed, 4 invalidated.
                Field("legal_state", Text("法律状态", "State"), STRING, codes=tuple("1234")),
                Field("pledged", Text("是否质押", "Pledged"), BOOL),
            ),
        ),
    ),
)

_RD = Resource(
    code="STI.RD",
    text=Text("研发费用", "Research spending"),
    update=UpdateCycle.YEARLY,
    freshness_sla_days=400,
    look_back_months=36,
    fields=(
        Field(
            "rd",
            Text("研发费用", "Research spending"),
            LIST,
            rows=(
                Field("year", Text("年度", "Year"), INT),
                Field("rd_fen", Text("研发费用", "Spending"), FEN, Unit.YUAN),
            ),
        ),
    ),
)


def _valid(row: Record, reading: Reading) -> bool:
    return row.day("hte_from") <= reading.on <= row.day("hte_to")


def _hte_valid(reading: Reading) -> Value:
    return sum(_valid(row, reading) for row in reading.record.rows("hte")) > 0


def _hte_months_left(reading: Reading) -> Value:
    valid = [row for row in reading.record.rows("hte") if _valid(row, reading)]
    return max((whole_months(reading.on, row.day("hte_to")) for row in valid), default=0)


def _srdi(reading: Reading) -> Value:
    """Highest live level; 0 for none."""
    live = [
        row.text("level")
        for row in reading.record.rows("srdi")
        if row.day("from_on") <= reading.on and (row.is_null("to") or row.day("to") >= reading.on)
    ]
    return max(live, default="0")


def _live_patents(reading: Reading, kinds: tuple[str, ...]) -> Value:
    return sum(
        row.text("kind") in kinds
        and row.text("legal_state") == _IN_FORCE
        and not row.is_null("granted")
        and row.day("granted") <= reading.on
        and not row.flag("pledged")
        for row in reading.record.rows("patents")
    )


def _rd_last(reading: Reading) -> Value:
    """R&D of the last full year; a year before the opening day counts 0."""
    year = (reading.m0 + 1) // 12 - 1
    found = [row for row in reading.record.rows("rd") if row.number("year") == year]
    opened = reading.established_on
    if not found and (opened is None or opened.year <= year):
        raise UnknownError(Why.PARTIAL if reading.partial else Why.MISSING)
    return sum(row.fen("rd_fen") for row in found)


_qual = partial(Item, resource="STI.QUAL")
_patents = partial(
    Item,
    resource="STI.IP",
    fields=("patents",),
    type=ItemType.INT,
    low=0,
    high=999,
    on_no_record=0,
)

_ITEMS = (
    _qual(
        name="sti.hte_valid",
        text=Text("高新技术企业有效", "High-tech certificate valid"),
        type=ItemType.BOOL,
        fields=("hte",),
        on_no_record=False,
        formula=_hte_valid,
    ),
    _qual(
        name="sti.hte_months_left",
        text=Text("高企证书剩余月数", "Months left of the high-tech certificate"),
        type=ItemType.INT,
        low=0,
        high=36,
        fields=("hte",),
        on_no_record=0,
        formula=_hte_months_left,
    ),
    _qual(
        name="sti.srdi",
        text=Text("专精特新级别", "Specialised and innovative, level"),
        type=ItemType.CODE,
        codes=("0", *_LEVELS),
        fields=("srdi",),
        on_no_record="0",
        formula=_srdi,
    ),
    _qual(
        name="sti.research_default",
        text=Text("科研失信", "Research misconduct"),
        type=ItemType.BOOL,
        fields=("defaults",),
        on_no_record=False,
        formula=lambda reading: reading.record.flag("defaults"),
    ),
    _patents(
        name="sti.inventions_live",
        text=Text("有效发明专利", "Live invention patents"),
        formula=lambda reading: _live_patents(reading, (_INVENTION,)),
    ),
    _patents(
        name="sti.patents_live",
        text=Text("有效专利", "Live patents"),
        formula=lambda reading: _live_patents(reading, (_INVENTION, _UTILITY)),
    ),
    Item(
        name="sti.rd_last_fen",
        text=Text("上年研发费用", "R&D spending of the last full year"),
        type=ItemType.FEN,
        resource="STI.RD",
        fields=("rd",),
        on_no_record=0,
        months=12,
        formula=_rd_last,
    ),
)

DEPARTMENT = Department(
    code="STI",
    order=8,
    text=Text("科学技术局", "Science and Technology"),
    uscc="11370199MB28019013",
    resources=(_QUAL, _IP, _RD),
    items=_ITEMS,
)
