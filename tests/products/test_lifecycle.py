"""The life of a version as a table: every pair of state and event."""

import pytest

from yidaitong.kernel.errors import InvalidStateError
from yidaitong.products.kinds import Repayment
from yidaitong.products.lifecycle import LIFECYCLE, OPEN, ProductEvent, ProductState, after

PAIRS = [(state, event) for state in ProductState for event in ProductEvent]


class TestAfter:
    @pytest.mark.parametrize(("state", "event"), PAIRS)
    def test_every_pair_is_a_known_move_or_refused(
        self, state: ProductState, event: ProductEvent
    ) -> None:
        if (state, event) in LIFECYCLE:
            assert after(state, event) is LIFECYCLE[state, event]
        else:
            with pytest.raises(InvalidStateError):
                after(state, event)

    def test_the_way_to_the_shelf(self) -> None:
        state = ProductState.DRAFT
        for event in ("submit", "check", "review", "admit", "take_effect", "retire"):
            state = after(state, ProductEvent(event))

        assert state is ProductState.RETIRED

    def test_nothing_leaves_the_end(self) -> None:
        ends = {ProductState.RETIRED, ProductState.RETURNED}

        assert not any(state in ends for state, _ in LIFECYCLE)
        assert not ends & set(OPEN)

    def test_everything_has_words(self) -> None:
        assert all(state.text.zh and state.text.en for state in ProductState)
        assert all(way.text.zh and way.text.en for way in Repayment)
