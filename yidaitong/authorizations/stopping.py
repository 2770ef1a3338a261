"""Withdrawing, pausing, ending: what stops pulls. Each is one transaction and waits for nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from consent import service
from consent.lifecycle import OPEN, RequestState
from consent.models import Chain, ConsentRequest
from yidaitong import audit
from yidaitong.accounts import stepup
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.crypto.box import DekKind
from yidaitong.kernel.uow import UnitOfWork

REVOKE = "consent.revoke"
PAUSE = "consent.pause"
RESUME = "consent.resume"
# Cancels what is in flight under an ended consent. Nothing can be asked or released meanwhile:
# every such step locks the consent and looks.
STOP_JOB = "pulls.stop"
# Lets what is in flight wait while a consent is halted, and go on afterwards.
HOLD_JOB = "pulls.hold"
# What ends post-loan consents and requests. Wire format: append only.
LOAN_CLOSED = "LOAN_CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """An authorization that was withdrawn, now or before (``first`` is False)."""

    chain_id: UUID
    effective_at: datetime
    entry_id: int
    first: bool
    receipt: Mapping[str, Any]
    companions: tuple[UUID, ...]


def revoke(uow: UnitOfWork, command: Revoke) -> Revoked:
    """Withdraw for good: no department is asked again, nothing more is released.

    Destroys the data keys of the consent and promises to cancel what is in flight. Doing it twice
    gives the first receipt.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such authorization, or somebody else's.
        InvalidStateError: it never had force.
    """
    uow.actor.require(REVOKE)
    desk = desk_of(uow)
    stopped = service.revoke(desk, command.chain_id, command.reason)
    receipt = _receipt(uow, stopped)
    if stopped.first:
        for one in (stopped, *stopped.companions):
            destroy_data(uow, one.chain.id)
            promise_stop(uow, one.chain.id, one.chain.epoch)
        audit.record(uow, "consent.revoke", object_type="consent", object_id=command.chain_id)
    return Revoked(
        chain_id=command.chain_id,
        effective_at=stopped.effective_at,
        entry_id=stopped.entry_id,
        first=stopped.first,
        receipt=receipt,
        companions=tuple(one.chain.id for one in stopped.companions),
    )


def pause(uow: UnitOfWork, chain_id: UUID, resumes_at: datetime | None = None) -> None:
    """Halt pulls and releases, until resumed or until ``resumes_at``.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such authorization, or somebody else's.
        InvalidStateError: it is not ACTIVE, or ``resumes_at`` has passed.
    """
    uow.actor.require(PAUSE)
    service.pause(desk_of(uow), chain_id, resumes_at)
    promise_hold(uow, chain_id)
    audit.record(uow, "consent.pause", object_type="consent", object_id=chain_id)


def resume(uow: UnitOfWork, chain_id: UUID, token: str) -> None:
    """Let pulls go on; ``token`` is a step-up bound to the digest of the consent.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such authorization, or somebody else's.
        StepUpRequiredError: the token is missing, used, too old, or bound to another digest.
        InvalidStateError: it is not PAUSED.
        MandateInsufficientError: somebody else paused it and one signature is no quorum.
    """
    uow.actor.require(RESUME)
    before = uow.actor
    live = service.lock_chain(desk_of(uow), chain_id)
    proven = stepup.consume(uow, token, live.digest)
    service.resume(desk_of(proven), chain_id)
    promise_hold(proven, chain_id)
    audit.record(proven, "consent.resume", object_type="consent", object_id=chain_id)
    uow.acting(before)


def end_for(uow: UnitOfWork, application_id: UUID, cause: str) -> list[UUID]:
    """End what ends on ``cause`` (DECISION, LOAN_CLOSED …) for one application; the chains ended.

    Packets released before stand; pulls in flight are cancelled. Safe to repeat.
    """
    desk = desk_of(uow, job="application.end")
    rows = uow.session.scalars(
        select(Chain.id).where(Chain.application_id == application_id).order_by(Chain.id)
    )
    ended = []
    for chain_id in list(rows):
        live = service.lock_chain(desk, chain_id)
        if live.is_live and cause in service.ends_on(desk, live.row):
            service.close(desk, chain_id, cause)
            ended.append(chain_id)
            promise_stop(uow, chain_id, live.epoch)
    return ended


def cancel_asks(uow: UnitOfWork, application_id: UUID, reason: str) -> list[UUID]:
    """Take back what is drafted or waits for a signature for one application; the requests' ids.

    A companion goes first: it refers to its parent. Safe to repeat.
    """
    desk = desk_of(uow, job="application.end")
    waiting = and_(ConsentRequest.state.in_(OPEN), ConsentRequest.lapses_at > uow.clock())
    rows = uow.session.scalars(
        select(ConsentRequest.id)
        .where(
            ConsentRequest.application_id == application_id,
            or_(ConsentRequest.state == RequestState.DRAFT, waiting),
        )
        .order_by(ConsentRequest.id.desc())
        # Whoever signs at this moment goes first; what is granted then is no longer open.
        .with_for_update()
    )
    return [service.cancel(desk, request_id, reason).id for request_id in list(rows)]


def record_due(uow: UnitOfWork, limit: int = 200) -> int:
    """Record what the clock did to consents and requests; how many. Safe to repeat.

    State is computed whenever it matters, so lateness here only delays notices and clean-up.
    """
    desk = desk_of(uow, job="consents.tick")
    touched = service.record_due(desk, limit)
    for live in touched:
        if live.is_live:
            promise_hold(uow, live.id)
        else:
            promise_stop(uow, live.id, live.epoch)
    return len(touched) + len(service.lapse_due(desk, limit))


def reissue_receipt(uow: UnitOfWork, event_id: UUID, effects: service.Effects) -> None:
    """Issue a revocation's receipt again, now with what it led to elsewhere.

    Raises:
        NotFoundError: no such act, or somebody else's.
    """
    service.issue(desk_of(uow, job=STOP_JOB), event_id, effects)


def _receipt(uow: UnitOfWork, stopped: service.Stopped) -> Mapping[str, Any]:
    desk = desk_of(uow)
    if stopped.first:
        return service.issue(desk, stopped.event_id)
    return service.receipt_of(desk, stopped.chain.id, service.ReceiptType.REVOKE)


def promise_stop(uow: UnitOfWork, chain_id: UUID, epoch: int) -> None:
    """Have what is in flight under an ended consent cancelled after the commit; receipts now."""
    service.issue_missing(desk_of(uow, job=STOP_JOB), chain_id)
    uow.defer(STOP_JOB, key=f"{chain_id}:{epoch}", chain_id=chain_id)


def promise_hold(uow: UnitOfWork, chain_id: UUID) -> None:
    """Have what is in flight wait or go on after the commit, as the consent's state says."""
    service.issue_missing(desk_of(uow, job=HOLD_JOB), chain_id)
    # The lock is held already; the row is read again for the epoch the act led to.
    epoch = uow.session.get_one(Chain, chain_id).epoch
    uow.defer(HOLD_JOB, key=f"{chain_id}:{epoch}", chain_id=chain_id)


def destroy_data(uow: UnitOfWork, chain_id: UUID, cause: str = "REVOKED") -> None:
    """At once, not by a job: after the commit nothing opens what was fetched."""
    key_id = uow.crypto.destroy(uow.session, DekKind.DATA, chain_id)
    if key_id is None:
        return
    service.record(
        desk_of(uow),
        service.Event(
            type=service.EventType.KEY_DESTROYED,
            ref=key_id,
            n=1,
            chain_id=chain_id,
            reason=cause,
            members={"key_id": key_id, "kind": DekKind.DATA.value, "cause": cause},
        ),
    )
