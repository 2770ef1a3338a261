"""市场监督管理局: registration, changes, abnormal and dishonest lists, penalties, reports."""

from functools import partial

from yidaitong.departments.definitions import (
    AnswerForm,
    Department,
    Item,
    ItemType,
    Resource,
    ShareType,
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
    PERSONAL,
    SENSITIVE,
    STRING,
    Field,
    Unit,
)
from yidaitong.departments.reading import Reading, Value
from yidaitong.kernel.codes import whole_months
from yidaitong.kernel.text import Text

_STATUS = ("1", "2", "3", "4", "5", "6", "9")
_SIZES = ("L", "M", "S", "XS")
_CLASSES = tuple("ABCDEFGHIJKLMNOPQRST")  # GB/T 4754-2017, first sign.
_CITY = "3701"

_LISTED = (
    Field("reason", Text("列入原因", "Reason"), STRING),
    Field("in_date", Text("列入日期", "Listed on"), DATE),
    Field("organ", Text("决定机关", "Authority"), STRING),
    Field("out_date", Text("移出日期", "Removed on"), DATE),
    Field("out_reason", Text("移出原因", "Reason of removal"), STRING),
)
_PLEDGED = (
    Field("doc_no", Text("登记编号", "Number"), STRING),
    Field("pledgor", Text("出质人/抵押人", "Pledgor"), STRING, pi_class=PERSONAL, pi_when="person"),
    Field("creditor", Text("质权人/抵押权人", "Creditor"), STRING),
    Field("amount_fen", Text("数额", "Amount"), FEN, Unit.WAN),
    Field("date", Text("登记日期", "Registered on"), DATE),
    Field("state", Text("状态", "State"), STRING, codes=("1", "2")),
)

_daily = partial(Resource, update=UpdateCycle.DAILY, freshness_sla_days=2, look_back_months=60)

_REG = _daily(
    code="SAMR.REG",
    text=Text("企业登记信息", "Business registration"),
    share_type=ShareType.UNCONDITIONAL,
    answer_form=AnswerForm.SD_JWT,
    fields=(
        Field(
            "uscc",
            Text("统一社会信用代码", "Unified social credit code"),
            STRING,
            length=18,
            pi_class=PERSONAL,
            pi_when="92",
        ),
        Field("reg_no", Text("注册号", "Registration number"), STRING, length=15),
        Field("name", Text("名称", "Name"), STRING, length=100),
        Field(
            "ent_type",
            Text("企业类型", "Type of enterprise"),
            STRING,
            length=4,
            codes=("1100", "1130", "1150", "1200", "4540", "9500"),
        ),
        Field("status", Text("登记状态", "Registration status"), STRING, length=1, codes=_STATUS),
        Field("est_date", Text("成立日期", "Established on"), DATE),
        Field("open_to", Text("营业期限止", "Term ends on"), DATE),
        Field("reg_cap_fen", Text("注册资本", "Registered capital"), FEN, Unit.WAN),
        Field("paid_cap_fen", Text("实缴资本", "Paid-in capital"), FEN, Unit.WAN),
        Field("industry", Text("行业代码", "Industry code"), STRING, length=5),
        Field("scope", Text("经营范围", "Business scope"), STRING),
        Field("address", Text("住所", "Address"), STRING),
        Field(
            "address_state",
            Text("住所核查", "Address check"),
            STRING,
            length=1,
            codes=("1", "2"),  # 1 reachable, 2 lost contact.
        ),
        Field("district", Text("区划", "District"), STRING, length=6),
        Field("rep_name", Text("法定代表人", "Legal representative"), STRING, pi_class=DUTY),
        Field(
            "rep_id",
            Text("法定代表人身份证号", "Representative's ID number"),
            STRING,
            length=18,
            pi_class=SENSITIVE,
            match_only=True,
        ),
        Field(
            "rep_mobile",
            Text("法定代表人手机", "Representative's mobile"),
            STRING,
            length=11,
            pi_class=SENSITIVE,
            match_only=True,
        ),
        # Whole years, computed by the department from the ID number, which stays there.
        Field("rep_age", Text("法定代表人周岁", "Representative's age"), INT, pi_class=PERSONAL),
        # Whose age it is; the register signs both as one record.
        Field(
            "rep_id_masked",
            Text("法定代表人身份证号(掩码)", "Representative's ID number, masked"),
            STRING,
            length=18,
            pi_class=PERSONAL,
            beside="rep_age",
        ),
        Field(
            "officers",
            Text("董监高", "Officers"),
            LIST,
            pi_class=DUTY,
            rows=(
                Field("name", Text("姓名", "Name"), STRING, pi_class=DUTY),
                Field("post", Text("职务", "Post"), STRING),
            ),
        ),
        Field(
            "holders",
            Text("股东", "Shareholders"),
            LIST,
            pi_class=PERSONAL,
            pi_when="natural person",
            rows=(
                Field("name", Text("名称", "Name"), STRING, pi_class=PERSONAL),
                Field("kind", Text("类别", "Kind"), STRING, codes=("1", "2")),  # Natural, legal.
                Field("subscribed_fen", Text("认缴额", "Subscribed"), FEN, Unit.WAN),
                Field("ratio_bp", Text("持股比例", "Share"), BP),
            ),
        ),
        Field("size", Text("企业规模", "Size"), STRING, length=2, codes=_SIZES),
    ),
)

_CHG = _daily(
    code="SAMR.CHG",
    text=Text("变更记录", "Changes of registration"),
    look_back_months=36,
    fields=(
        Field(
            "changes",
            Text("变更", "Changes"),
            LIST,
            pi_class=PERSONAL,
            pi_when="person",
            rows=(
                Field("item", Text("变更事项", "What"), STRING),
                Field("before", Text("变更前", "Before"), STRING),
                Field("after", Text("变更后", "After"), STRING),
                Field("date", Text("核准日期", "Approved on"), DATE),
            ),
        ),
    ),
)

_ABN = _daily(
    code="SAMR.ABN",
    text=Text("经营异常名录", "List of abnormal operation"),
    open=True,
    negative_list=True,
    fields=(Field("abn", Text("经营异常", "Entries"), LIST, rows=_LISTED),),
)

_SVI = _daily(
    code="SAMR.SVI",
    text=Text("严重违法失信名单", "List of serious violations"),
    open=True,
    negative_list=True,
    fields=(Field("svi", Text("严重违法失信", "Entries"), LIST, rows=_LISTED),),
)

_PEN = _daily(
    code="SAMR.PEN",
    text=Text("行政处罚", "Administrative penalties"),
    fields=(
        Field(
            "penalties",
            Text("行政处罚", "Penalties"),
            LIST,
            rows=(
                Field("doc_no", Text("文书号", "Document"), STRING),
                Field("type", Text("处罚种类", "Kind"), STRING),
                Field("amount_fen", Text("罚款", "Fine"), FEN, Unit.YUAN),
                Field("date", Text("决定日期", "Decided on"), DATE),
            ),
        ),
    ),
)

_PLG = _daily(
    code="SAMR.PLG",
    text=Text("股权出质与动产抵押", "Share pledges and chattel mortgages"),
    fields=(
        Field("pledge", Text("股权出质", "Share pledges"), LIST, rows=_PLEDGED),
        Field("chattel", Text("动产抵押", "Chattel mortgages"), LIST, rows=_PLEDGED),
    ),
)

_ANN = Resource(
    code="SAMR.ANN",
    text=Text("企业年报", "Annual reports"),
    update=UpdateCycle.YEARLY,
    freshness_sla_days=400,
    look_back_months=36,
    fields=(
        Field(
            "annual",
            Text("年报", "Annual reports"),
            LIST,
            rows=(
                Field("year", Text("年度", "Year"), INT),
                Field("staff", Text("从业人数", "Staff"), INT),
                Field("ss_headcount", Text("参保人数", "Insured staff"), INT),
                Field("assets_fen", Text("资产总额", "Assets"), FEN, Unit.WAN),
                Field("revenue_fen", Text("营业收入", "Revenue"), FEN, Unit.WAN),
                Field("public", Text("是否公示", "Published"), BOOL),
            ),
        ),
    ),
)


def _age_months(reading: Reading) -> Value:
    return whole_months(reading.record.day("est_date"), reading.on)


def _open_entries(name: str, reading: Reading) -> Value:
    return sum(row.is_null("out_date") for row in reading.record.rows(name))


_reg = partial(Item, resource="SAMR.REG")
_listed = partial(Item, type=ItemType.INT, low=0, high=999, on_no_record=0)

_ITEMS = (
    _reg(
        name="reg.in_city",
        text=Text("在本市", "In the city"),
        type=ItemType.BOOL,
        fields=("district",),
        formula=lambda reading: reading.record.text("district").startswith(_CITY),
    ),
    _reg(
        name="reg.status",
        text=Text("登记状态", "Registration status"),
        type=ItemType.CODE,
        codes=_STATUS,
        fields=("status",),
        formula=lambda reading: reading.record.text("status"),
    ),
    _reg(
        name="reg.size",
        text=Text("企业规模", "Size of enterprise"),
        type=ItemType.CODE,
        codes=_SIZES,
        fields=("size",),
        formula=lambda reading: reading.record.text("size"),
    ),
    _reg(
        name="reg.industry_class",
        text=Text("行业门类", "Industry class"),
        type=ItemType.CODE,
        codes=_CLASSES,
        fields=("industry",),
        formula=lambda reading: reading.record.text("industry")[:1],
    ),
    _reg(
        name="reg.age_months",
        text=Text("成立月数", "Months since establishment"),
        type=ItemType.INT,
        low=0,
        high=2400,
        fields=("est_date",),
        formula=_age_months,
    ),
    _reg(
        name="reg.legal_rep_age",
        text=Text("法定代表人年龄", "Age of the legal representative"),
        type=ItemType.INT,
        low=0,
        high=120,
        fields=("rep_age",),
        personal=True,
        formula=lambda reading: reading.record.number("rep_age"),
    ),
    _listed(
        name="reg.abnormal_open",
        text=Text("经营异常", "Open entries of abnormal operation"),
        resource="SAMR.ABN",
        fields=("abn",),
        formula=lambda reading: _open_entries("abn", reading),
    ),
    _listed(
        name="reg.serious_open",
        text=Text("严重失信", "Open entries of serious violation"),
        resource="SAMR.SVI",
        fields=("svi",),
        formula=lambda reading: _open_entries("svi", reading),
    ),
)

DEPARTMENT = Department(
    code="SAMR",
    order=1,
    text=Text("市场监督管理局", "Market Regulation"),
    uscc="11370199MB2101833L",
    resources=(_REG, _CHG, _ABN, _SVI, _PEN, _PLG, _ANN),
    items=_ITEMS,
)
