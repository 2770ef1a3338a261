"""Decisions taken at once: one wins, and no firm gets more than its limit."""

import threading
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.lending.builders import (
    NOTE,
    PRODUCT,
    Case,
    a_banker,
    evaluate,
    evaluated,
    recommend,
    to_check,
)
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import DomainError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import applications, exposures, underwriting
from yidaitong.lending.commands import CreateApplication, Verdict
from yidaitong.lending.kinds import Outcome
from yidaitong.lending.lifecycle import ApplicationState
from yidaitong.lending.models import Decision
from yidaitong.runtime import Runtime

APPROVE = Verdict(outcome=Outcome.APPROVE, note=NOTE)


class TestRace:
    @pytest.mark.promise("T2")
    @pytest.mark.promise("T26")
    def test_of_a_hundred_approvals_one_wins(self, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = to_check(uow)
        outcomes: Counter[str] = Counter()

        def approve() -> None:
            try:
                with runtime.transaction(a_banker("bank_checker")) as own:
                    underwriting.decide(own, case.id, APPROVE)
            except DomainError as error:
                outcomes[error.code] += 1
            else:
                outcomes["APPROVED"] += 1

        for _ in range(10):
            threads = [threading.Thread(target=approve) for _ in range(10)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert outcomes == {"APPROVED": 1, "InvalidState": 99}
        with runtime.transaction(SYSTEM) as uow:
            assert exposures.platform_fen(uow, case.firm.enterprise_id) == 80_000_000
            assert len(uow.session.scalars(select(Decision)).all()) == 1


class TestExposureRace:
    @pytest.mark.promise("T26")
    def test_two_cases_of_one_firm_never_reserve_more_than_its_limit(
        self, runtime: Runtime
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            first = evaluated(uow)
            second = _a_second_case(uow, first)
            for case in (first, second):
                recommend(uow, case)
        outcomes: Counter[str] = Counter()
        barrier = threading.Barrier(2)

        def approve(case: Case) -> None:
            barrier.wait()
            try:
                with runtime.transaction(a_banker("bank_checker")) as own:
                    underwriting.decide(own, case.id, APPROVE)
            except DomainError as error:
                outcomes[error.code] += 1
            else:
                outcomes["APPROVED"] += 1

        threads = [threading.Thread(target=approve, args=(case,)) for case in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert outcomes == {"APPROVED": 1, "LimitExceeded": 1}


def _a_second_case(uow: UnitOfWork, first: Case) -> Case:
    """Another submitted and evaluated application of the same firm, under the same consents."""
    made = applications.create(
        uow.acting(first.firm.rep),
        CreateApplication(product_id=PRODUCT, amount_fen=100_000_000, term_months=12),
    )
    made.state = ApplicationState.SUBMITTED
    made.submitted_at = uow.now
    second = replace(first, id=made.id)
    uow.session.flush()
    evaluate(uow, second)
    return second
