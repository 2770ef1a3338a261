"""公用事业: electricity, water, gas and heating accounts of the firm."""

from functools import partial

from yidaitong.departments.definitions import Department, Item, ItemType, Resource, UpdateCycle
from yidaitong.departments.fields import (
    BOOL,
    BP,
    DATE,
    FEN,
    INT,
    LIST,
    MONTH,
    NUMBER,
    PERSONAL,
    STRING,
    Field,
    Unit,
)
from yidaitong.departments.reading import Reading, Record, Value
from yidaitong.kernel.text import Text

_TARIFFS = ("01", "02", "03")
_NO_ACCOUNT = "00"


def _account(kind: str, unit: Unit, more: tuple[Field, ...] = ()) -> Field:
    """The accounts of one utility; only those whose holder is the firm count anywhere."""
    bills = (
        Field("month", Text("账期", "Billing month"), MONTH),
        Field("qty", Text("用量", "Quantity"), NUMBER, unit),
        Field("fee_fen", Text("费用", "Fee"), FEN, Unit.YUAN),
        Field("due", Text("应缴日期", "Due on"), DATE),
        Field("paid_on", Text("实缴日期", "Paid on"), DATE),
    )
    rows = (
        Field("acct", Text("户号", "Account"), STRING, length=10),
        Field("kind", Text("类别", "Kind"), STRING, length=1, codes=(kind,)),
        Field("holder", Text("户名", "Holder"), STRING),
        # The department compares the holder with the name asked for.
        Field("holder_matches", Text("户名与企业名称一致", "Holder is the firm"), BOOL),
        Field("bills", Text("账单", "Bills"), LIST, rows=bills),
        Field("arrears_fen", Text("欠费", "Arrears"), FEN, Unit.YUAN),
        Field("late_12m", Text("近12月逾期次数", "Late payments in 12 months"), INT),
        Field("cut_12m", Text("近12月停供次数", "Cut-offs in 12 months"), INT),
        *more,
    )
    return Field("accounts", Text("用户账户", "Accounts"), LIST, rows=rows)


def _resource(code: str, text: Text, accounts: Field) -> Resource:
    return Resource(
        code=code,
        text=text,
        update=UpdateCycle.MONTHLY,
        freshness_sla_days=40,
        look_back_months=24,
        fields=(accounts,),
    )


_ELE = _resource(
    "UTIL.ELE",
    Text("用电信息", "Electricity"),
    _account(
        "E",
        Unit.KWH,
        (
            Field(
                "tariff",
                Text("用电类别", "Tariff"),
                STRING,
                length=2,
                codes=_TARIFFS,
                pi_class=PERSONAL,
                pi_when="03",
            ),
            Field("yoy_bp", Text("用电量同比", "Year on year"), BP),
            Field("theft", Text("违约用电", "Illegal use"), BOOL),
        ),
    ),
)
_WAT = _resource("UTIL.WAT", Text("用水信息", "Water"), _account("W", Unit.M3))
_GAS = _resource("UTIL.GAS", Text("用气信息", "Gas"), _account("G", Unit.M3))
_HEAT = _resource("UTIL.HEAT", Text("用热信息", "Heating"), _account("H", Unit.NONE))


def _own(reading: Reading) -> list[Record]:
    return [row for row in reading.record.rows("accounts") if row.flag("holder_matches")]


def _bills(reading: Reading, months: range) -> list[Record]:
    """Bills of the window, over all own accounts; each must cover it."""
    return [
        bill for account in _own(reading) for bill in reading.monthly(account.rows("bills"), months)
    ]


def _fee(reading: Reading, months: range) -> int:
    return sum(bill.fen("fee_fen") for bill in _bills(reading, months))


def _kwh(reading: Reading, months: range) -> Value:
    """Whole kWh: the sum is floored once."""
    return int(sum(bill.decimal("qty") for bill in _bills(reading, months)))


def _tariff(reading: Reading) -> Value:
    """Tariff of the own account with the largest 12-month fee; the lower number if equal."""
    window, fees = reading.window(12), []
    for account in _own(reading):
        bills = reading.monthly(account.rows("bills"), window)
        fees.append((-sum(bill.fen("fee_fen") for bill in bills), account.text("acct"), account))
    if not fees:
        return _NO_ACCOUNT
    return min(fees, key=lambda entry: entry[:2])[2].text("tariff")


def _months_used(reading: Reading) -> Value:
    bills = _bills(reading, reading.window(24))
    return len({bill.month("month") for bill in bills if bill.decimal("qty") > 0})


def _late(reading: Reading) -> Value:
    bills = _bills(reading, reading.window(12))
    return sum(not b.is_null("paid_on") and b.day("paid_on") > b.day("due") for b in bills)


_item = partial(Item, resource="UTIL.ELE", fields=("accounts",))
_count = partial(_item, type=ItemType.INT, low=0, on_no_record=0)
_fen = partial(_item, type=ItemType.FEN, on_no_record=0)
_flag = partial(_item, type=ItemType.BOOL, on_no_record=False)

_ITEMS = (
    _flag(
        name="util.ele_own_acct",
        text=Text("自有电户", "Electricity account in its own name"),
        formula=lambda reading: len(_own(reading)) > 0,
    ),
    _item(
        name="util.ele_tariff",
        text=Text("用电类别", "Electricity tariff"),
        type=ItemType.CODE,
        codes=(_NO_ACCOUNT, *_TARIFFS),
        on_no_record=_NO_ACCOUNT,
        months=12,
        formula=_tariff,
    ),
    _count(
        name="util.ele_months_24",
        text=Text("近24个月用电月数", "Months with electricity used, of 24"),
        high=24,
        months=24,
        formula=_months_used,
    ),
    _fen(
        name="util.ele_fee_12m_fen",
        text=Text("近12个月电费", "Electricity fees of the last 12 months"),
        months=12,
        formula=lambda reading: _fee(reading, reading.window(12)),
    ),
    _fen(
        name="util.ele_fee_prev12m_fen",
        text=Text("前12个月电费", "Electricity fees of the 12 months before"),
        months=24,
        formula=lambda reading: _fee(reading, reading.window(12, before=12)),
    ),
    _count(
        name="util.ele_kwh_12m",
        text=Text("近12个月电量", "Electricity of the last 12 months, kWh"),
        high=999_999_999,
        months=12,
        formula=lambda reading: _kwh(reading, reading.window(12)),
    ),
    _count(
        name="util.ele_kwh_prev12m",
        text=Text("前12个月电量", "Electricity of the 12 months before, kWh"),
        high=999_999_999,
        months=24,
        formula=lambda reading: _kwh(reading, reading.window(12, before=12)),
    ),
    _fen(
        name="util.ele_arrears_fen",
        text=Text("电费欠费", "Electricity arrears"),
        formula=lambda reading: sum(a.fen("arrears_fen") for a in _own(reading)),
    ),
    _count(
        name="util.ele_late_12m",
        text=Text("近12个月电费逾期次数", "Electricity bills paid late, last 12 months"),
        high=99,
        months=12,
        formula=_late,
    ),
    _count(
        name="util.ele_cut_12m",
        text=Text("近12个月停电次数", "Electricity cut-offs, last 12 months"),
        high=99,
        formula=lambda reading: sum(a.number("cut_12m") for a in _own(reading)),
    ),
    _flag(
        name="util.ele_theft",
        text=Text("违约用电", "Illegal use of electricity"),
        formula=lambda reading: sum(a.flag("theft") for a in _own(reading)) > 0,
    ),
)

DEPARTMENT = Department(
    code="UTIL",
    order=7,
    text=Text("公用事业(水电气热)", "Public Utilities"),
    uscc="11370199MB2701898R",
    resources=(_ELE, _WAT, _GAS, _HEAT),
    items=_ITEMS,
)
