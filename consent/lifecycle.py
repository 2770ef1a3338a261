"""The whole life of a request and of a consent: states, events, edges, and the state at an instant.

An edge that is not in these tables does not exist: the act is refused and nothing changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from consent.events import EventType


class Label(NamedTuple):
    """A name in Chinese and English."""

    zh: str
    en: str

    def pick(self, locale: str) -> str:
        """The name in ``locale``; anything but English falls back to Chinese."""
        return self.en if locale.startswith("en") else self.zh


# Wire format: append only.
class RequestState(StrEnum):
    """States of a consent request 授权请求."""

    DRAFT = "DRAFT"
    REQUESTED = "REQUESTED"
    PARTIALLY_SIGNED = "PARTIALLY_SIGNED"
    GRANTED = "GRANTED"
    DENIED = "DENIED"
    LAPSED = "LAPSED"
    CANCELLED = "CANCELLED"


# Wire format: append only.
class ConsentState(StrEnum):
    """States of a consent 授权凭证; they belong to its chain."""

    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    EXHAUSTED = "EXHAUSTED"
    SUPERSEDED = "SUPERSEDED"
    VOIDED = "VOIDED"


OPEN = frozenset({RequestState.REQUESTED, RequestState.PARTIALLY_SIGNED})
LIVE = frozenset(
    {
        ConsentState.SCHEDULED,
        ConsentState.ACTIVE,
        ConsentState.PAUSED,
        ConsentState.SUSPENDED,
    }
)
TERMINAL = frozenset(ConsentState) - LIVE
# Ended by themselves: what banks fetched may still be used, so its use may still be withdrawn.
RUN_OUT = frozenset({ConsentState.EXPIRED, ConsentState.EXHAUSTED, ConsentState.SUPERSEDED})

REQUEST_LABELS: Mapping[RequestState, Label] = {
    RequestState.DRAFT: Label("草稿", "Draft"),
    RequestState.REQUESTED: Label("待签署", "Waiting for signature"),
    RequestState.PARTIALLY_SIGNED: Label("部分已签署", "Partly signed"),
    RequestState.GRANTED: Label("已授权", "Granted"),
    RequestState.DENIED: Label("已拒绝", "Denied"),
    RequestState.LAPSED: Label("逾期未签", "Lapsed"),
    RequestState.CANCELLED: Label("已取消", "Cancelled"),
}

CONSENT_LABELS: Mapping[ConsentState, Label] = {
    ConsentState.SCHEDULED: Label("待生效", "Not started yet"),
    ConsentState.ACTIVE: Label("生效中", "Active"),
    ConsentState.PAUSED: Label("已暂停", "Paused"),
    ConsentState.SUSPENDED: Label("已中止", "Suspended"),
    ConsentState.REVOKED: Label("已撤回", "Revoked"),
    ConsentState.EXPIRED: Label("已到期", "Expired"),
    ConsentState.EXHAUSTED: Label("次数用完", "Used up"),
    ConsentState.SUPERSEDED: Label("已更新", "Replaced"),
    ConsentState.VOIDED: Label("自始无效", "Void"),
}

_R = RequestState
_C = ConsentState
_E = EventType
_OPENED = (_R.REQUESTED, _R.PARTIALLY_SIGNED)

# (state, event) → where it may lead; more than one where the facts decide.
REQUEST_LIFECYCLE: Mapping[tuple[RequestState, EventType], frozenset[RequestState]] = {
    (_R.DRAFT, _E.REQUEST_MADE): frozenset({_R.REQUESTED}),
    (_R.DRAFT, _E.REQUEST_CANCELLED): frozenset({_R.CANCELLED}),
    **{(state, _E.REQUEST_SIGNED): frozenset({_R.PARTIALLY_SIGNED}) for state in _OPENED},
    **{(state, _E.REQUEST_NARROWED): frozenset({_R.REQUESTED}) for state in _OPENED},
    **{(state, _E.REQUEST_GRANTED): frozenset({_R.GRANTED}) for state in _OPENED},
    **{(state, _E.REQUEST_DENIED): frozenset({_R.DENIED}) for state in _OPENED},
    **{(state, _E.REQUEST_LAPSED): frozenset({_R.LAPSED}) for state in _OPENED},
    **{(state, _E.REQUEST_CANCELLED): frozenset({_R.CANCELLED}) for state in _OPENED},
    # A signature or two are left, or none.
    (_R.PARTIALLY_SIGNED, _E.REQUEST_SIGNATURE_DROPPED): frozenset(_OPENED),
}

CONSENT_LIFECYCLE: Mapping[tuple[ConsentState, EventType], frozenset[ConsentState]] = {
    (_C.SCHEDULED, _E.CONSENT_ACTIVATED): frozenset({_C.ACTIVE}),
    (_C.ACTIVE, _E.CONSENT_PAUSED): frozenset({_C.PAUSED}),
    (_C.PAUSED, _E.CONSENT_RESUMED): frozenset({_C.ACTIVE}),
    **{(state, _E.CONSENT_SUSPENDED): frozenset({_C.SUSPENDED}) for state in LIVE - {_C.SUSPENDED}},
    # Back to what clock and pause say.
    (_C.SUSPENDED, _E.CONSENT_RESTORED): LIVE - {_C.SUSPENDED},
    **{(state, _E.CONSENT_REVOKED): frozenset({_C.REVOKED}) for state in LIVE},
    **{(state, _E.CONSENT_EXPIRED): frozenset({_C.EXPIRED}) for state in LIVE},
    (_C.ACTIVE, _E.CONSENT_EXHAUSTED): frozenset({_C.EXHAUSTED}),
    **{(state, _E.CONSENT_SUPERSEDED): frozenset({_C.SUPERSEDED}) for state in LIVE},
    **{(state, _E.CONSENT_VOIDED): frozenset({_C.VOIDED}) for state in LIVE},
    # Learnt after the end: facts that move duties, not state.
    **{(state, _E.CONSENT_USE_WITHDRAWN): frozenset({state}) for state in RUN_OUT},
    **{(state, _E.CONSENT_VOID_FOUND): frozenset({state}) for state in TERMINAL - {_C.VOIDED}},
}

GRANTED_INTO = frozenset({_C.SCHEDULED, _C.ACTIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the state of a consent is computed from. Validity is ``[starts_at, ends_at)``."""

    recorded: ConsentState
    starts_at: datetime
    ends_at: datetime
    paused: bool = False
    resumes_at: datetime | None = None
    suspended: bool = False


def state_at(facts: Facts, at: datetime) -> ConsentState:
    """The state at ``at``, whatever was recorded last; an end never un-happens."""
    if facts.recorded in TERMINAL:
        return facts.recorded
    if at >= facts.ends_at:
        return ConsentState.EXPIRED
    if facts.suspended:
        return ConsentState.SUSPENDED
    if facts.paused and (facts.resumes_at is None or at < facts.resumes_at):
        return ConsentState.PAUSED
    return ConsentState.SCHEDULED if at < facts.starts_at else ConsentState.ACTIVE


@dataclass(frozen=True, slots=True)
class DueEdge:
    """An edge the clock has passed and nobody has recorded."""

    event: EventType
    after: ConsentState
    effective_at: datetime


def due_edge(facts: Facts, at: datetime) -> DueEdge | None:
    """What the clock did since the last recorded edge, as one edge; None when nothing."""
    now = state_at(facts, at)
    if facts.recorded in TERMINAL:
        return None
    if now is ConsentState.EXPIRED:
        return DueEdge(EventType.CONSENT_EXPIRED, now, facts.ends_at)
    if now is not ConsentState.ACTIVE:
        return None
    if facts.recorded is ConsentState.PAUSED and facts.resumes_at is not None:
        return DueEdge(EventType.CONSENT_RESUMED, now, facts.resumes_at)
    if facts.recorded is ConsentState.SCHEDULED:
        return DueEdge(EventType.CONSENT_ACTIVATED, now, facts.starts_at)
    return None


def next_due(facts: Facts) -> datetime | None:
    """When the clock moves this consent next; None once it has ended."""
    if facts.recorded in TERMINAL:
        return None
    moments = [facts.ends_at]
    if facts.recorded is ConsentState.SCHEDULED:
        moments.append(facts.starts_at)
    if facts.recorded is ConsentState.PAUSED and facts.resumes_at is not None:
        moments.append(facts.resumes_at)
    return min(moments)
