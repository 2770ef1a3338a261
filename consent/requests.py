"""Consent requests: drafted, asked, denied, cancelled, lapsed. Signing stands in ``grants``."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from consent import errors
from consent.amending import check_links
from consent.artefact import ConsentArtefact
from consent.asks import REQUEST_TTL, Ask, checked
from consent.drafts import read_draft
from consent.events import EventType
from consent.evidence import record
from consent.lifecycle import LIVE, OPEN, RequestState, state_at
from consent.models import Chain, ConsentRequest
from consent.ports import Desk
from consent.steps import RequestStep, event_of, lock_request, request_state, step_request


def draft(desk: Desk, ask: Ask) -> ConsentRequest:
    """Keep what is going to be asked (Q1); nobody is asked yet and nothing is in the log.

    Raises:
        InvalidScopeError: purpose, limits, life or links are outside what may be asked.
    """
    return _insert(desk, checked(desk, ask) | {"state": RequestState.DRAFT, "version": 0})


def put(desk: Desk, request_id: UUID) -> ConsentRequest:
    """Put a draft before its signatories (Q2); whoever drafted it does.

    Raises:
        NotFoundError: no such request, or somebody else's.
        EvidenceUnavailableError: evidence cannot be written now.
        MandateInsufficientError: somebody else drafted it.
        InvalidStateError: it is no draft.
        RequestLapsedError: its validity is over already.
        InvalidScopeError: the consent it renews or changes has ended.
        RequestExistsError: such a request is open, or such a consent lives and is not renewed.
    """
    request = lock_request(desk, request_id)
    desk.evidence_ready()
    _check_requester(desk, request)
    at = desk.clock()
    if request.state is not RequestState.DRAFT:
        raise errors.InvalidStateError(f"request {request_id} is {request.state}")
    artefact = read_draft(desk, request)
    if at >= artefact.validity[1]:
        raise errors.RequestLapsedError(f"request {request_id}")
    # What it renews or changes may have ended since it was drafted.
    check_links(desk, artefact, (request.enterprise_id, request.person_id))
    request.lapses_at = min(at + REQUEST_TTL, artefact.validity[1])
    members = _members(request)
    _open(desk, request)
    _refuse_second(desk, request, artefact)
    made = RequestStep(event=EventType.REQUEST_MADE, after=RequestState.REQUESTED, members=members)
    step_request(desk, request, made, at)
    return request


def make(desk: Desk, ask: Ask) -> ConsentRequest:
    """Put a request before its signatories at once (Q1, Q2).

    Raises:
        EvidenceUnavailableError: evidence cannot be written now.
        InvalidScopeError: purpose, limits, life or links are outside what may be asked.
        RequestExistsError: such a request is open, or such a consent lives and is not renewed.
    """
    desk.evidence_ready()
    values = checked(desk, ask)
    request = _insert(desk, values)
    _refuse_second(desk, request, ask.artefact)
    made = RequestStep(
        event=EventType.REQUEST_MADE, after=RequestState.REQUESTED, members=_members(request)
    )
    record(desk, event_of(request, made, RequestState.DRAFT), request.made_at)
    return request


def deny(desk: Desk, request_id: UUID, reason: str | None = None) -> ConsentRequest:
    """Refuse to sign (Q6). One signatory is enough; the bank never sees the reason.

    Raises:
        NotFoundError: no such request, or somebody else's.
        InvalidStateError: it is not open.
    """
    request = lock_request(desk, request_id)
    _close(desk, request, (EventType.REQUEST_DENIED, RequestState.DENIED), reason)
    return request


def cancel(desk: Desk, request_id: UUID, reason: str | None = None) -> ConsentRequest:
    """Take back what was asked or drafted (Q8); only whoever asked may.

    Raises:
        NotFoundError: no such request, or somebody else's.
        MandateInsufficientError: the other party asked.
        InvalidStateError: it is closed.
    """
    request = lock_request(desk, request_id)
    _check_requester(desk, request)
    _close(desk, request, (EventType.REQUEST_CANCELLED, RequestState.CANCELLED), reason)
    return request


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


def _check_requester(desk: Desk, request: ConsentRequest) -> None:
    reach = desk.reach
    if reach.everything:
        return
    if request.requester != (reach.bank_id or str(reach.enterprise_id)):
        raise errors.MandateInsufficientError(f"request {request.id} is {request.requester}'s")


def _members(request: ConsentRequest) -> dict[str, Any]:
    return {
        "request_id": request.id,
        "draft_digest": request.digest,
        "lapses_at": request.lapses_at,
    }


def _insert(desk: Desk, values: dict[str, Any]) -> ConsentRequest:
    # The partial unique index decides races: never count, then insert.
    statement = insert(ConsentRequest).values(values).on_conflict_do_nothing()
    request = desk.session.scalars(
        statement.returning(ConsentRequest), execution_options={"populate_existing": True}
    ).one_or_none()
    if request is not None:
        return request
    raise _exists(desk, values)


def _open(desk: Desk, request: ConsentRequest) -> None:
    """Take the one open place of this principal, bank, purpose and product."""
    taken = {name: getattr(request, name) for name in ConsentRequest.__table__.columns.keys()}  # noqa: SIM118 - a collection, not a dict
    place = update(ConsentRequest).where(ConsentRequest.id == request.id)
    try:
        with desk.session.begin_nested():
            desk.session.execute(
                place.values(state=RequestState.REQUESTED),
                execution_options={"synchronize_session": False},
            )
    except IntegrityError as error:
        raise _exists(desk, taken) from error


def _exists(desk: Desk, values: dict[str, Any]) -> errors.RequestExistsError:
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
    return errors.RequestExistsError(f"request {open_request} is open", request_id=open_request)


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
    named = {artefact.renews, artefact.supersedes}
    for chain in rows:
        if state_at(chain.facts, now) in LIVE and str(chain.consent_id) not in named:
            raise errors.RequestExistsError(f"chain {chain.id} lives", chain_id=chain.id)


def _close(
    desk: Desk,
    request: ConsentRequest,
    edge: tuple[EventType, RequestState],
    reason: str | None,
) -> None:
    event, after = edge
    at = desk.clock()
    if request_state(request, at) is RequestState.LAPSED:
        raise errors.InvalidStateError(f"{event} on request {request.id} in {request.state}")
    step = RequestStep(event=event, after=after, reason=reason, members={"request_id": request.id})
    step_request(desk, request, step, at)
