"""Consent requests: asked, denied, cancelled, lapsed. Signing stands in ``consent.grants``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects.postgresql import insert

from consent import errors
from consent.artefact import ConsentArtefact
from consent.drafts import request_place
from consent.events import Event, EventType
from consent.evidence import record
from consent.lifecycle import LIVE, OPEN, REQUEST_LIFECYCLE, RequestState, state_at
from consent.models import Chain, ConsentRequest
from consent.ports import Desk
from consent.terms import check_terms

REQUEST_TTL = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is to be signed, and by whose principal."""

    artefact: ConsentArtefact
    enterprise_id: UUID
    person_id: UUID | None = None
    ttl: timedelta = REQUEST_TTL


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStep:
    """One edge of a request about to be taken."""

    event: EventType
    after: RequestState
    reason: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict)


def make(desk: Desk, ask: Ask) -> ConsentRequest:
    """Put a request before its signatories (Q2).

    Raises:
        EvidenceUnavailableError: evidence cannot be written now.
        InvalidScopeError: purpose, limits or life are outside what may be asked.
        RequestExistsError: such a request is open, or such a consent lives and is not renewed.
    """
    desk.evidence_ready()
    artefact = ask.artefact
    check_terms(artefact)
    _check_principal(ask)
    at = desk.clock()
    parent = _parent_chain(desk, ask)
    request = _insert(desk, _values(desk, ask, parent, at))
    _refuse_second(desk, request, artefact)
    members = {
        "request_id": request.id,
        "draft_digest": request.digest,
        "lapses_at": request.lapses_at,
    }
    record(desk, _event(request, EventType.REQUEST_MADE, RequestState.DRAFT, members), at)
    return request


def deny(desk: Desk, request_id: UUID, reason: str | None = None) -> ConsentRequest:
    """Refuse to sign (Q6). One signatory is enough; the bank never sees the reason.

    Raises:
        NotFoundError: no such request, or somebody else's.
        InvalidStateError: it is not open.
    """
    return _close(desk, request_id, EventType.REQUEST_DENIED, reason)


def cancel(desk: Desk, request_id: UUID, reason: str | None = None) -> ConsentRequest:
    """Take back what was asked (Q8).

    Raises:
        NotFoundError: no such request, or somebody else's.
        InvalidStateError: it is not open.
    """
    return _close(desk, request_id, EventType.REQUEST_CANCELLED, reason)


def lapse_due(desk: Desk, limit: int = 200) -> list[UUID]:
    """Record requests nobody signed in time (Q7); their ids. Safe to repeat."""
    now = desk.clock()
    due = (
        select(ConsentRequest.id)
        .where(ConsentRequest.state.in_(OPEN), ConsentRequest.lapses_at <= now)
        .order_by(ConsentRequest.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(desk.session.scalars(due))
    for request_id in found:
        request = lock_request(desk, request_id)
        step = RequestStep(
            event=EventType.REQUEST_LAPSED,
            after=RequestState.LAPSED,
            reason="TIME",
            members={"request_id": request.id},
        )
        step_request(desk, request, step, desk.clock())
    return found


def lock_request(desk: Desk, request_id: UUID) -> ConsentRequest:
    """The locked row.

    Raises:
        NotFoundError: no such request, or somebody else's.
    """
    statement = (
        select(ConsentRequest)
        .where(ConsentRequest.id == request_id, *visible_requests(desk))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    request = desk.session.execute(statement).scalar_one_or_none()
    if request is None:
        raise errors.NotFoundError(f"request {request_id}")
    return request


def request_state(request: ConsentRequest, at: datetime) -> RequestState:
    """The state at ``at``: an open request whose time is over has lapsed, recorded or not."""
    if request.state in OPEN and at >= request.lapses_at:
        return RequestState.LAPSED
    return request.state


def step_request(desk: Desk, request: ConsentRequest, step: RequestStep, at: datetime) -> None:
    """Take one edge of a locked request.

    Raises:
        InvalidStateError: the table has no such edge.
    """
    if step.after not in REQUEST_LIFECYCLE.get((request.state, step.event), frozenset()):
        raise errors.InvalidStateError(f"{step.event} on request {request.id} in {request.state}")
    before = request.state
    request.state = step.after
    request.version += 1
    if step.after not in OPEN:
        request.closed_at = at
    event = _event(request, step.event, before, step.members, step.reason)
    record(desk, event, at)


def visible_requests(desk: Desk) -> list[ColumnElement[bool]]:
    """Conditions on the requests the actor may touch; the rest is *not found*."""
    reach = desk.reach
    if reach.everything:
        return []
    if reach.bank_id is not None:
        return [ConsentRequest.bank_id == reach.bank_id]
    own = or_(ConsentRequest.person_id.is_(None), ConsentRequest.person_id == desk.actor.person_id)
    return [and_(ConsentRequest.enterprise_id == reach.enterprise_id, own)]


def _check_principal(ask: Ask) -> None:
    subject = ask.artefact.subject
    person = None if ask.person_id is None else str(ask.person_id)
    kind = "ENTERPRISE" if person is None else "PERSON"
    if subject.kind != kind or subject.person_id != person:
        raise errors.InvalidScopeError(f"request {ask.artefact.request_id}", fields=["subject"])


def _parent_chain(desk: Desk, ask: Ask) -> UUID | None:
    """The chain a personal consent accompanies.

    It is asked later and so has a greater id: whoever locks by id takes the parent first.
    """
    if ask.artefact.companion_of is None:
        return None
    parent = desk.session.scalars(
        select(ConsentRequest).where(
            ConsentRequest.consent_id == UUID(ask.artefact.companion_of),
            ConsentRequest.enterprise_id == ask.enterprise_id,
        )
    ).one_or_none()
    if parent is None or parent.chain_id >= UUID(ask.artefact.chain_id):
        raise errors.InvalidScopeError(
            f"request {ask.artefact.request_id}", fields=["companion_of"]
        )
    return parent.chain_id


def _values(desk: Desk, ask: Ask, parent: UUID | None, at: datetime) -> dict[str, Any]:
    artefact = ask.artefact
    application, controller = artefact.application, artefact.controller
    made = ConsentRequest(
        id=UUID(artefact.request_id),
        consent_id=UUID(artefact.consent_id),
        chain_id=UUID(artefact.chain_id),
        enterprise_id=ask.enterprise_id,
        person_id=ask.person_id,
        bank_id=None if controller is None else controller.bank_id,
        purpose=artefact.purpose.code,
        product_id=artefact.product.product_id,
        application_id=None if application is None else UUID(application.application_id),
        companion_of=parent,
        state=RequestState.REQUESTED,
        version=1,
        m=artefact.mandate.quorum.m,
        digest=artefact.digest,
        rendered_sha256=artefact.notice.rendered_sha256,
        made_at=at,
        lapses_at=min(at + ask.ttl, artefact.validity[1]),
        sealed=b"",
    )
    sealed = desk.sealer.seal(request_place(made), artefact.canonical)
    columns = ConsentRequest.__table__.columns.keys()
    return {name: getattr(made, name) for name in columns} | {"sealed": sealed}


def _insert(desk: Desk, values: dict[str, Any]) -> ConsentRequest:
    # The partial unique index decides races: never count, then insert.
    statement = insert(ConsentRequest).values(values).on_conflict_do_nothing()
    request = desk.session.scalars(
        statement.returning(ConsentRequest), execution_options={"populate_existing": True}
    ).one_or_none()
    if request is not None:
        return request
    open_request = desk.session.scalars(
        select(ConsentRequest.id).where(
            ConsentRequest.enterprise_id == values["enterprise_id"],
            ConsentRequest.person_id.is_not_distinct_from(values["person_id"]),
            ConsentRequest.bank_id.is_not_distinct_from(values["bank_id"]),
            ConsentRequest.purpose == values["purpose"],
            ConsentRequest.product_id == values["product_id"],
            ConsentRequest.state.in_(OPEN),
        )
    ).one_or_none()
    raise errors.RequestExistsError(f"request {open_request} is open", request_id=open_request)


def _refuse_second(desk: Desk, request: ConsentRequest, artefact: ConsentArtefact) -> None:
    """Read after the insert: a grant that won the race is visible by then."""
    rows = desk.session.scalars(
        select(Chain).where(
            Chain.enterprise_id == request.enterprise_id,
            Chain.person_id.is_not_distinct_from(request.person_id),
            Chain.bank_id.is_not_distinct_from(request.bank_id),
            Chain.purpose == request.purpose,
            Chain.product_id == request.product_id,
            Chain.state.in_(LIVE),
        )
    )
    now = desk.clock()
    for chain in rows:
        if state_at(chain.facts, now) in LIVE and artefact.renews != str(chain.consent_id):
            raise errors.RequestExistsError(f"chain {chain.id} lives", chain_id=chain.id)


def _close(desk: Desk, request_id: UUID, event: EventType, reason: str | None) -> ConsentRequest:
    request = lock_request(desk, request_id)
    at = desk.clock()
    if request_state(request, at) is RequestState.LAPSED:
        raise errors.InvalidStateError(f"{event} on request {request_id} in {request.state}")
    after = {
        EventType.REQUEST_DENIED: RequestState.DENIED,
        EventType.REQUEST_CANCELLED: RequestState.CANCELLED,
    }[event]
    step = RequestStep(event=event, after=after, reason=reason, members={"request_id": request.id})
    step_request(desk, request, step, at)
    return request


def _event(
    request: ConsentRequest,
    kind: EventType,
    before: RequestState,
    members: Mapping[str, Any],
    reason: str | None = None,
) -> Event:
    return Event(
        type=kind,
        ref=request.id,
        n=request.version,
        digest=request.digest,
        before=before,
        after=request.state,
        reason=reason,
        members=members,
        evidence_id=request.chain_id,
        enterprise_id=request.enterprise_id,
        bank_id=request.bank_id,
    )
