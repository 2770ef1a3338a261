"""The whole life of a pull and of its lines: states, events, edges.

An edge that is not in these tables does not exist: the act is refused and nothing changes.
"""

from collections.abc import Mapping
from enum import StrEnum

from consent.service import EventType
from yidaitong.departments.answers import Outcome
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.text import Text


class PullState(StrEnum):
    """Where a pull stands."""

    # Wire format: append only.
    RECEIVED = "RECEIVED"
    AUTHORISED = "AUTHORISED"
    COLLECTING = "COLLECTING"
    SEALED = "SEALED"
    RELEASED = "RELEASED"
    ACKED = "ACKED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    LAPSED = "LAPSED"
    DISPUTED = "DISPUTED"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _TEXTS[self]


_TEXTS: Mapping[PullState, Text] = {
    PullState.RECEIVED: Text("已收到", "Received"),
    PullState.AUTHORISED: Text("已受理", "Authorised"),
    PullState.COLLECTING: Text("取数中", "Collecting"),
    PullState.SEALED: Text("已汇总", "Collected"),
    PullState.RELEASED: Text("已放行", "Released"),
    PullState.ACKED: Text("银行已确认", "Acknowledged by the bank"),
    PullState.REJECTED: Text("已拒绝", "Rejected"),
    PullState.CANCELLED: Text("已取消", "Cancelled"),
    PullState.FAILED: Text("失败", "Failed"),
    PullState.LAPSED: Text("逾期未取", "Lapsed"),
    PullState.DISPUTED: Text("有争议", "Disputed"),
}


class LineStatus(StrEnum):
    """What became of one resource of a pull. CANCELLED: the consent ended before it closed."""

    # Wire format: append only.
    PENDING = "PENDING"
    WITHHELD = "WITHHELD"
    DELIVERED = "DELIVERED"
    NO_DATA = "NO_DATA"
    DENIED_BY_SOURCE = "DENIED_BY_SOURCE"
    TIMEOUT = "TIMEOUT"
    FAILED = "FAILED"
    EXCLUDED_BY_SUBJECT = "EXCLUDED_BY_SUBJECT"
    UNSUPPORTED = "UNSUPPORTED"
    CANCELLED = "CANCELLED"

    @property
    def text(self) -> Text:
        """The status in words for people."""
        return _LINE_TEXTS[self]


_LINE_TEXTS: Mapping[LineStatus, Text] = {
    LineStatus.PENDING: Text("等待答复", "Waiting"),
    LineStatus.WITHHELD: Text("已答复,暂扣", "Answered, withheld"),
    LineStatus.DELIVERED: Text("已提供", "Delivered"),
    LineStatus.NO_DATA: Text("查无记录", "No record"),
    LineStatus.DENIED_BY_SOURCE: Text("来源拒绝", "Denied by the source"),
    LineStatus.TIMEOUT: Text("来源未按时答复", "No answer in time"),
    LineStatus.FAILED: Text("答复无效", "Bad answer"),
    LineStatus.EXCLUDED_BY_SUBJECT: Text("企业未授权", "Excluded by the enterprise"),
    LineStatus.UNSUPPORTED: Text("来源已停供", "Not served now"),
    LineStatus.CANCELLED: Text("已取消", "Cancelled"),
}

# Not released, not ended: what a stop cancels and a hold holds.
UNRELEASED = frozenset({PullState.AUTHORISED, PullState.COLLECTING, PullState.SEALED})
COLLECTING = frozenset({PullState.AUTHORISED, PullState.COLLECTING})
ENDED = frozenset(PullState) - UNRELEASED - {PullState.RECEIVED, PullState.RELEASED}

OPEN_LINES = frozenset({LineStatus.PENDING, LineStatus.WITHHELD})
# Lines that gave the recipient something: a fact, or that there is none.
GAVE = frozenset({LineStatus.DELIVERED, LineStatus.NO_DATA})
# Gave nothing, by the source's fault or ours: the call is given back.
REFUNDED = frozenset(
    {
        LineStatus.DENIED_BY_SOURCE,
        LineStatus.TIMEOUT,
        LineStatus.FAILED,
        LineStatus.UNSUPPORTED,
    }
)

_S = PullState
_E = EventType

# (state, event) → state.
PULL_LIFECYCLE: Mapping[tuple[PullState, EventType], PullState] = {
    (_S.RECEIVED, _E.PULL_REJECTED): _S.REJECTED,
    (_S.RECEIVED, _E.PULL_AUTHORISED): _S.AUTHORISED,
    **{(state, _E.PULL_LINE_SENT): _S.COLLECTING for state in COLLECTING},
    **{(state, _E.PULL_LINE_CLOSED): _S.COLLECTING for state in COLLECTING},
    # An answer that came back after the stop, thrown away unread.
    (_S.CANCELLED, _E.PULL_LINE_CLOSED): _S.CANCELLED,
    (_S.COLLECTING, _E.PULL_DONE): _S.SEALED,
    **{(state, _E.PULL_FAILED): _S.FAILED for state in UNRELEASED},
    **{(state, _E.PULL_CANCELLED): _S.CANCELLED for state in UNRELEASED},
    **{(state, _E.PULL_HELD): state for state in UNRELEASED},
    **{(state, _E.PULL_UNHELD): state for state in UNRELEASED},
    **{(state, _E.PULL_SLOT_REFUNDED): state for state in (_S.SEALED, _S.FAILED, _S.DISPUTED)},
    **{(state, _E.PULL_REPLAYED): state for state in _S if state is not _S.RECEIVED},
    (_S.SEALED, _E.PACKET_ISSUED): _S.RELEASED,
    (_S.RELEASED, _E.PACKET_FETCHED): _S.RELEASED,
    (_S.RELEASED, _E.PACKET_ACKED): _S.ACKED,
    (_S.RELEASED, _E.PACKET_DISPUTED): _S.DISPUTED,
    (_S.RELEASED, _E.PACKET_LAPSED): _S.LAPSED,
    (_S.RELEASED, _E.PACKET_WITHDRAWN): _S.CANCELLED,
}

_CLOSED = frozenset(LineStatus) - OPEN_LINES
# What a line may become; closed lines never move again.
LINE_LIFECYCLE: Mapping[LineStatus, frozenset[LineStatus]] = {
    LineStatus.PENDING: _CLOSED | {LineStatus.WITHHELD},
    LineStatus.WITHHELD: GAVE
    | {LineStatus.DENIED_BY_SOURCE, LineStatus.EXCLUDED_BY_SUBJECT}
    | {LineStatus.TIMEOUT, LineStatus.CANCELLED},
    **{status: frozenset() for status in _CLOSED},
}

OF_OUTCOME: Mapping[Outcome, LineStatus] = {
    Outcome.DATA: LineStatus.DELIVERED,
    Outcome.PARTIAL: LineStatus.DELIVERED,
    Outcome.STALE: LineStatus.DELIVERED,
    Outcome.NO_RECORD: LineStatus.NO_DATA,
    Outcome.NOT_AUTHORISED: LineStatus.DENIED_BY_SOURCE,
    Outcome.UNAVAILABLE: LineStatus.TIMEOUT,
    Outcome.RATE_LIMITED: LineStatus.TIMEOUT,
    Outcome.SUBJECT_MISMATCH: LineStatus.FAILED,
}


def after(state: PullState, event: EventType) -> PullState:
    """The state that ``event`` leads to.

    Raises:
        InvalidStateError: the event is impossible in ``state``.
    """
    try:
        return PULL_LIFECYCLE[state, event]
    except KeyError:
        raise InvalidStateError(f"{event} in {state}") from None
