"""The whole life of a packet and of the duty a bank owes for its copy: states, events, edges.

An edge that is not in these tables does not exist: the act is refused and nothing changes.
"""

from collections.abc import Mapping
from enum import StrEnum

from consent.service import EventType
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.text import Text


class PacketState(StrEnum):
    """Where a packet stands. ISSUED: in the log, waiting for its proof; SEALED: may be fetched."""

    # Wire format: append only.
    ISSUED = "ISSUED"
    SEALED = "SEALED"
    FETCHED = "FETCHED"
    ACKED = "ACKED"
    DISPUTED = "DISPUTED"
    LAPSED = "LAPSED"
    WITHDRAWN = "WITHDRAWN"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _TEXTS[self]


_TEXTS: Mapping[PacketState, Text] = {
    PacketState.ISSUED: Text("存证中", "Being recorded"),
    PacketState.SEALED: Text("待领取", "Ready to fetch"),
    PacketState.FETCHED: Text("已领取", "Fetched"),
    PacketState.ACKED: Text("已确认", "Acknowledged"),
    PacketState.DISPUTED: Text("有争议", "Disputed"),
    PacketState.LAPSED: Text("逾期未取", "Lapsed"),
    PacketState.WITHDRAWN: Text("已撤销", "Withdrawn"),
}

UNFETCHED = frozenset({PacketState.ISSUED, PacketState.SEALED})
OPEN = frozenset({PacketState.SEALED, PacketState.FETCHED, PacketState.ACKED})
GONE = frozenset({PacketState.LAPSED, PacketState.WITHDRAWN})

_S = PacketState
_E = EventType

# (state, event) → state. Sealing writes no leaf: it changes nothing anybody may rely on.
PACKET_LIFECYCLE: Mapping[tuple[PacketState, EventType], PacketState] = {
    (_S.SEALED, _E.PACKET_FETCHED): _S.FETCHED,
    (_S.FETCHED, _E.PACKET_FETCHED): _S.FETCHED,
    (_S.ACKED, _E.PACKET_FETCHED): _S.ACKED,
    (_S.FETCHED, _E.PACKET_ACKED): _S.ACKED,
    (_S.FETCHED, _E.PACKET_DISPUTED): _S.DISPUTED,
    # The outcome is a fact: it moves slots, never the state.
    (_S.DISPUTED, _E.PACKET_DISPUTE_RESOLVED): _S.DISPUTED,
    **{(state, _E.PACKET_LAPSED): _S.LAPSED for state in UNFETCHED},
    **{(state, _E.PACKET_WITHDRAWN): _S.WITHDRAWN for state in UNFETCHED},
}


class CopyState(StrEnum):
    """What a bank owes for a packet it fetched 留存义务."""

    # Wire format: append only.
    HELD = "HELD"
    ERASE_DUE = "ERASE_DUE"
    ERASE_OVERDUE = "ERASE_OVERDUE"
    ERASED = "ERASED"
    LEGAL_HOLD = "LEGAL_HOLD"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _COPY_TEXTS[self]


_COPY_TEXTS: Mapping[CopyState, Text] = {
    CopyState.HELD: Text("银行留存中", "Kept by the bank"),
    CopyState.ERASE_DUE: Text("待删除", "Erasure due"),
    CopyState.ERASE_OVERDUE: Text("逾期未删除", "Erasure overdue"),
    CopyState.ERASED: Text("已删除", "Erased"),
    CopyState.LEGAL_HOLD: Text("依法留存", "Legal hold"),
}


_C = CopyState
NOT_ERASED = frozenset(CopyState) - {CopyState.ERASED}
# What the clock and a withdrawal may still move.
RUNNING = frozenset({CopyState.HELD, CopyState.ERASE_DUE})

# (state, event) → state; None is before the first fetch (D1–D6).
COPY_LIFECYCLE: Mapping[tuple[CopyState | None, EventType], CopyState] = {
    (None, _E.COPY_OPENED): _C.HELD,
    # From ERASE_DUE too: its date moves up.
    **{(state, _E.COPY_ERASE_DUE): _C.ERASE_DUE for state in RUNNING},
    (_C.ERASE_DUE, _E.COPY_OVERDUE): _C.ERASE_OVERDUE,
    **{(state, _E.COPY_ERASED): _C.ERASED for state in (_C.HELD, _C.ERASE_DUE, _C.ERASE_OVERDUE)},
    **{(state, _E.COPY_HELD): _C.LEGAL_HOLD for state in NOT_ERASED},
    (_C.LEGAL_HOLD, _E.COPY_HOLD_LIFTED): _C.ERASE_DUE,
}


class HoldBasis(StrEnum):
    """Why a bank must keep a copy it would otherwise have to erase."""

    # Wire format: append only.
    LOAN_CONTRACT = "LOAN_CONTRACT"
    AML = "AML"
    ARCHIVE_DUTY = "ARCHIVE_DUTY"
    DISPUTE = "DISPUTE"

    @property
    def text(self) -> Text:
        """The basis in words for people."""
        return _BASIS_TEXTS[self]


_BASIS_TEXTS: Mapping[HoldBasis, Text] = {
    HoldBasis.LOAN_CONTRACT: Text("履行贷款合同", "Loan contract"),
    HoldBasis.AML: Text("反洗钱义务", "Anti-money-laundering duty"),
    HoldBasis.ARCHIVE_DUTY: Text("档案保管义务", "Duty to keep records"),
    HoldBasis.DISPUTE: Text("争议或诉讼", "Dispute or lawsuit"),
}


class Fault(StrEnum):
    """Whose fault a dispute turned out to be. PLATFORM gives the calls back."""

    # Wire format: append only.
    PLATFORM = "PLATFORM"
    BANK = "BANK"
    NOBODY = "NOBODY"

    @property
    def text(self) -> Text:
        """The outcome in words for people."""
        return _FAULT_TEXTS[self]


_FAULT_TEXTS: Mapping[Fault, Text] = {
    Fault.PLATFORM: Text("平台责任，次数退还", "The platform's fault: calls are given back"),
    Fault.BANK: Text("银行责任", "The bank's fault"),
    Fault.NOBODY: Text("无责任方", "Nobody's fault"),
}


class MismatchKind(StrEnum):
    """Which two books disagree about a released packet."""

    # Wire format: append only.
    LINE = "LINE"
    RELEASE = "RELEASE"
    ANSWER = "ANSWER"
    FETCH = "FETCH"
    RECEIPT = "RECEIPT"

    @property
    def text(self) -> Text:
        """The kind in words for people."""
        return _MISMATCH_TEXTS[self]


_MISMATCH_TEXTS: Mapping[MismatchKind, Text] = {
    MismatchKind.LINE: Text("部门答复与存证不符", "A department's answer differs from its entry"),
    MismatchKind.RELEASE: Text("签发与存证不符", "The release differs from its entry"),
    MismatchKind.ANSWER: Text("数据包与部门答复不符", "The packet differs from the answers"),
    MismatchKind.FETCH: Text("领取与存证不符", "Fetches differ from their entries"),
    MismatchKind.RECEIPT: Text("银行签收与签发不符", "The bank's receipt differs from the release"),
}


def after(state: PacketState, event: EventType) -> PacketState:
    """The state that ``event`` leads to.

    Raises:
        InvalidStateError: the event is impossible in ``state``.
    """
    try:
        return PACKET_LIFECYCLE[state, event]
    except KeyError:
        raise InvalidStateError(f"{event} in {state}") from None


def copy_after(state: CopyState | None, event: EventType) -> CopyState:
    """The state of a duty that ``event`` leads to.

    Raises:
        InvalidStateError: the event is impossible in ``state``.
    """
    try:
        return COPY_LIFECYCLE[state, event]
    except KeyError:
        raise InvalidStateError(f"{event} in {state}") from None
