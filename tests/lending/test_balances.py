"""Sums of loan events, against a slow and simple oracle."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yidaitong.lending.balances import Entry, least_class, net, standing_of
from yidaitong.lending.lifecycle import LoanEventKind, LoanState

FIRST = date(2026, 3, 2)
_K = LoanEventKind
MOVES = {_K.DISBURSE: 1, _K.REPAY: -1, _K.WRITEOFF: -1}


def entry(seq: int, kind: LoanEventKind, day: int = 0, **members: int) -> Entry:
    return Entry(
        id=UUID(int=seq),
        seq=seq,
        kind=kind,
        business_date=FIRST + timedelta(days=day),
        amount_fen=members.get("amount", 0),
        days=members.get("days"),
        risk_class=members.get("risk_class"),
    )


def undo(seq: int, undone: Entry) -> Entry:
    return Entry(
        id=UUID(int=seq),
        seq=seq,
        kind=_K.REVERSE,
        business_date=undone.business_date,
        reverses_id=undone.id,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    made: list[Entry] = []
    for seq in range(1, draw(st.integers(1, 14)) + 1):
        open_ones = [one for one in made if one.kind is not _K.REVERSE]
        undone = {one.reverses_id for one in made}
        left = [one for one in open_ones if one.id not in undone]
        if left and draw(st.integers(0, 4)) == 0:
            made.append(undo(seq, draw(st.sampled_from(left))))
        else:
            kind = draw(st.sampled_from(sorted(MOVES)))
            amount = draw(st.integers(1, 10**12))
            made.append(entry(seq, kind, draw(st.integers(0, 6)), amount=amount))
    return made


def oracle(history: list[Entry]) -> tuple[int, int]:
    """Balance, and its lowest value at the end of any day, counted day by day."""
    undone = {one.reverses_id for one in history}
    standing = [one for one in history if one.kind in MOVES and one.id not in undone]
    totals = [
        sum(
            MOVES[one.kind] * one.amount_fen
            for one in standing
            if one.business_date <= FIRST + timedelta(days=day)
        )
        for day in range(7)
    ]
    return totals[-1], min(0, *totals)


class TestStandingOf:
    @given(histories())
    @settings(max_examples=200, derandomize=True, deadline=None)
    def test_equals_the_oracle_in_any_order_of_arrival(self, history: list[Entry]) -> None:
        found = standing_of(reversed(history))

        assert (found.balance_fen, found.lowest_fen) == oracle(history)

    @given(histories())
    @settings(max_examples=100, derandomize=True, deadline=None)
    def test_reversing_everything_leaves_nothing(self, history: list[Entry]) -> None:
        undone = {one.reverses_id for one in history}
        left = [one for one in history if one.kind in MOVES and one.id not in undone]
        more = [undo(100 + number, one) for number, one in enumerate(left)]

        found = standing_of([*history, *more])

        assert (found.balance_fen, found.disbursed_fen, found.lowest_fen) == (0, 0, 0)
        assert found.state is LoanState.CONTRACTED

    def test_a_repayment_earlier_on_the_day_of_the_disbursement_is_no_shortfall(self) -> None:
        found = standing_of([entry(1, _K.REPAY, amount=5), entry(2, _K.DISBURSE, amount=5)])

        assert found.lowest_fen == 0

    def test_a_back_dated_repayment_shows_the_shortfall_of_that_day(self) -> None:
        history = [entry(1, _K.DISBURSE, 3, amount=10), entry(2, _K.REPAY, 1, amount=4)]

        assert standing_of(history).lowest_fen == -4

    def test_overdue_comes_and_goes(self) -> None:
        base = [entry(1, _K.DISBURSE, amount=10), entry(2, _K.OVERDUE, 1, days=30)]

        assert standing_of(base).state is LoanState.OVERDUE
        assert standing_of([*base, entry(3, _K.OVERDUE, 2, days=0)]).state is LoanState.ACTIVE

    def test_a_class_milder_than_the_days_demand_is_flagged(self) -> None:
        found = standing_of([entry(1, _K.DISBURSE, amount=10), entry(2, _K.OVERDUE, 1, days=91)])

        assert found.class_flagged
        assert found.state is LoanState.DEFAULTED

    def test_writing_off_the_whole_balance_ends_the_loan(self) -> None:
        history = [entry(1, _K.DISBURSE, amount=10), entry(2, _K.WRITEOFF, 1, amount=10)]

        assert standing_of(history).state is LoanState.WRITTEN_OFF

    def test_a_settled_loan_stays_settled_whatever_is_classified_later(self) -> None:
        history = [
            entry(1, _K.DISBURSE, amount=10),
            entry(2, _K.REPAY, 1, amount=10),
            entry(3, _K.SETTLE, 1),
            entry(4, _K.CLASSIFY, 2, risk_class=2),
        ]

        assert standing_of(history).state is LoanState.SETTLED


class TestLeastClass:
    @pytest.mark.parametrize(
        ("days", "least"),
        [(0, 1), (90, 1), (91, 3), (270, 3), (271, 4), (360, 4), (361, 5), (9999, 5)],
    )
    def test_follows_the_days(self, days: int, least: int) -> None:
        assert least_class(days) == least


class TestNet:
    def test_orders_by_business_date_then_arrival(self) -> None:
        late, early = entry(1, _K.DISBURSE, 2, amount=1), entry(2, _K.DISBURSE, 1, amount=2)

        assert net([late, early]) == [early, late]
