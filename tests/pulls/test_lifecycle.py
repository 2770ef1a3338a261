"""Every (state, act) pair of a pull and of its lines, against the table of the design."""

import pytest

from consent.service import EventType
from yidaitong.departments.answers import Outcome
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.pulls.lifecycle import (
    ENDED,
    LINE_LIFECYCLE,
    OF_OUTCOME,
    OPEN_LINES,
    PULL_LIFECYCLE,
    LineStatus,
    PullState,
    after,
)

S = PullState
ACTS = [one for one in EventType if one.value.startswith(("pull.", "packet."))]
# Written by hand from the tables, not from the code.
TABLE = {
    "pull.rejected": {S.RECEIVED: S.REJECTED},
    "pull.authorised": {S.RECEIVED: S.AUTHORISED},
    "pull.line_sent": {S.AUTHORISED: S.COLLECTING, S.COLLECTING: S.COLLECTING},
    "pull.line_closed": {
        S.AUTHORISED: S.COLLECTING,
        S.COLLECTING: S.COLLECTING,
        S.CANCELLED: S.CANCELLED,
    },
    "pull.done": {S.COLLECTING: S.SEALED},
    "pull.failed": {S.AUTHORISED: S.FAILED, S.COLLECTING: S.FAILED, S.SEALED: S.FAILED},
    "pull.cancelled": {
        S.AUTHORISED: S.CANCELLED,
        S.COLLECTING: S.CANCELLED,
        S.SEALED: S.CANCELLED,
    },
    "pull.held": {one: one for one in (S.AUTHORISED, S.COLLECTING, S.SEALED)},
    "pull.unheld": {one: one for one in (S.AUTHORISED, S.COLLECTING, S.SEALED)},
    "pull.slot_refunded": {one: one for one in (S.SEALED, S.FAILED, S.DISPUTED)},
    "pull.replayed": {one: one for one in S if one is not S.RECEIVED},
    "packet.issued": {S.SEALED: S.RELEASED},
    "packet.fetched": {S.RELEASED: S.RELEASED},
    "packet.acked": {S.RELEASED: S.ACKED},
    "packet.disputed": {S.RELEASED: S.DISPUTED},
    "packet.lapsed": {S.RELEASED: S.LAPSED},
    "packet.withdrawn": {S.RELEASED: S.CANCELLED},
}


class TestPullLifecycle:
    @pytest.mark.parametrize("act", ACTS)
    @pytest.mark.parametrize("state", list(PullState))
    def test_a_pair_leads_where_the_table_says_or_is_refused(
        self, state: PullState, act: EventType
    ) -> None:
        expected = TABLE.get(act.value, {}).get(state)

        if expected is None:
            with pytest.raises(InvalidStateError):
                after(state, act)
        else:
            assert after(state, act) is expected

    def test_no_other_act_moves_a_pull(self) -> None:
        assert {act for _, act in PULL_LIFECYCLE} <= set(ACTS)

    def test_what_has_ended_stays_so(self) -> None:
        left = {
            (state, act)
            for (state, act), to in PULL_LIFECYCLE.items()
            if state in ENDED and to is not state
        }
        assert left == set()

    def test_every_state_and_status_has_words(self) -> None:
        assert all(state.text.zh and state.text.en for state in PullState)
        assert all(status.text.zh and status.text.en for status in LineStatus)


class TestLineLifecycle:
    @pytest.mark.promise("I6")
    @pytest.mark.parametrize("before", list(LineStatus))
    def test_a_closed_line_never_moves(self, before: LineStatus) -> None:
        if before in OPEN_LINES:
            assert LINE_LIFECYCLE[before] >= set(LineStatus) - OPEN_LINES - {
                LineStatus.FAILED,
                LineStatus.UNSUPPORTED,
            }
        else:
            assert LINE_LIFECYCLE[before] == frozenset()

    def test_every_outcome_has_a_status(self) -> None:
        assert set(OF_OUTCOME) == set(Outcome)
        assert set(OF_OUTCOME.values()) <= set(LineStatus) - OPEN_LINES
