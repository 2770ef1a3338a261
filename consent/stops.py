"""What people and time do to a consent: revoke, withdraw use, pause, resume, close, use up."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consent import errors
from consent.chains import LiveChain, Step, ends_on, lock_chain, lock_companion, move
from consent.events import EventType
from consent.evidence import Recorded
from consent.lifecycle import LIVE, RUN_OUT, ConsentState
from consent.models import Chain, EventRow
from consent.ports import Desk

_STEP_UP = "STEP_UP"
# A personal consent ends when the person leaves office, whatever its text names beside.
REP_LEFT = "REP_LEFT"
_WITHDRAWALS = (EventType.CONSENT_REVOKED.value, EventType.CONSENT_USE_WITHDRAWN.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A consent that was stopped.

    ``first`` is False when it had been stopped before: nothing changed, and the event is the
    first one. ``companions`` are personal consents that ended with it. Whoever runs pulls cancels
    what is in flight; nothing can be released meanwhile, because each release locks the chain.
    """

    chain: LiveChain
    event_id: UUID
    entry_id: int
    effective_at: datetime
    first: bool
    companions: tuple["Stopped", ...] = ()


def revoke(desk: Desk, chain_id: UUID, reason: str | None = None) -> Stopped:
    """Withdraw consent for good (A7); after its natural end, withdraw the use (A12).

    Waits for no network and needs no evidence service beyond the commit. Doing it twice gives the
    first event again. Personal consents that accompany it end with it.

    Raises:
        NotFoundError: no such consent, or somebody else's.
        InvalidStateError: it never had force.
    """
    live = lock_chain(desk, chain_id)
    withdrawn = live.row.use_ended_at is not None and live.row.void_found_at is None
    if live.state is ConsentState.REVOKED or withdrawn:
        return _first_stop(desk, live)
    if live.row.void_found_at is not None:
        raise errors.InvalidStateError(f"chain {chain_id} never had force")
    if live.state in LIVE:
        recorded = _withdraw(desk, live, EventType.CONSENT_REVOKED, reason)
    elif live.state in RUN_OUT:
        recorded = _withdraw(desk, live, EventType.CONSENT_USE_WITHDRAWN, reason)
    else:
        raise errors.InvalidStateError(f"chain {chain_id} is {live.state}")
    return Stopped(
        chain=LiveChain(live.row, live.row.state, live.at),
        event_id=recorded.event_id,
        entry_id=recorded.entry_id,
        effective_at=live.at,
        first=True,
        companions=tuple(end_companions(desk, live.row, "PARENT_REVOKED")),
    )


def pause(
    desk: Desk, chain_id: UUID, resumes_at: datetime | None = None, reason: str | None = None
) -> Recorded:
    """Halt pulls and releases until resumed, or until ``resumes_at`` (A3).

    Raises:
        NotFoundError: no such consent, or somebody else's.
        InvalidStateError: it is not ACTIVE, or ``resumes_at`` is not ahead.
    """
    live = lock_chain(desk, chain_id)
    if resumes_at is not None and resumes_at <= live.at:
        raise errors.InvalidStateError(f"chain {chain_id}: resumes_at has passed")
    step = Step(
        event=EventType.CONSENT_PAUSED,
        after=ConsentState.PAUSED,
        reason=reason,
        members={"resumes_at": resumes_at},
        changes={"paused": True, "paused_by": desk.actor.person_id, "resumes_at": resumes_at},
    )
    return move(desk, live.row, step, live.at)


def resume(desk: Desk, chain_id: UUID, reason: str | None = None) -> Recorded:
    """Let pulls go on (A4). Expiry does not move.

    Raises:
        NotFoundError: no such consent, or somebody else's.
        InvalidStateError: it is not PAUSED.
        StepUpRequiredError: the actor's identity was not proved afresh.
        MandateInsufficientError: somebody else paused it and one signature is no quorum.
        EvidenceUnavailableError: evidence cannot be written now.
    """
    live = lock_chain(desk, chain_id)
    desk.evidence_ready()
    row = live.row
    if live.state is not ConsentState.PAUSED:
        raise errors.InvalidStateError(f"chain {chain_id} is {live.state}")
    if desk.actor.auth_level != _STEP_UP:
        raise errors.StepUpRequiredError(f"{desk.actor.person_id}")
    if row.m > 1 and row.paused_by != desk.actor.person_id:
        raise errors.MandateInsufficientError(f"chain {chain_id} was paused by another person")
    step = Step(
        event=EventType.CONSENT_RESUMED,
        after=ConsentState.ACTIVE,
        reason=reason,
        members={"resumes_at": row.resumes_at},
        changes={"paused": False, "paused_by": None, "resumes_at": None},
    )
    return move(desk, row, step, live.at)


def close(desk: Desk, chain_id: UUID, cause: str) -> Recorded | None:
    """End a consent because an event of its ``ends_on`` happened (A8); None when it had ended.

    Raises:
        NotFoundError: no such consent.
        InvalidScopeError: the consent does not end on ``cause``.
    """
    live = lock_chain(desk, chain_id)
    if not live.is_live:
        return None
    row = live.row
    left = cause == REP_LEFT and row.person_id is not None
    if not left and cause not in ends_on(desk, row):
        raise errors.InvalidScopeError(f"chain {chain_id} does not end on {cause}")
    step = Step(
        event=EventType.CONSENT_EXPIRED,
        after=ConsentState.EXPIRED,
        reason=cause,
        members={"effective_at": live.at, "cause": cause},
        changes={"ends_at": live.at, "end_cause": cause},
    )
    return move(desk, row, step, live.at)


def exhaust(desk: Desk, chain_id: UUID) -> Recorded | None:
    """Every consented call was used and nothing is unreleased (A9); None when it had ended.

    Raises:
        NotFoundError: no such consent.
        InvalidStateError: it is live but not ACTIVE.
    """
    live = lock_chain(desk, chain_id)
    if not live.is_live:
        return None
    step = Step(
        event=EventType.CONSENT_EXHAUSTED,
        after=ConsentState.EXHAUSTED,
        reason="QUOTA",
        members={"effective_at": live.at, "cause": "QUOTA"},
    )
    return move(desk, live.row, step, live.at)


def record_due(desk: Desk, limit: int = 200) -> list[LiveChain]:
    """Record edges the clock has passed; the chains touched. Safe to repeat and to run twice."""
    due = (
        select(Chain.id)
        .where(Chain.due_at <= desk.clock())
        .order_by(Chain.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [lock_chain(desk, chain_id) for chain_id in list(desk.session.scalars(due))]


def _withdraw(desk: Desk, live: LiveChain, event: EventType, reason: str | None) -> Recorded:
    revoked = event is EventType.CONSENT_REVOKED
    step = Step(
        event=event,
        after=ConsentState.REVOKED if revoked else live.row.state,
        reason=reason,
        changes={"use_ended_at": live.at},
    )
    return move(desk, live.row, step, live.at)


def _first_stop(desk: Desk, live: LiveChain) -> Stopped:
    row = desk.session.scalars(
        select(EventRow)
        .where(EventRow.chain_id == live.id, EventRow.type.in_(_WITHDRAWALS))
        .order_by(EventRow.entry_id)
        .limit(1)
    ).one()
    return Stopped(
        chain=live, event_id=row.id, entry_id=row.entry_id, effective_at=row.at, first=False
    )


def end_companions(desk: Desk, parent: Chain, reason: str) -> list[Stopped]:
    """End the personal consents that accompany a locked consent that was revoked or voided."""
    # The parent's lock is held and granting a companion needs it, so none can appear meanwhile.
    found = desk.session.scalars(
        select(Chain.id).where(Chain.companion_of == parent.id).order_by(Chain.id)
    )
    stopped = []
    for chain_id in list(found):
        live = lock_companion(desk, chain_id)
        if live.row.use_ended_at is not None or live.state not in LIVE | RUN_OUT:
            continue
        ended = live.state in RUN_OUT
        event = EventType.CONSENT_USE_WITHDRAWN if ended else EventType.CONSENT_REVOKED
        recorded = _withdraw(desk, live, event, reason)
        stopped.append(
            Stopped(
                chain=LiveChain(live.row, live.row.state, live.at),
                event_id=recorded.event_id,
                entry_id=recorded.entry_id,
                effective_at=live.at,
                first=True,
            )
        )
    return stopped
