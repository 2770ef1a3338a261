"""The tables as tables: every pair of state and act either follows them or changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from consent import errors, service
from consent.artefact import ConsentArtefact, write_at
from consent.drafts import read_draft
from consent.events import EventType
from consent.lifecycle import (
    CONSENT_LIFECYCLE,
    LIVE,
    REQUEST_LIFECYCLE,
    TERMINAL,
    ConsentState,
    RequestState,
)
from consent.models import Chain, ConsentRequest, ConsentRow, RequestSignature
from consent.service import Ask, Order, Signing
from tests.consent.desks import (
    World,
    a_body,
    a_consent,
    an_amendment,
    leaves,
    moved,
    sign,
)

C = ConsentState
R = RequestState
E = EventType
Act = Callable[[World, UUID], object]
ORDER = Order(reason_class="OPERATOR_ORDER")


def _void(world: World, chain_id: UUID) -> object:
    return service.void(world.system, chain_id, ORDER, frozenset(world.people))


def _activate(world: World, chain_id: UUID) -> object:
    later = moved(world, timedelta(days=2))
    return service.lock_chain(later.desk(), chain_id)


CONSENT_ACTS: dict[EventType, Act] = {
    E.CONSENT_PAUSED: lambda w, c: service.pause(w.desk(), c),
    E.CONSENT_RESUMED: lambda w, c: service.resume(w.desk(), c),
    E.CONSENT_SUSPENDED: lambda w, c: service.suspend(w.system, c, ORDER),
    E.CONSENT_RESTORED: lambda w, c: service.restore(w.system, c, ORDER),
    E.CONSENT_EXHAUSTED: lambda w, c: service.exhaust(w.system, c),
    E.CONSENT_EXPIRED: lambda w, c: service.close(w.system, c, "DECISION"),
    E.CONSENT_REVOKED: lambda w, c: service.revoke(w.desk(), c),
    E.CONSENT_VOIDED: _void,
    E.CONSENT_ACTIVATED: _activate,
}
# The same button, or the same order, after the end: a fact instead of an edge.
AFTER_THE_END = {
    **{(state, E.CONSENT_REVOKED): E.CONSENT_USE_WITHDRAWN for state in (C.EXPIRED, C.EXHAUSTED)},
    (C.SUPERSEDED, E.CONSENT_REVOKED): E.CONSENT_USE_WITHDRAWN,
    **{(state, E.CONSENT_VOIDED): E.CONSENT_VOID_FOUND for state in TERMINAL - {C.VOIDED}},
}


def a_consent_in(world: World, state: ConsentState) -> UUID:
    later = write_at(world.clock() + timedelta(days=1))
    chain_id = a_consent(world, **({"starts_at": later} if state is C.SCHEDULED else {}))
    reach: dict[ConsentState, Act] = {
        C.PAUSED: CONSENT_ACTS[E.CONSENT_PAUSED],
        C.SUSPENDED: CONSENT_ACTS[E.CONSENT_SUSPENDED],
        C.REVOKED: CONSENT_ACTS[E.CONSENT_REVOKED],
        C.EXPIRED: CONSENT_ACTS[E.CONSENT_EXPIRED],
        C.EXHAUSTED: CONSENT_ACTS[E.CONSENT_EXHAUSTED],
        C.VOIDED: _void,
    }
    if state in reach:
        reach[state](world, chain_id)
    if state is C.SUPERSEDED:
        # A chain goes on with its next version; here only what would hold for an end matters.
        chain = world.session.get_one(Chain, chain_id)
        chain.state, chain.due_at = state, None
        world.session.flush()
    return chain_id


def row_of(world: World, chain_id: UUID) -> dict[str, object]:
    world.session.expire_all()
    chain = world.session.scalars(select(Chain).where(Chain.id == chain_id)).one()
    return {name: getattr(chain, name) for name in Chain.__table__.columns.keys()}  # noqa: SIM118 - a collection, not a dict


class TestEveryPairOfConsent:
    @pytest.mark.parametrize("event", sorted(CONSENT_ACTS))
    @pytest.mark.parametrize("state", sorted(ConsentState))
    def test_it_follows_the_table_or_changes_nothing(
        self, world: World, state: ConsentState, event: EventType
    ) -> None:
        chain_id = a_consent_in(world, state)
        before, logged = row_of(world, chain_id), len(leaves(world.session))
        allowed = CONSENT_LIFECYCLE.get((state, event), frozenset())

        try:
            with world.session.begin_nested():
                CONSENT_ACTS[event](world, chain_id)
        except errors.InvalidStateError:
            assert not allowed
        after = row_of(world, chain_id)

        if allowed or (state, event) in AFTER_THE_END:
            assert after["state"] in (allowed or {state})
            assert after["epoch"] == before["epoch"] + 1  # type: ignore[operator]
            said = AFTER_THE_END.get((state, event), event)
            assert leaves(world.session)[-1]["type"] == said.value
            assert len(leaves(world.session)) == logged + 1
        else:
            assert after == before
            assert len(leaves(world.session)) == logged


class TestEveryStateAndAnAmendment:
    @pytest.mark.parametrize("state", sorted(ConsentState))
    def test_what_lives_is_amended_and_keeps_its_state(
        self, world: World, state: ConsentState
    ) -> None:
        chain_id = a_consent_in(world, state)
        before, logged = row_of(world, chain_id), len(leaves(world.session))
        end = write_at(world.clock() + timedelta(days=3))

        try:
            with world.session.begin_nested():
                sign(world, an_amendment(world, chain_id, expires_at=end))
        except errors.InvalidScopeError:
            assert state in TERMINAL
        after = row_of(world, chain_id)

        if state in LIVE:
            assert C.SUPERSEDED in CONSENT_LIFECYCLE[state, E.CONSENT_SUPERSEDED]
            assert after["state"] == state
            assert after["epoch"] == before["epoch"] + 2  # type: ignore[operator]
            assert [leaf["type"] for leaf in leaves(world.session)[-2:]] == [
                "consent.superseded",
                "consent.granted",
            ]
        else:
            assert after == before
            assert len(leaves(world.session)) == logged


def _digest(world: World, request_id: UUID) -> Signing:
    request = world.session.get_one(ConsentRequest, request_id)
    return Signing(digest=request.digest, evidence="t")


def _grant(world: World, request_id: UUID) -> object:
    return service.sign(world.desk(1), request_id, _digest(world, request_id))


def _sign_first(world: World, request_id: UUID) -> object:
    with world.session.no_autoflush:
        world.session.get_one(ConsentRequest, request_id).m = 3
    return _grant(world, request_id)


def _narrow(world: World, request_id: UUID) -> object:
    draft = read_draft(world.system, world.session.get_one(ConsentRequest, request_id))
    body = draft.body | {"expires_at": write_at(world.clock() + timedelta(days=1))}
    return service.narrow(world.desk(), request_id, ConsentArtefact.parse(body))


def _drop(world: World, request_id: UUID) -> object:
    return service.drop_signatures(world.system, request_id, lambda _: False, "MANDATE")


REQUEST_ACTS: dict[EventType, Act] = {
    E.REQUEST_MADE: lambda w, r: service.put(w.desk(), r),
    E.REQUEST_SIGNED: _sign_first,
    E.REQUEST_NARROWED: _narrow,
    E.REQUEST_GRANTED: _grant,
    E.REQUEST_DENIED: lambda w, r: service.deny(w.desk(), r),
    E.REQUEST_LAPSED: lambda w, _: service.lapse_due(moved(w, timedelta(days=4)).system),
    E.REQUEST_CANCELLED: lambda w, r: service.cancel(w.desk(), r),
    E.REQUEST_SIGNATURE_DROPPED: _drop,
}


def a_request_in(world: World, state: RequestState) -> UUID:
    """A request of three signatories in one state; a partly signed one has one signature."""
    ask = Ask(artefact=a_body(world, 2), enterprise_id=world.enterprise_id)
    request = service.draft(world.desk(), ask)
    if state is R.DRAFT:
        return request.id
    service.put(world.desk(), request.id)
    if state is R.PARTIALLY_SIGNED:
        sign(world, ask, 0)
    elif state is R.REQUESTED:
        request.m = 1
    else:
        request.state = state
    world.session.flush()
    return request.id


def rows_of(world: World, request_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every column of a request, of its signatures, and of what it granted."""
    request_, signed = ConsentRequest.__table__, RequestSignature.__table__
    queries = {
        "request": select(request_).where(request_.c.id == request_id),
        "signatures": select(signed).where(signed.c.request_id == request_id),
        "consents": select(ConsentRow.__table__),
        "chains": select(Chain.__table__),
    }
    world.session.flush()
    return {
        name: [dict(row._mapping) for row in world.session.execute(query)]
        for name, query in queries.items()
    }


class TestEveryPairOfRequest:
    @pytest.mark.parametrize("event", sorted(REQUEST_ACTS))
    @pytest.mark.parametrize("state", sorted(RequestState))
    def test_it_follows_the_table_or_changes_nothing(
        self, world: World, state: RequestState, event: EventType
    ) -> None:
        world.people += [world.enterprise_id, UUID(int=7)]
        request_id = a_request_in(world, state)
        before, logged = rows_of(world, request_id), len(leaves(world.session))
        allowed = REQUEST_LIFECYCLE.get((state, event), frozenset())

        try:
            with world.session.begin_nested():
                REQUEST_ACTS[event](world, request_id)
        except (errors.InvalidStateError, errors.RequestLapsedError):
            assert not allowed
        after = rows_of(world, request_id)
        (was,), (request,) = before["request"], after["request"]

        if allowed:
            assert request["state"] in allowed
            assert request["version"] == was["version"] + 1
            assert event.value in [leaf["type"] for leaf in leaves(world.session)[logged:]]
        else:
            assert after == before
            assert len(leaves(world.session)) == logged
