"""The whole life of a notice and of a callback address: states, events, edges, what owes an answer.

An edge that is not in the table does not exist: the act is refused and nothing changes.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from consent.service import EventType
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.text import Text


class NoticeState(StrEnum):
    """Where a notice stands with its one receiver."""

    # Wire format: append only.
    PENDING = "PENDING"
    SENT = "SENT"
    ACKED = "ACKED"
    ESCALATED = "ESCALATED"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _TEXTS[self]


_TEXTS: Mapping[NoticeState, Text] = {
    NoticeState.PENDING: Text("待送达", "Not delivered yet"),
    NoticeState.SENT: Text("已送达", "Delivered"),
    NoticeState.ACKED: Text("已确认", "Acknowledged"),
    NoticeState.ESCALATED: Text("已上报", "Escalated"),
}


class ReceiverKind(StrEnum):
    """How a receiver is reached: by its callback address, by the gateway, in the portal."""

    # Wire format: append only.
    BANK = "BANK"
    DEPARTMENT = "DEPARTMENT"
    ENTERPRISE = "ENTERPRISE"

    @property
    def text(self) -> Text:
        """The kind in words for people."""
        return _KINDS[self]


_KINDS: Mapping[ReceiverKind, Text] = {
    ReceiverKind.BANK: Text("银行", "Bank"),
    ReceiverKind.DEPARTMENT: Text("部门", "Department"),
    ReceiverKind.ENTERPRISE: Text("企业", "Enterprise"),
}


class EndpointState(StrEnum):
    """Where a callback address stands; only the ACTIVE one of a bank is called."""

    # Wire format: append only.
    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"
    REVOKED = "REVOKED"
    REFUSED = "REFUSED"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _ENDPOINTS[self]


_ENDPOINTS: Mapping[EndpointState, Text] = {
    EndpointState.PROPOSED: Text("待复核", "Waits for a second person"),
    EndpointState.ACTIVE: Text("使用中", "In use"),
    EndpointState.RETIRED: Text("已替换", "Replaced"),
    EndpointState.REVOKED: Text("已停用", "Stopped"),
    EndpointState.REFUSED: Text("未通过", "Refused"),
}

_E = EventType

# Acts that owe their parties a notice, in words for people. A grant owes none: the bank asked for
# it and gets the artefact; a department gets the consent's digest with every question.
ACTS: Final[Mapping[EventType, Text]] = {
    _E.CONSENT_PAUSED: Text("授权已暂停", "Consent paused"),
    _E.CONSENT_RESUMED: Text("授权已恢复", "Consent resumed"),
    _E.CONSENT_SUSPENDED: Text("授权已中止", "Consent suspended"),
    _E.CONSENT_RESTORED: Text("授权中止已解除", "Suspension lifted"),
    _E.CONSENT_REVOKED: Text("授权已撤回", "Consent revoked"),
    _E.CONSENT_USE_WITHDRAWN: Text("已撤回数据使用", "Use of data withdrawn"),
    _E.CONSENT_EXPIRED: Text("授权已到期", "Consent expired"),
    _E.CONSENT_EXHAUSTED: Text("授权次数已用完", "All consented calls used"),
    _E.CONSENT_SUPERSEDED: Text("授权已更新", "Consent replaced by a newer version"),
    _E.CONSENT_VOIDED: Text("授权自始无效", "Consent never had force"),
    _E.CONSENT_VOID_FOUND: Text("已查明授权自始无效", "Found: consent never had force"),
}
# What the receiver must act upon and therefore answer for: data may not be used any more.
MUST_ACK: Final = frozenset(
    {
        _E.CONSENT_REVOKED,
        _E.CONSENT_USE_WITHDRAWN,
        _E.CONSENT_VOIDED,
        _E.CONSENT_VOID_FOUND,
    }
)
# The acts whose receipt lists the notices.
WITHDRAWALS: Final = frozenset({_E.CONSENT_REVOKED, _E.CONSENT_USE_WITHDRAWN})

_S = NoticeState

# (state, event) → state. A delivery after the escalation is a fact; only an answer ends that.
LIFECYCLE: Final[Mapping[tuple[NoticeState, EventType], NoticeState]] = {
    (_S.PENDING, _E.NOTICE_SENT): _S.SENT,
    (_S.ESCALATED, _E.NOTICE_SENT): _S.ESCALATED,
    # From PENDING too: who reads its notices by itself may answer before we reached it.
    **{(state, _E.NOTICE_ACKED): _S.ACKED for state in (_S.PENDING, _S.SENT, _S.ESCALATED)},
    **{(state, _E.NOTICE_ESCALATED): _S.ESCALATED for state in (_S.PENDING, _S.SENT)},
}


def after(state: NoticeState, event: EventType) -> NoticeState:
    """The state that ``event`` leads to.

    Raises:
        InvalidStateError: the event is impossible in ``state``.
    """
    try:
        return LIFECYCLE[state, event]
    except KeyError:
        raise InvalidStateError(f"{event} in {state}") from None


def owes_answer(kind: ReceiverKind, act: EventType) -> bool:
    """Whether a receiver must acknowledge; nobody has to read what they decided themselves."""
    return kind is not ReceiverKind.ENTERPRISE and act in MUST_ACK
