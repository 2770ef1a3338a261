"""人力资源和社会保障局: social insurance, in aggregates only, and labour inspection."""

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
    INT,
    LIST,
    MONTH,
    PERSONAL,
    STRING,
    Field,
    Unit,
)
from yidaitong.departments.reading import Reading, Value
from yidaitong.kernel.text import Text

_KINDS = ("110", "210", "310", "410", "510")

_SUM = Resource(
    code="HRSS.SUM",
    text=Text("社会保险参保汇总", "Social insurance summary"),
    update=UpdateCycle.MONTHLY,
    freshness_sla_days=40,
    look_back_months=36,
    fields=(
        Field("unit_no", Text("单位编号", "Unit number"), STRING, length=10),
        Field(
            "kinds",
            Text("险种", "Kinds of insurance"),
            LIST,
            rows=(Field("code", Text("险种", "Kind"), STRING, length=3, codes=_KINDS),),
        ),
        Field("arrears_fen", Text("社保欠费", "Arrears"), FEN, Unit.YUAN),
        Field("arrears_months", Text("欠费月数", "Months in arrears"), INT),
        Field(
            "training",
            Text("培训补贴", "Training subsidies"),
            LIST,
            rows=(
                Field("year", Text("年度", "Year"), INT),
                Field("amount_fen", Text("金额", "Amount"), FEN, Unit.YUAN),
            ),
        ),
        Field("stab_fen", Text("稳岗补贴", "Job stability subsidy"), FEN, Unit.YUAN),
    ),
)

_MON = Resource(
    code="HRSS.MON",
    text=Text("社会保险逐月缴费", "Social insurance by month"),
    update=UpdateCycle.MONTHLY,
    freshness_sla_days=40,
    look_back_months=36,
    fields=(
        Field(
            "months",
            Text("逐月", "By month"),
            LIST,
            pi_class=PERSONAL,
            pi_when="2 persons or fewer",
            rows=(
                Field("month", Text("月份", "Month"), MONTH),
                Field("insured", Text("参保人数", "Insured"), INT),
                Field("base_fen", Text("缴费基数", "Base"), FEN, Unit.YUAN),
                Field("due_fen", Text("应缴", "Due"), FEN, Unit.YUAN),
                Field("paid_fen", Text("实缴", "Paid"), FEN, Unit.YUAN),
                Field("in_date", Text("到账日期", "Received on"), DATE),
            ),
        ),
        Field(
            "insured_now",
            Text("参保人数", "Insured now"),
            INT,
            pi_class=PERSONAL,
            pi_when="2 persons or fewer",
        ),
        Field("insured_avg12", Text("平均参保人数", "Insured, mean of 12 months"), INT),
        Field("months_paid_24", Text("足额月数", "Months paid in full, of 24"), INT),
    ),
)

_LAB = Resource(
    code="HRSS.LAB",
    text=Text("劳动保障监察", "Labour inspection"),
    update=UpdateCycle.MONTHLY,
    freshness_sla_days=40,
    look_back_months=60,
    onward_release=False,
    onward_basis=NOT_RELEASED,
    fields=(
        Field(
            "wage_cases",
            Text("欠薪与监察案件", "Wage cases"),
            LIST,
            pi_class=PERSONAL,
            pi_when="masked",
            rows=(
                Field("doc_no", Text("文书号", "Document"), STRING),
                Field("amount_fen", Text("金额", "Amount"), FEN, Unit.YUAN),
                Field("date", Text("立案日期", "Opened on"), DATE),
                Field("closed", Text("是否结案", "Closed"), BOOL),
            ),
        ),
    ),
)


def _insured_now(reading: Reading) -> Value:
    rows = reading.monthly(reading.record.rows("months"), reading.window(1))
    return sum(row.number("insured") for row in rows)


def _insured_average(reading: Reading) -> Value:
    """Floor mean of 12 months, or from the first insured month if that is later."""
    insured = {row.month("month"): row.number("insured") for row in reading.record.rows("months")}
    window = reading.window(12)
    first = min((m for m in insured if insured[m] > 0 and m < window.stop), default=window.start)
    counted = range(max(window.start, first), window.stop)
    reading.require(insured, window if reading.partial else counted)
    return sum(insured.get(month, 0) for month in counted) // len(counted)


def _months_paid(reading: Reading) -> Value:
    rows = reading.monthly(reading.record.rows("months"), reading.window(24))
    return sum(row.fen("paid_fen") >= row.fen("due_fen") > 0 for row in rows)


_ITEMS = (
    Item(
        name="ss.insured_now",
        text=Text("参保人数", "Insured staff now"),
        type=ItemType.INT,
        low=0,
        high=99999,
        resource="HRSS.MON",
        fields=("months",),
        on_no_record=0,
        months=1,
        formula=_insured_now,
    ),
    Item(
        name="ss.insured_avg12",
        text=Text("近12个月平均参保人数", "Insured staff, mean of 12 months"),
        type=ItemType.INT,
        low=0,
        high=99999,
        resource="HRSS.MON",
        fields=("months",),
        on_no_record=0,
        months=12,
        formula=_insured_average,
    ),
    Item(
        name="ss.months_paid_24",
        text=Text("近24个月社保足额月数", "Social insurance paid in full, months of 24"),
        type=ItemType.INT,
        low=0,
        high=24,
        resource="HRSS.MON",
        fields=("months",),
        on_no_record=0,
        months=24,
        formula=_months_paid,
    ),
    Item(
        name="ss.arrears_fen",
        text=Text("社保欠费", "Social insurance arrears"),
        type=ItemType.FEN,
        resource="HRSS.SUM",
        fields=("arrears_fen",),
        on_no_record=0,
        formula=lambda reading: reading.record.fen("arrears_fen"),
    ),
)

DEPARTMENT = Department(
    code="HRSS",
    order=3,
    text=Text("人力资源和社会保障局", "Human Resources and Social Security"),
    uscc="11370199MB2301851M",
    resources=(_SUM, _MON, _LAB),
    items=_ITEMS,
)
