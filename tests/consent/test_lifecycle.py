"""The tables as tables: every pair of state and act either follows them or changes nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from consent import errors, service
from consent.events import MEMBERS, EventType
from consent.lifecycle import (
    CONSENT_LABELS,
    CONSENT_LIFECYCLE,
    LIVE,
    OPEN,
    REQUEST_LABELS,
    REQUEST_LIFECYCLE,
    TERMINAL,
    ConsentState,
    Facts,
    RequestState,
    due_edge,
    next_due,
    state_at,
)
from consent.models import Chain, ConsentRequest
from consent.service import Order, Signing
from tests.consent.desks import World, a_consent, a_request, leaves, moved

START = datetime(2026, 3, 2, 1, 2, tzinfo=UTC)
END = START + timedelta(days=30)
TICK = timedelta(microseconds=1)
C = ConsentState


def facts(**changes: object) -> Facts:
    made = Facts(recorded=C.ACTIVE, starts_at=START, ends_at=END)
    return replace(made, **changes)  # type: ignore[arg-type]


class TestStateAt:
    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            (START - TICK, C.SCHEDULED),
            (START, C.ACTIVE),
            (END - TICK, C.ACTIVE),
            (END, C.EXPIRED),
        ],
    )
    def test_validity_is_half_open(self, at: datetime, expected: ConsentState) -> None:
        assert state_at(facts(recorded=C.SCHEDULED), at) is expected

    @pytest.mark.parametrize(
        ("at", "expected"),
        [(START + timedelta(days=1) - TICK, C.PAUSED), (START + timedelta(days=1), C.ACTIVE)],
    )
    def test_a_pause_ends_on_the_microsecond(self, at: datetime, expected: ConsentState) -> None:
        held = facts(recorded=C.PAUSED, paused=True, resumes_at=START + timedelta(days=1))

        assert state_at(held, at) is expected

    def test_suspension_hides_pause_and_schedule(self) -> None:
        held = facts(recorded=C.SUSPENDED, suspended=True, paused=True)

        assert state_at(held, START - TICK) is C.SUSPENDED

    @pytest.mark.parametrize("state", sorted(TERMINAL))
    def test_an_end_never_unhappens(self, state: ConsentState) -> None:
        assert state_at(facts(recorded=state), START - timedelta(days=9)) is state


class TestDueEdge:
    def test_nothing_is_due_while_the_record_is_right(self) -> None:
        assert due_edge(facts(), START) is None

    @pytest.mark.parametrize("state", sorted(LIVE))
    def test_the_end_comes_before_everything_else(self, state: ConsentState) -> None:
        held = facts(recorded=state, paused=state is C.PAUSED, suspended=state is C.SUSPENDED)

        due = due_edge(held, END)

        assert due is not None
        assert (due.event, due.after, due.effective_at) == (
            EventType.CONSENT_EXPIRED,
            C.EXPIRED,
            END,
        )

    def test_a_clock_set_back_revives_nothing(self) -> None:
        assert due_edge(facts(), START - TICK) is None
        assert due_edge(facts(recorded=C.EXPIRED), START) is None

    @given(
        recorded=st.sampled_from(sorted(ConsentState)),
        offset=st.integers(-40, 40),
        resumes=st.none() | st.integers(-40, 40),
    )
    def test_every_due_edge_is_an_edge(
        self, recorded: ConsentState, offset: int, resumes: int | None
    ) -> None:
        held = facts(
            recorded=recorded,
            paused=recorded is C.PAUSED,
            suspended=recorded is C.SUSPENDED,
            resumes_at=None if resumes is None else START + timedelta(days=resumes),
        )
        at = START + timedelta(days=offset)

        due = due_edge(held, at)

        if due is not None:
            assert due.after in CONSENT_LIFECYCLE[recorded, due.event]
            assert due.after is state_at(held, at)
            assert due.effective_at <= at
            moment = next_due(held)
            assert moment is not None
            assert moment <= at


class TestTables:
    def test_every_state_has_a_name(self) -> None:
        assert set(CONSENT_LABELS) == set(ConsentState)
        assert set(REQUEST_LABELS) == set(RequestState)

    def test_every_event_lists_its_members(self) -> None:
        assert set(MEMBERS) == set(EventType)

    def test_no_edge_leaves_a_terminal_state(self) -> None:
        left = {
            (state, event)
            for (state, event), after in CONSENT_LIFECYCLE.items()
            if state in TERMINAL and after != {state}
        }
        assert left == set()
        assert {state for state, _ in REQUEST_LIFECYCLE} == OPEN | {RequestState.DRAFT}


Act = Callable[[World, UUID], object]
ORDER = Order(reason_class="OPERATOR_ORDER")

CONSENT_ACTS: dict[EventType, Act] = {
    EventType.CONSENT_PAUSED: lambda w, c: service.pause(w.desk(), c),
    EventType.CONSENT_RESUMED: lambda w, c: service.resume(w.desk(), c),
    EventType.CONSENT_SUSPENDED: lambda w, c: service.suspend(w.system, c, ORDER),
    EventType.CONSENT_RESTORED: lambda w, c: service.restore(w.system, c, ORDER),
    EventType.CONSENT_EXHAUSTED: lambda w, c: service.exhaust(w.system, c),
    EventType.CONSENT_EXPIRED: lambda w, c: service.close(w.system, c, "DECISION"),
    EventType.CONSENT_REVOKED: lambda w, c: service.revoke(w.desk(), c),
}


def a_consent_in(world: World, state: ConsentState) -> UUID:
    later = (world.clock() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    chain_id = a_consent(world, **({"starts_at": later} if state is C.SCHEDULED else {}))
    reach: dict[ConsentState, Act] = {
        C.PAUSED: CONSENT_ACTS[EventType.CONSENT_PAUSED],
        C.SUSPENDED: CONSENT_ACTS[EventType.CONSENT_SUSPENDED],
        C.REVOKED: CONSENT_ACTS[EventType.CONSENT_REVOKED],
        C.EXPIRED: CONSENT_ACTS[EventType.CONSENT_EXPIRED],
        C.EXHAUSTED: CONSENT_ACTS[EventType.CONSENT_EXHAUSTED],
    }
    if state in reach:
        reach[state](world, chain_id)
    if state in {C.SUPERSEDED, C.VOIDED}:
        # Edges of amendments and orders; here only what holds afterwards matters.
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

        if allowed:
            assert after["state"] in allowed
            assert after["epoch"] == before["epoch"] + 1  # type: ignore[operator]
            assert leaves(world.session)[-1]["type"] == event.value
            assert len(leaves(world.session)) == logged + 1
        elif (state, event) in USE_WITHDRAWN:
            assert after["state"] == state
            assert leaves(world.session)[-1]["type"] == "consent.use_withdrawn"
        else:
            assert after == before
            assert len(leaves(world.session)) == logged


USE_WITHDRAWN = {
    (state, EventType.CONSENT_REVOKED) for state in (C.EXPIRED, C.EXHAUSTED, C.SUPERSEDED)
}

REQUEST_ACTS: dict[EventType, Act] = {
    EventType.REQUEST_DENIED: lambda w, r: service.deny(w.desk(), r),
    EventType.REQUEST_CANCELLED: lambda w, r: service.cancel(w.desk(), r),
    EventType.REQUEST_GRANTED: lambda w, r: service.sign(
        w.desk(1), r, Signing(digest=w.session.get_one(ConsentRequest, r).digest, evidence="t")
    ),
    EventType.REQUEST_LAPSED: lambda w, _: service.lapse_due(moved(w, timedelta(days=4)).system),
}


class TestEveryPairOfRequest:
    @pytest.mark.parametrize("event", sorted(REQUEST_ACTS))
    @pytest.mark.parametrize("state", sorted(RequestState))
    def test_it_follows_the_table_or_changes_nothing(
        self, world: World, state: RequestState, event: EventType
    ) -> None:
        world.people.append(world.enterprise_id)
        ask = a_request(world)
        request = world.session.get_one(ConsentRequest, UUID(ask.artefact.request_id))
        request.state = state
        world.session.flush()
        logged = len(leaves(world.session))
        allowed = REQUEST_LIFECYCLE.get((state, event), frozenset())

        try:
            with world.session.begin_nested():
                REQUEST_ACTS[event](world, request.id)
        except (errors.InvalidStateError, errors.RequestLapsedError):
            pass
        world.session.expire_all()

        if allowed:
            assert request.state in allowed
            assert request.version == 2
            assert len(leaves(world.session)) > logged
        else:
            assert request.state is state
            assert request.version == 1
            assert len(leaves(world.session)) == logged
