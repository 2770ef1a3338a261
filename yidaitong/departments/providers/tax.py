"""税务局: registration, credit rating, tax paid, filings, invoices, violations, statements."""

from functools import partial

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
    BP,
    DATE,
    DUTY,
    FEN,
    INT,
    LIST,
    MONTH,
    NUMBER,
    STRING,
    Field,
    Unit,
)
from yidaitong.departments.reading import Reading, Record, UnknownError, Value, Why, month_of
from yidaitong.kernel.text import Text

_RATINGS = ("A", "B", "M", "C", "D")
_VAT = "10101"
_WITHHELD = "10106"  # Individual income tax withheld for staff: not the firm's own.
_OWN_TAX = "1"  # Not 2 late fee, not 3 refund.
_RATING_LIFE_MONTHS = 24

_monthly = partial(Resource, update=UpdateCycle.MONTHLY, freshness_sla_days=50, look_back_months=36)

_ID = _monthly(
    code="TAX.ID",
    text=Text("税务登记", "Tax registration"),
    fields=(
        Field("tin", Text("纳税人识别号", "Taxpayer number"), STRING, length=20),
        Field(
            "status",
            Text("纳税人状态", "Taxpayer status"),
            STRING,
            length=2,
            codes=("03", "04", "05", "06", "07"),
        ),
        Field("vat_kind", Text("增值税类型", "VAT kind"), STRING, length=1, codes=("1", "2")),
    ),
)

_RATE = Resource(
    code="TAX.RATE",
    text=Text("纳税信用级别", "Tax credit rating"),
    update=UpdateCycle.YEARLY,
    freshness_sla_days=400,
    look_back_months=24,
    fields=(
        Field("rating", Text("级别", "Rating"), STRING, length=1, codes=_RATINGS),
        Field("year", Text("评价年度", "Year rated"), INT),
        Field("score", Text("得分", "Score"), NUMBER),
    ),
)

_PAY = _monthly(
    code="TAX.PAY",
    text=Text("税款入库", "Tax paid"),
    fields=(
        Field(
            "paid",
            Text("已缴税款", "Tax paid"),
            LIST,
            rows=(
                Field("month", Text("所属月份", "Month"), MONTH),
                Field("code", Text("征收项目", "Tax code"), STRING, length=5),
                Field(
                    "kind",
                    Text("税款种类", "Kind"),
                    STRING,
                    length=1,
                    codes=("1", "2", "3"),  # 1 tax, 2 late fee, 3 refund.
                ),
                Field("amount_fen", Text("金额", "Amount"), FEN, Unit.YUAN),
                Field("in_date", Text("入库日期", "Received on"), DATE),
            ),
        ),
        Field("paid_12m_fen", Text("近12月入库", "Paid in 12 months"), FEN, Unit.YUAN),
        Field("relief_12m_fen", Text("近12月减免", "Relief in 12 months"), FEN, Unit.YUAN),
    ),
)

_FILE = _monthly(
    code="TAX.FILE",
    text=Text("纳税申报", "Tax filings"),
    fields=(
        Field(
            "filings",
            Text("申报", "Filings"),
            LIST,
            rows=(
                Field("month", Text("所属月份", "Month"), MONTH),
                Field("tax", Text("税种", "Tax code"), STRING, length=5),
                Field("sales_fen", Text("销售额", "Sales"), FEN, Unit.YUAN),
                Field("payable_fen", Text("应纳税额", "Payable"), FEN, Unit.YUAN),
                Field("filed_on", Text("申报日期", "Filed on"), DATE),
                Field("late", Text("是否逾期", "Late"), BOOL),
            ),
        ),
        Field("zero_months_12m", Text("零申报月数", "Zero filings in 12 months"), INT),
        Field("late_12m", Text("逾期申报次数", "Late filings in 12 months"), INT),
        Field("sales_12m_fen", Text("近12月销售额", "Sales of 12 months"), FEN, Unit.YUAN),
        Field("sales_prev_fen", Text("前12月销售额", "Sales of the 12 before"), FEN, Unit.YUAN),
    ),
)

_INV = _monthly(
    code="TAX.INV",
    text=Text("增值税发票", "VAT invoices"),
    onward_release=False,
    onward_basis=NOT_RELEASED,
    fields=(
        Field(
            "inv",
            Text("发票", "Invoices"),
            LIST,
            rows=(
                Field("month", Text("月份", "Month"), MONTH),
                Field("out_fen", Text("销项", "Issued"), FEN, Unit.YUAN),
                Field("in_fen", Text("进项", "Received"), FEN, Unit.YUAN),
                Field("red_fen", Text("红字", "Credited"), FEN, Unit.YUAN),
                Field("buyers", Text("客户数", "Buyers"), INT),
                Field("top1_bp", Text("最大客户占比", "Largest buyer's share"), BP),
            ),
        ),
    ),
)

_VIO = _monthly(
    code="TAX.VIO",
    text=Text("欠税与违法", "Tax arrears and violations"),
    look_back_months=60,
    negative_list=True,
    fields=(
        Field("arrears_fen", Text("欠税余额", "Tax arrears"), FEN, Unit.YUAN),
        Field("arrears_since", Text("欠税起始", "In arrears since"), DATE),
        Field(
            "violations",
            Text("涉税违法", "Violations"),
            LIST,
            pi_class=DUTY,
            rows=(
                Field("kind", Text("违法类型", "Kind"), STRING),
                Field("amount_fen", Text("涉案金额", "Amount"), FEN, Unit.YUAN),
                Field("date", Text("认定日期", "Found on"), DATE),
                Field("status", Text("处理状态", "Status"), STRING, codes=("1", "2")),
            ),
        ),
    ),
)

_FIN = Resource(
    code="TAX.FIN",
    text=Text("财务报表", "Financial statements"),
    update=UpdateCycle.QUARTERLY,
    freshness_sla_days=130,
    look_back_months=24,
    fields=(
        Field(
            "fin",
            Text("财务报表", "Statements"),
            LIST,
            rows=(
                Field("month", Text("期末月份", "Period ends"), MONTH),
                Field("assets_fen", Text("资产", "Assets"), FEN, Unit.YUAN),
                Field("liab_fen", Text("负债", "Liabilities"), FEN, Unit.YUAN),
                Field("revenue_fen", Text("营业收入", "Revenue"), FEN, Unit.YUAN),
                Field("profit_fen", Text("利润", "Profit"), FEN, Unit.YUAN),  # May be negative.
            ),
        ),
    ),
)


def _rating(reading: Reading) -> Value:
    """The latest published rating; one whose year ended over 24 months ago is no rating."""
    rating = reading.record.text("rating")
    december = reading.record.number("year") * 12 + 11
    if month_of(reading.on) - december > _RATING_LIFE_MONTHS:
        raise UnknownError(Why.STALE)
    return rating


def _paid(reading: Reading, months: range) -> Value:
    rows = reading.monthly(reading.record.rows("paid"), months)
    own = [r for r in rows if r.text("kind") == _OWN_TAX and r.text("code") != _WITHHELD]
    return sum(row.fen("amount_fen") for row in own)


def _vat_filings(reading: Reading) -> list[Record]:
    rows = [r for r in reading.record.rows("filings") if r.text("tax") == _VAT]
    return reading.monthly(rows, reading.window(12))


def _zero_months(reading: Reading) -> Value:
    sales: dict[int, int] = {}
    for row in _vat_filings(reading):
        month = row.month("month")
        sales[month] = sales.get(month, 0) + row.fen("sales_fen")
    return sum(total == 0 for total in sales.values())


def _sales(reading: Reading) -> Value:
    return sum(row.fen("sales_fen") for row in _vat_filings(reading))


_own_tax = partial(
    Item,
    type=ItemType.FEN,
    resource="TAX.PAY",
    fields=("paid",),
    filters=(("paid.code", "ne", _WITHHELD),),
    on_no_record=0,
)

_ITEMS = (
    Item(
        name="tax.rating",
        text=Text("纳税信用级别", "Tax credit rating"),
        type=ItemType.CODE,
        codes=_RATINGS,
        resource="TAX.RATE",
        fields=("rating", "year"),
        formula=_rating,
    ),
    _own_tax(
        name="tax.paid_12m_fen",
        text=Text("近12个月缴税", "Tax paid in the last 12 months"),
        months=12,
        formula=lambda reading: _paid(reading, reading.window(12)),
    ),
    _own_tax(
        name="tax.paid_prev12m_fen",
        text=Text("前12个月缴税", "Tax paid in the 12 months before"),
        months=24,
        formula=lambda reading: _paid(reading, reading.window(12, before=12)),
    ),
    Item(
        name="tax.zero_months_12m",
        text=Text("近12个月零申报月数", "Months with zero filings, last 12"),
        type=ItemType.INT,
        low=0,
        high=12,
        resource="TAX.FILE",
        fields=("filings",),
        on_no_record=12,
        months=12,
        formula=_zero_months,
    ),
    Item(
        name="tax.sales_12m_fen",
        text=Text("近12个月销售额", "Sales declared in the last 12 months"),
        type=ItemType.FEN,
        resource="TAX.FILE",
        fields=("filings",),
        on_no_record=0,
        months=12,
        formula=_sales,
    ),
    Item(
        name="tax.arrears_fen",
        text=Text("欠税", "Tax arrears"),
        type=ItemType.FEN,
        resource="TAX.VIO",
        fields=("arrears_fen",),
        on_no_record=0,
        formula=lambda reading: reading.record.fen("arrears_fen"),
    ),
)

DEPARTMENT = Department(
    code="TAX",
    order=2,
    text=Text("税务局", "Taxation"),
    uscc="11370199MB22018425",
    resources=(_ID, _RATE, _PAY, _FILE, _INV, _VIO, _FIN),
    items=_ITEMS,
)
