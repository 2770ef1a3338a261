"""The whole life of an application and of a loan: states, events, edges, in words for people.

An edge that is not in a table does not exist: the act is refused and nothing changes.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.text import Text


# Wire format: append only.
class ApplicationState(StrEnum):
    """Where an application (申请) stands."""

    DRAFT = "DRAFT"
    CANCELLED = "CANCELLED"
    SUBMITTED = "SUBMITTED"
    DECLINED_SCREEN = "DECLINED_SCREEN"
    ACCEPTED = "ACCEPTED"
    IN_REVIEW = "IN_REVIEW"
    NEED_INFO = "NEED_INFO"
    PENDING_CHECK = "PENDING_CHECK"
    RETURNED = "RETURNED"
    DECLINED = "DECLINED"
    APPROVED = "APPROVED"
    OFFER_SENT = "OFFER_SENT"
    OFFER_LAPSED = "OFFER_LAPSED"
    OFFER_ACCEPTED = "OFFER_ACCEPTED"
    CONTRACTED = "CONTRACTED"
    DISBURSED = "DISBURSED"
    WITHDRAWN = "WITHDRAWN"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _STATES[self]


_S = ApplicationState
_STATES: Final[Mapping[ApplicationState, Text]] = {
    _S.DRAFT: Text("草稿", "Draft"),
    _S.CANCELLED: Text("已取消", "Cancelled"),
    _S.SUBMITTED: Text("已提交", "Submitted"),
    _S.DECLINED_SCREEN: Text("初审未通过", "Not accepted"),
    _S.ACCEPTED: Text("已受理", "Accepted"),
    _S.IN_REVIEW: Text("审查中", "In review"),
    _S.NEED_INFO: Text("待补充材料", "More information needed"),
    _S.PENDING_CHECK: Text("待复核", "Waiting for the checker"),
    _S.RETURNED: Text("退回经办", "Returned to the maker"),
    _S.DECLINED: Text("未批准", "Declined"),
    _S.APPROVED: Text("已批准", "Approved"),
    _S.OFFER_SENT: Text("待企业确认", "Offer sent"),
    _S.OFFER_LAPSED: Text("要约已失效", "Offer lapsed"),
    _S.OFFER_ACCEPTED: Text("企业已接受", "Offer accepted"),
    _S.CONTRACTED: Text("已签约", "Contract signed"),
    _S.DISBURSED: Text("已放款", "Disbursed"),
    _S.WITHDRAWN: Text("已撤回", "Withdrawn"),
}


# Wire format: append only.
class ApplicationEvent(StrEnum):
    """What moves an application from one state to another."""

    CREATE = "create"
    CANCEL = "cancel"
    SUBMIT = "submit"
    SCREEN_OUT = "screen_out"
    ACCEPT = "accept"
    START_REVIEW = "start_review"
    ASK_INFO = "ask_info"
    GIVE_INFO = "give_info"
    RECOMMEND = "recommend"
    RETURN = "return"
    DECLINE = "decline"
    APPROVE = "approve"
    OFFER = "offer"
    OFFER_LAPSE = "offer_lapse"
    OFFER_ACCEPT = "offer_accept"
    OFFER_REFUSE = "offer_refuse"
    CONTRACT = "contract"
    DISBURSE = "disburse"
    WITHDRAW = "withdraw"

    @property
    def text(self) -> Text:
        """The event in words for people."""
        return _EVENTS[self]


_E = ApplicationEvent
_EVENTS: Final[Mapping[ApplicationEvent, Text]] = {
    _E.CREATE: Text("填写申请", "Application drafted"),
    _E.CANCEL: Text("取消申请", "Cancelled"),
    _E.SUBMIT: Text("提交申请", "Submitted"),
    _E.SCREEN_OUT: Text("初审未通过", "Not accepted: rules not met"),
    _E.ACCEPT: Text("银行受理", "Accepted by the bank"),
    _E.START_REVIEW: Text("开始审查", "Review started"),
    _E.ASK_INFO: Text("要求补充材料", "Information requested"),
    _E.GIVE_INFO: Text("补充材料", "Information given"),
    _E.RECOMMEND: Text("经办提交意见", "Recommended by the maker"),
    _E.RETURN: Text("复核退回", "Returned by the checker"),
    _E.DECLINE: Text("审批未通过", "Declined"),
    _E.APPROVE: Text("审批通过", "Approved"),
    _E.OFFER: Text("发出要约", "Offer sent"),
    _E.OFFER_LAPSE: Text("要约失效", "Offer lapsed"),
    _E.OFFER_ACCEPT: Text("接受要约", "Offer accepted"),
    _E.OFFER_REFUSE: Text("拒绝要约", "Offer refused"),
    _E.CONTRACT: Text("签订合同", "Contract signed"),
    _E.DISBURSE: Text("放款", "Disbursed"),
    _E.WITHDRAW: Text("企业撤回", "Withdrawn by the enterprise"),
}

_WITH_THE_BANK: Final = (
    _S.SUBMITTED,
    _S.ACCEPTED,
    _S.IN_REVIEW,
    _S.NEED_INFO,
    _S.PENDING_CHECK,
    _S.RETURNED,
    _S.APPROVED,
    _S.OFFER_SENT,
    _S.OFFER_ACCEPTED,
)

LIFECYCLE: Final[Mapping[tuple[ApplicationState, ApplicationEvent], ApplicationState]] = {
    (_S.DRAFT, _E.CANCEL): _S.CANCELLED,
    (_S.DRAFT, _E.SUBMIT): _S.SUBMITTED,
    (_S.SUBMITTED, _E.SCREEN_OUT): _S.DECLINED_SCREEN,
    (_S.SUBMITTED, _E.ACCEPT): _S.ACCEPTED,
    (_S.ACCEPTED, _E.START_REVIEW): _S.IN_REVIEW,
    (_S.RETURNED, _E.START_REVIEW): _S.IN_REVIEW,
    (_S.IN_REVIEW, _E.ASK_INFO): _S.NEED_INFO,
    (_S.NEED_INFO, _E.GIVE_INFO): _S.IN_REVIEW,
    (_S.IN_REVIEW, _E.RECOMMEND): _S.PENDING_CHECK,
    (_S.PENDING_CHECK, _E.RETURN): _S.RETURNED,
    (_S.PENDING_CHECK, _E.DECLINE): _S.DECLINED,
    (_S.PENDING_CHECK, _E.APPROVE): _S.APPROVED,
    (_S.APPROVED, _E.OFFER): _S.OFFER_SENT,
    (_S.OFFER_SENT, _E.OFFER_LAPSE): _S.OFFER_LAPSED,
    (_S.OFFER_SENT, _E.OFFER_ACCEPT): _S.OFFER_ACCEPTED,
    # The enterprise does not want it: its own act, so it ends as any withdrawal.
    (_S.OFFER_SENT, _E.OFFER_REFUSE): _S.WITHDRAWN,
    (_S.OFFER_ACCEPTED, _E.CONTRACT): _S.CONTRACTED,
    (_S.CONTRACTED, _E.DISBURSE): _S.DISBURSED,
    # Later tranches.
    (_S.DISBURSED, _E.DISBURSE): _S.DISBURSED,
    **{(state, _E.WITHDRAW): _S.WITHDRAWN for state in _WITH_THE_BANK},
}

# What the bank never saw, and what nothing follows.
PRIVATE: Final = frozenset({_S.DRAFT, _S.CANCELLED})
CLOSED: Final = frozenset(
    {_S.CANCELLED, _S.DECLINED_SCREEN, _S.DECLINED, _S.OFFER_LAPSED, _S.WITHDRAWN}
)


def after(state: ApplicationState, event: ApplicationEvent) -> ApplicationState:
    """The state that ``event`` leads to.

    Raises:
        InvalidStateError: the event is impossible in ``state``.
    """
    try:
        return LIFECYCLE[state, event]
    except KeyError:
        raise InvalidStateError(f"{event} in {state}") from None


# Wire format: append only.
class LoanState(StrEnum):
    """Where a loan (贷款) stands; computed from its events, never set by hand."""

    CONTRACTED = "CONTRACTED"
    ACTIVE = "ACTIVE"
    OVERDUE = "OVERDUE"
    DEFAULTED = "DEFAULTED"
    SETTLED = "SETTLED"
    WRITTEN_OFF = "WRITTEN_OFF"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _LOANS[self]


_L = LoanState
_LOANS: Final[Mapping[LoanState, Text]] = {
    _L.CONTRACTED: Text("已签约未放款", "Contract signed"),
    _L.ACTIVE: Text("正常还款", "Active"),
    _L.OVERDUE: Text("逾期", "Overdue"),
    _L.DEFAULTED: Text("不良", "Non-performing"),
    _L.SETTLED: Text("已结清", "Settled"),
    _L.WRITTEN_OFF: Text("已核销", "Written off"),
}


# Wire format: append only.
class LoanEventKind(StrEnum):
    """What a bank reports about a loan."""

    CONTRACT = "CONTRACT"
    DISBURSE = "DISBURSE"
    REPAY = "REPAY"
    EXTEND = "EXTEND"
    CLASSIFY = "CLASSIFY"
    OVERDUE = "OVERDUE"
    WRITEOFF = "WRITEOFF"
    SETTLE = "SETTLE"
    REVERSE = "REVERSE"

    @property
    def text(self) -> Text:
        """The kind in words for people."""
        return _KINDS[self]


_K = LoanEventKind
_KINDS: Final[Mapping[LoanEventKind, Text]] = {
    _K.CONTRACT: Text("签订合同", "Contract"),
    _K.DISBURSE: Text("放款", "Disbursement"),
    _K.REPAY: Text("还款", "Repayment"),
    _K.EXTEND: Text("展期", "Extension"),
    _K.CLASSIFY: Text("五级分类", "Classification"),
    _K.OVERDUE: Text("逾期", "Overdue"),
    _K.WRITEOFF: Text("核销", "Write-off"),
    _K.SETTLE: Text("结清", "Settlement"),
    _K.REVERSE: Text("冲正", "Reversal"),
}
