"""住房公积金中心: the housing fund, in aggregates only."""

from collections import Counter

from yidaitong.departments.definitions import Department, Item, ItemType, Resource, UpdateCycle
from yidaitong.departments.fields import BOOL, BP, DATE, FEN, INT, LIST, MONTH, STRING, Field, Unit
from yidaitong.departments.reading import Reading, Record, Value
from yidaitong.kernel.text import Text

_STATUS = ("01", "02", "03", "04", "09")
_NO_ACCOUNT = "00"
_MAX_BACK_PAY = 3  # More back-paid months in one remittance do not count.

_ACC = Resource(
    code="HPF.ACC",
    text=Text("住房公积金单位账户", "Housing fund account"),
    update=UpdateCycle.DAILY,
    freshness_sla_days=3,
    look_back_months=36,
    fields=(
        Field("acct", Text("单位账号", "Account"), STRING, length=12),
        Field("status", Text("账户状态", "Account status"), STRING, length=2, codes=_STATUS),
        Field("open_date", Text("开户日期", "Opened on"), DATE),
        Field("paid_to", Text("缴至年月", "Paid to"), MONTH),
        Field("rate_emp_bp", Text("单位缴存比例", "Employer's rate"), BP),
        Field("rate_ind_bp", Text("个人缴存比例", "Employee's rate"), BP),
        Field("members_now", Text("缴存人数", "Members now"), INT),
        Field("members_avg12", Text("平均缴存人数", "Members, mean of 12 months"), INT),
    ),
)

_MON = Resource(
    code="HPF.MON",
    text=Text("住房公积金逐月缴存", "Housing fund by month"),
    update=UpdateCycle.DAILY,
    freshness_sla_days=3,
    look_back_months=36,
    fields=(
        Field(
            "months",
            Text("逐月", "By month"),
            LIST,
            rows=(
                Field("month", Text("月份", "Month"), MONTH),
                Field("members", Text("缴存人数", "Members"), INT),
                Field("base_fen", Text("缴存基数", "Base"), FEN, Unit.YUAN),
                Field(
                    "amount_fen", Text("缴存额(单位与个人)", "Deposit, both sides"), FEN, Unit.YUAN
                ),
                Field("remitted_on", Text("汇缴日期", "Remitted on"), DATE),
                Field("back_pay", Text("是否补缴", "Back-paid"), BOOL),
            ),
        ),
        Field("paid_12m_fen", Text("近12月缴存额", "Deposits of 12 months"), FEN, Unit.YUAN),
        Field("months_paid_24", Text("足额月数", "Months paid in full, of 24"), INT),
    ),
)


def _remitted(rows: list[Record]) -> list[Record]:
    return [row for row in rows if row.fen("amount_fen") > 0 and not row.is_null("remitted_on")]


def _months_paid(reading: Reading) -> Value:
    """Months remitted; more than three months back-paid in one remittance do not count."""
    rows = reading.record.rows("months")
    back = Counter(row.day("remitted_on") for row in _remitted(list(rows)) if row.flag("back_pay"))
    paid = _remitted(reading.monthly(rows, reading.window(24)))
    return sum(
        not row.flag("back_pay") or back[row.day("remitted_on")] <= _MAX_BACK_PAY for row in paid
    )


def _paid_12m(reading: Reading) -> Value:
    rows = reading.monthly(reading.record.rows("months"), reading.window(12))
    return sum(row.fen("amount_fen") for row in _remitted(rows))


_ITEMS = (
    Item(
        name="hpf.status",
        text=Text("公积金账户状态", "Housing fund account status"),
        type=ItemType.CODE,
        codes=(_NO_ACCOUNT, *_STATUS),
        resource="HPF.ACC",
        fields=("status",),
        on_no_record=_NO_ACCOUNT,
        formula=lambda reading: reading.record.text("status"),
    ),
    Item(
        name="hpf.members_now",
        text=Text("公积金缴存人数", "Housing fund members now"),
        type=ItemType.INT,
        low=0,
        high=99999,
        resource="HPF.ACC",
        fields=("members_now",),
        on_no_record=0,
        formula=lambda reading: reading.record.number("members_now"),
    ),
    Item(
        name="hpf.months_paid_24",
        text=Text("近24个月公积金足额月数", "Housing fund paid in full, months of 24"),
        type=ItemType.INT,
        low=0,
        high=24,
        resource="HPF.MON",
        fields=("months",),
        on_no_record=0,
        months=24,
        formula=_months_paid,
    ),
    Item(
        name="hpf.paid_12m_fen",
        text=Text("近12个月公积金缴存额", "Housing fund deposits of the last 12 months"),
        type=ItemType.FEN,
        resource="HPF.MON",
        fields=("months",),
        on_no_record=0,
        months=12,
        formula=_paid_12m,
    ),
)

DEPARTMENT = Department(
    code="HPF",
    order=4,
    text=Text("住房公积金中心", "Housing Provident Fund"),
    uscc="11370199MB24018606",
    resources=(_ACC, _MON),
    items=_ITEMS,
)
