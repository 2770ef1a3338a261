"""中级人民法院: dishonest judgment debtors, enforcement, consumption limits, lawsuits."""

from yidaitong.departments.definitions import (
    NOT_RELEASED,
    Department,
    Item,
    ItemType,
    Resource,
    UpdateCycle,
)
from yidaitong.departments.fields import (
    BOOL,
    DATE,
    FEN,
    LIST,
    PERSONAL,
    STRING,
    Field,
    Unit,
)
from yidaitong.departments.reading import Reading, Record, Value
from yidaitong.kernel.text import Text

_ORGANISATION = "1"  # 2: a natural person, such as the representative; never counted.
_OPEN_STATES = ("1", "2")  # 1 in enforcement, 2 suspended for lack of assets, 3 closed.

_SUBJECT = Field(
    "subject",
    Text("被执行主体", "Subject"),
    STRING,
    length=1,
    codes=("1", "2"),
    pi_class=PERSONAL,
    pi_when="representative",
)

_DIS = Resource(
    code="COURT.DIS",
    text=Text("失信被执行人", "Dishonest judgment debtors"),
    update=UpdateCycle.DAILY,
    freshness_sla_days=2,
    look_back_months=60,
    open=True,
    negative_list=True,
    fields=(
        Field(
            "dishonest",
            Text("失信记录", "Entries"),
            LIST,
            rows=(
                Field("case_no", Text("案号", "Case"), STRING),
                Field("court", Text("执行法院", "Court"), STRING),
                Field("basis_no", Text("执行依据文号", "Basis"), STRING),
                Field("duty", Text("确定的义务", "Duty"), STRING),
                Field("performance", Text("履行情况", "Performance"), STRING, codes=tuple("123")),
                Field("behaviour", Text("失信行为", "Behaviour"), STRING, codes=tuple("123456")),
                Field("publish", Text("发布日期", "Published on"), DATE),
                Field("expire", Text("到期日期", "Expires on"), DATE),
                Field("removed", Text("撤销日期", "Removed on"), DATE),
                _SUBJECT,
            ),
        ),
    ),
)

_EXE = Resource(
    code="COURT.EXE",
    text=Text("被执行人", "Judgment debtors"),
    update=UpdateCycle.DAILY,
    freshness_sla_days=2,
    look_back_months=60,
    open=True,
    negative_list=True,
    fields=(
        Field(
            "exec",
            Text("执行案件", "Enforcement cases"),
            LIST,
            rows=(
                Field("case_no", Text("案号", "Case"), STRING),
                Field("basis_no", Text("执行依据文号", "Basis"), STRING),
                Field("filed", Text("立案日期", "Filed on"), DATE),
                Field("target_fen", Text("执行标的", "Target"), FEN, Unit.YUAN),
                Field("done_fen", Text("已执行", "Executed"), FEN, Unit.YUAN),
                Field("state", Text("案件状态", "State"), STRING, codes=("1", "2", "3")),
                _SUBJECT,
            ),
        ),
    ),
)

_LIM = Resource(
    code="COURT.LIM",
    text=Text("限制消费人员", "Consumption limits"),
    update=UpdateCycle.DAILY,
    freshness_sla_days=2,
    look_back_months=60,
    open=True,
    fields=(
        Field(
            "limit",
            Text("限制消费", "Limits"),
            LIST,
            rows=(
                _SUBJECT,
                Field("date", Text("限制日期", "Since"), DATE),
                Field("lifted", Text("解除日期", "Lifted on"), DATE),
            ),
        ),
    ),
)

_SUIT = Resource(
    code="COURT.SUIT",
    text=Text("涉诉、保全与破产", "Lawsuits, preservation, bankruptcy"),
    update=UpdateCycle.DAILY,
    freshness_sla_days=2,
    look_back_months=60,
    onward_release=False,
    onward_basis=NOT_RELEASED,
    fields=(
        Field(
            "suits",
            Text("涉诉", "Lawsuits"),
            LIST,
            pi_class=PERSONAL,
            pi_when="person",
            rows=(
                Field("case_no", Text("案号", "Case"), STRING),
                Field("role", Text("诉讼地位", "Role"), STRING, codes=("原告", "被告", "第三人")),
                Field("cause", Text("案由", "Cause"), STRING),
                Field("amount_fen", Text("标的", "Amount"), FEN, Unit.YUAN),
                Field("filed", Text("立案日期", "Filed on"), DATE),
                Field("stage", Text("阶段", "Stage"), STRING, codes=("1", "2", "3")),
            ),
        ),
        Field(
            "freeze",
            Text("财产保全", "Preservation"),
            LIST,
            rows=(
                Field("case_no", Text("案号", "Case"), STRING),
                Field("amount_fen", Text("保全金额", "Amount"), FEN, Unit.YUAN),
                Field("from_on", Text("保全日期", "Since"), DATE),
                Field("to", Text("到期日期", "Until"), DATE),
            ),
        ),
        Field("bankr", Text("是否破产", "In bankruptcy"), BOOL),
    ),
)


def _listed(row: Record, reading: Reading) -> bool:
    if row.text("subject") != _ORGANISATION or not row.is_null("removed"):
        return False
    return row.is_null("expire") or row.day("expire") >= reading.on


def _dishonest_open(reading: Reading) -> Value:
    return sum(_listed(row, reading) for row in reading.record.rows("dishonest"))


def _exec_open(reading: Reading) -> Value:
    return sum(
        max(0, row.fen("target_fen") - row.fen("done_fen"))
        for row in reading.record.rows("exec")
        if row.text("subject") == _ORGANISATION and row.text("state") in _OPEN_STATES
    )


_ITEMS = (
    Item(
        name="court.dishonest_open",
        text=Text("失信记录", "Open entries as dishonest debtor"),
        type=ItemType.INT,
        low=0,
        high=999,
        resource="COURT.DIS",
        fields=("dishonest",),
        on_no_record=0,
        formula=_dishonest_open,
    ),
    Item(
        name="court.exec_open_fen",
        text=Text("未结执行额", "Open enforcement amount"),
        type=ItemType.FEN,
        resource="COURT.EXE",
        fields=("exec",),
        on_no_record=0,
        formula=_exec_open,
    ),
)

DEPARTMENT = Department(
    code="COURT",
    order=5,
    text=Text("中级人民法院", "Intermediate People's Court"),
    uscc="11370199MB250187XK",
    resources=(_DIS, _EXE, _LIM, _SUIT),
    items=_ITEMS,
)
