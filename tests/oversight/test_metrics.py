"""Figures by definition: what counts, what does not, and that rows add up to the figure."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oversight.builders import a_bank, a_call, a_catalogue, a_firm, a_loan, a_reversal
from yidaitong.departments.answers import Outcome
from yidaitong.kernel.actor import PUBLIC
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.errors import ForbiddenError, InvalidRequestError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight import flows, queries, series
from yidaitong.oversight.definitions import Page, Row
from yidaitong.oversight.metrics.average_loan import half_up
from yidaitong.oversight.registry import METRICS


def value(uow: UnitOfWork, metric_id: str, as_of: date | None = None) -> int | None:
    return queries.figures(uow, as_of)[metric_id].value


class TestFigures:
    def test_the_first_eight_are_there(self) -> None:
        assert list(METRICS) == [f"M0{n}" for n in range(1, 9)]

    def test_only_overseers_read_them(self, uow: UnitOfWork) -> None:
        with pytest.raises(ForbiddenError):
            queries.figures(uow.acting(PUBLIC))

    def test_nothing_is_zero_and_an_average_of_nothing_is_undefined(self, uow: UnitOfWork) -> None:
        assert value(uow, "M04") == 0
        assert value(uow, "M07") == 0
        assert value(uow, "M08") is None


class TestDepartments:
    def test_one_counts_once_it_answered(self, uow: UnitOfWork) -> None:
        a_catalogue(uow)
        a_call(uow, "TAX.PAY")
        a_call(uow, "TAX.VIO", Outcome.NO_RECORD)
        a_call(uow, "COURT.DIS", Outcome.UNAVAILABLE)
        a_call(uow, "SAMR.REG", at=uow.now - timedelta(days=31))

        assert value(uow, "M01") == 1

    def test_flows_show_every_department(self, uow: UnitOfWork) -> None:
        a_call(uow, "TAX.PAY")
        a_call(uow, "TAX.PAY", Outcome.UNAVAILABLE)

        found = {flow.code: flow for flow in flows.departments(uow, 30)}

        assert len(found) == 8
        assert (found["TAX"].calls, found["TAX"].answered, found["TAX"].p50_ms) == (2, 1, 120)
        assert found["TAX"].is_good is False
        assert found["SAMR"].is_good is None


class TestCalls:
    def test_facts_count_and_silence_does_not(self, uow: UnitOfWork) -> None:
        a_call(uow, outcome=Outcome.DATA)
        a_call(uow, outcome=Outcome.NO_RECORD)
        for outcome in (Outcome.UNAVAILABLE, Outcome.PARTIAL, Outcome.NOT_AUTHORISED, None):
            a_call(uow, outcome=outcome)

        assert value(uow, "M05") == 2

    def test_a_retry_counts_once(self, uow: UnitOfWork) -> None:
        a_call(uow, key="same")
        a_call(uow, key="same")

        assert value(uow, "M05") == 1

    def test_a_past_day_does_not_know_today(self, uow: UnitOfWork) -> None:
        a_call(uow)
        a_call(uow, at=uow.now - timedelta(days=2))
        yesterday = business_date(uow.now) - timedelta(days=1)

        assert value(uow, "M05", yesterday) == 1
        assert value(uow, "M05") == 2


class TestLoans:
    def test_a_reversed_disbursement_is_not_lent(self, uow: UnitOfWork) -> None:
        a_bank(uow)
        today = business_date(uow.now)
        kept, undone = a_firm(uow, 1), a_firm(uow, 2)
        a_loan(uow, kept, 12_345_678, today)
        event = a_loan(uow, undone, 99_00, today)
        a_reversal(uow, event, today)

        assert value(uow, "M04") == 2
        assert value(uow, "M06") == 1
        assert value(uow, "M07") == 12_345_678
        assert value(uow, "M08") == 12_345_678

    def test_before_its_reversal_it_was_lent(self, uow: UnitOfWork) -> None:
        a_bank(uow)
        today = business_date(uow.now)
        event = a_loan(uow, a_firm(uow, 1), 500_00, today - timedelta(days=3))
        a_reversal(uow, event, today)

        assert value(uow, "M07", today - timedelta(days=1)) == 500_00
        assert value(uow, "M07") == 0

    @pytest.mark.promise("T30")
    def test_rows_add_up_to_the_figure_and_to_the_series(self, uow: UnitOfWork) -> None:
        a_bank(uow)
        today = business_date(uow.now)
        for n in range(7):
            a_loan(uow, a_firm(uow, n), 100_00 * (n + 1), today - timedelta(days=n % 3))

        rows: list[Row] = []
        page = Page(limit=3)
        while True:
            found = queries.evidence(uow, "M07", page=page)
            rows += found.rows
            if found.next is None:
                break
            page = Page(after=found.next, limit=3)

        assert sum(row.adds for row in rows) == value(uow, "M07") == 2800_00
        assert sum(series.disbursements(uow, 30).values) == 2800_00
        assert sum(flow.disbursed_fen for flow in flows.banks(uow)) == 2800_00

    @given(st.integers(0, 10**15), st.integers(1, 10**6))
    def test_the_average_is_half_up(self, total: int, count: int) -> None:
        found = half_up(total, count)

        assert -count <= 2 * (total - found * count) < count

    def test_the_published_average_of_jinan(self) -> None:
        assert half_up(9_400_000_000, 735) == 12_789_116


class TestEvidence:
    def test_every_metric_pages_through_its_rows(self, uow: UnitOfWork) -> None:
        a_catalogue(uow)
        a_bank(uow)
        today = business_date(uow.now)
        for n in range(3):
            a_loan(uow, a_firm(uow, n), 100_00, today)
            a_call(uow)

        for metric_id in METRICS:
            seen: list[str] = []
            after = None
            while True:
                found = queries.evidence(uow, metric_id, page=Page(after=after, limit=1))
                seen += [row.key for row in found.rows]
                after = found.next
                if after is None:
                    break
            assert len(seen) == len(set(seen)), metric_id
            if metric_id in {"M04", "M05", "M06", "M07"}:
                assert len(seen) == 3, metric_id

    def test_an_unknown_metric_is_not_found(self, uow: UnitOfWork) -> None:
        with pytest.raises(NotFoundError):
            queries.evidence(uow, "M99")

    @pytest.mark.parametrize("metric_id", ["M04", "M05", "M06", "M07"])
    def test_a_strange_key_is_refused(self, uow: UnitOfWork, metric_id: str) -> None:
        with pytest.raises(InvalidRequestError):
            queries.evidence(uow, metric_id, page=Page(after="zz'; --"))

    def test_no_row_names_an_enterprise(self, uow: UnitOfWork) -> None:
        a_bank(uow)
        a_loan(uow, a_firm(uow, 1), 100_00, business_date(uow.now))

        for metric_id in ("M04", "M06"):
            (row,) = queries.evidence(uow, metric_id).rows
            assert len(str(row.cells[0])) == 10
            assert "济南" not in str(row.cells)
