"""The state at an instant, what the clock has done since, and the tables as such."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
