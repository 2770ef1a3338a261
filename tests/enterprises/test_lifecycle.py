"""The life of an enterprise, tested as a table."""

import itertools

import pytest

from yidaitong.enterprises.lifecycle import (
    LIFECYCLE,
    REGISTERED,
    EnterpriseEvent,
    EnterpriseState,
    after,
)
from yidaitong.kernel.errors import InvalidStateError

PAIRS = tuple(itertools.product(EnterpriseState, EnterpriseEvent))


class TestAfter:
    @pytest.mark.parametrize(("state", "event"), PAIRS)
    def test_every_pair_is_in_the_table_or_refused(
        self, state: EnterpriseState, event: EnterpriseEvent
    ) -> None:
        if (state, event) in LIFECYCLE:
            assert after(state, event) is LIFECYCLE[state, event]
        else:
            with pytest.raises(InvalidStateError):
                after(state, event)

    def test_the_straight_way_leads_to_an_active_enterprise(self) -> None:
        state = EnterpriseState.DRAFT
        for event in ("code_accepted", "registry_matches", "rep_accepted", "account_opened"):
            state = after(state, EnterpriseEvent(event))
        assert state is EnterpriseState.ACTIVE

    @pytest.mark.parametrize("state", [EnterpriseState.CODE_BAD, EnterpriseState.CLOSED])
    def test_the_end_is_the_end(self, state: EnterpriseState) -> None:
        assert not [pair for pair in LIFECYCLE if pair[0] is state]

    def test_nobody_is_registered_without_a_verified_representative(self) -> None:
        ways_in = {
            before
            for (before, _), then in LIFECYCLE.items()
            if then in REGISTERED and before not in REGISTERED
        }
        assert ways_in == {EnterpriseState.REP_VERIFIED}

    @pytest.mark.parametrize("state", list(EnterpriseState))
    def test_every_state_has_words_in_both_languages(self, state: EnterpriseState) -> None:
        assert state.text.zh
        assert state.text.en
