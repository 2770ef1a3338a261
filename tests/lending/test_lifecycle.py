"""The life of an application as a table: every pair of state and event."""

import pytest

from yidaitong.kernel.errors import InvalidStateError
from yidaitong.lending.lifecycle import (
    CLOSED,
    LIFECYCLE,
    PRIVATE,
    ApplicationEvent,
    ApplicationState,
    LoanEventKind,
    LoanState,
    after,
)

_S = ApplicationState
_E = ApplicationEvent
# Written out once more, by hand, from the rules: the table is not its own oracle.
EDGES = {
    "DRAFT": {"cancel": "CANCELLED", "submit": "SUBMITTED"},
    "SUBMITTED": {"screen_out": "DECLINED_SCREEN", "accept": "ACCEPTED", "withdraw": "WITHDRAWN"},
    "ACCEPTED": {"start_review": "IN_REVIEW", "withdraw": "WITHDRAWN"},
    "IN_REVIEW": {
        "ask_info": "NEED_INFO",
        "recommend": "PENDING_CHECK",
        "withdraw": "WITHDRAWN",
    },
    "NEED_INFO": {"give_info": "IN_REVIEW", "withdraw": "WITHDRAWN"},
    "PENDING_CHECK": {
        "return": "RETURNED",
        "decline": "DECLINED",
        "approve": "APPROVED",
        "withdraw": "WITHDRAWN",
    },
    "RETURNED": {"start_review": "IN_REVIEW", "withdraw": "WITHDRAWN"},
    "APPROVED": {"offer": "OFFER_SENT", "withdraw": "WITHDRAWN"},
    "OFFER_SENT": {
        "offer_accept": "OFFER_ACCEPTED",
        "offer_refuse": "WITHDRAWN",
        "offer_lapse": "OFFER_LAPSED",
        "withdraw": "WITHDRAWN",
    },
    "OFFER_ACCEPTED": {"contract": "CONTRACTED", "withdraw": "WITHDRAWN"},
    "CONTRACTED": {"disburse": "DISBURSED"},
    "DISBURSED": {"disburse": "DISBURSED"},
}
PAIRS = [(state, event) for state in _S for event in _E]


class TestAfter:
    @pytest.mark.parametrize(("state", "event"), PAIRS)
    def test_leads_where_the_rules_say_or_is_refused(self, state: _S, event: _E) -> None:
        expected = EDGES.get(state.value, {}).get(event.value)

        if expected is None:
            with pytest.raises(InvalidStateError):
                after(state, event)
        else:
            assert after(state, event) == expected

    def test_nothing_leaves_a_closed_state(self) -> None:
        assert {state for state, _ in LIFECYCLE} & CLOSED == set()

    def test_what_the_bank_never_saw_was_never_submitted(self) -> None:
        assert {_S.DRAFT, _S.CANCELLED} == PRIVATE


class TestText:
    def test_every_state_and_event_has_words_in_both_languages(self) -> None:
        named = [*ApplicationState, *ApplicationEvent, *LoanState, *LoanEventKind]

        assert all(one.text.zh and one.text.en for one in named)
        assert all(one.text.zh != one.text.en for one in named)
