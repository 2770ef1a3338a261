"""What ends or halts a consent: revoke, withdraw use, pause, suspend, close, use up, time."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consent import errors
from consent.chains import LiveChain, Step, ends_on, lock_chain, lock_companion, move
from consent.events import EventType
from consent.evidence import Recorded
from consent.lifecycle import LIVE, RUN_OUT, ConsentState, state_at
from consent.models import Chain, EventRow
from consent.ports import Desk

_STEP_UP = "STEP_UP"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A two-person order, or the fact that stands for one, to suspend or restore."""

    reason_class: str
    order_id: UUID | None = None
    use_frozen: bool = False


def revoke(desk: Desk, chain_id: UUID, reason: str | None = None) -> Stopped:
    """Withdraw consent for good (A7); after its natural end, withdraw the use (A12).

    Waits for no network and needs no evidence service beyond the commit. Doing it twice gives the
    first event again. Personal consents that accompany it end with it.

    Raises:
        NotFoundError: no such consent, or somebody else's.
        InvalidStateError: it never had force.
    """
    live = lock_chain(desk, chain_id)
    if live.state is ConsentState.REVOKED or live.row.use_ended_at is not None:
        return _first_stop(desk, live)
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
        companions=tuple(_revoke_companions(desk, live.row)),
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


def suspend(desk: Desk, chain_id: UUID, order: Order) -> Recorded:
    """Halt a consent by order or by what a registry says (A5).

    Raises:
        NotFoundError: no such consent.
        InvalidStateError: it is suspended already, or ended.
    """
    live = lock_chain(desk, chain_id)
    changes = {
        "suspended": True,
        "suspended_reason": order.reason_class,
        "use_frozen": order.use_frozen,
    }
    step = Step(
        event=EventType.CONSENT_SUSPENDED,
        after=ConsentState.SUSPENDED,
        reason=order.reason_class,
        members=_order_members(order),
        changes=changes,
    )
    return move(desk, live.row, step, live.at)


def restore(desk: Desk, chain_id: UUID, order: Order) -> Recorded:
    """Lift a suspension (A6): clock and pause decide what holds then.

    Raises:
        NotFoundError: no such consent.
        InvalidStateError: it is not SUSPENDED.
        EvidenceUnavailableError: evidence cannot be written now.
    """
    live = lock_chain(desk, chain_id)
    desk.evidence_ready()
    row = live.row
    if live.state is not ConsentState.SUSPENDED:
        raise errors.InvalidStateError(f"chain {chain_id} is {live.state}")
    pause_over = row.resumes_at is not None and live.at >= row.resumes_at
    changes = {"suspended": False, "suspended_reason": None, "use_frozen": False}
    if pause_over:
        changes |= {"paused": False, "paused_by": None, "resumes_at": None}
    step = Step(
        event=EventType.CONSENT_RESTORED,
        after=_without_suspension(row, live.at, paused=row.paused and not pause_over),
        reason=order.reason_class,
        members=_order_members(order),
        changes=changes,
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
    if cause not in ends_on(desk, row):
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


def _revoke_companions(desk: Desk, parent: Chain) -> list[Stopped]:
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
        recorded = _withdraw(desk, live, event, "PARENT_REVOKED")
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


def _without_suspension(row: Chain, at: datetime, *, paused: bool) -> ConsentState:
    # SUSPENDED as recorded state only says that nothing has ended.
    return state_at(replace(row.facts, suspended=False, paused=paused), at)


def _order_members(order: Order) -> dict[str, object]:
    return {
        "reason_class": order.reason_class,
        "order_id": order.order_id,
        "use_frozen": order.use_frozen,
    }
