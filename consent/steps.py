"""The lock of a request and the only way to move it: lock, state at an instant, one edge."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, not_, or_, select

from consent import errors
from consent.events import Event, EventType
from consent.evidence import record
from consent.lifecycle import OPEN, REQUEST_LIFECYCLE, RequestState
from consent.models import ConsentRequest, RequestSignature
from consent.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStep:
    """One edge of a request about to be taken."""

    event: EventType
    after: RequestState
    reason: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict)


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


def check_open(request: ConsentRequest, at: datetime) -> None:
    """Refuse unless people may still decide about it.

    Raises:
        RequestLapsedError: the time to sign is over.
        InvalidStateError: it is a draft, or closed.
    """
    state = request_state(request, at)
    if state is RequestState.LAPSED:
        raise errors.RequestLapsedError(f"request {request.id}")
    if state not in OPEN:
        raise errors.InvalidStateError(f"request {request.id} is {request.state}")


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
    record(desk, event_of(request, step, before), at)


def event_of(request: ConsentRequest, step: RequestStep, before: RequestState) -> Event:
    """The event of an edge whose row says already what happened."""
    return Event(
        type=step.event,
        ref=request.id,
        n=request.version,
        digest=request.digest,
        before=before,
        after=request.state,
        reason=step.reason,
        members=step.members,
        evidence_id=request.chain_id,
        enterprise_id=request.enterprise_id,
        bank_id=request.bank_id,
    )


def visible_requests(desk: Desk) -> list[ColumnElement[bool]]:
    """Conditions on the requests the actor may touch; the rest is *not found*."""
    reach = desk.reach
    if reach.everything:
        return []
    if reach.bank_id is not None:
        return [ConsentRequest.bank_id == reach.bank_id]
    own = or_(ConsentRequest.person_id.is_(None), ConsentRequest.person_id == desk.actor.person_id)
    # What the other party only drafted was never asked: its one edge, if any, dropped it.
    unsent = or_(
        ConsentRequest.state == RequestState.DRAFT,
        and_(ConsentRequest.state == RequestState.CANCELLED, ConsentRequest.version == 1),
    )
    asked = or_(not_(unsent), ConsentRequest.requester == str(reach.enterprise_id))
    return [and_(ConsentRequest.enterprise_id == reach.enterprise_id, own, asked)]


def signatures_of(desk: Desk, request: ConsentRequest) -> list[RequestSignature]:
    """The signatures that count: those of the present round, oldest first."""
    return list(
        desk.session.scalars(
            select(RequestSignature)
            .where(
                RequestSignature.request_id == request.id,
                RequestSignature.round == request.round,
            )
            .order_by(RequestSignature.signed_at, RequestSignature.person_id)
        )
    )
