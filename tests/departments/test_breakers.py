"""A failing department is left alone and comes back by itself."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from yidaitong.departments import breakers
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.runtime import Runtime

LIMIT = 3
PAUSE = timedelta(seconds=2)


@pytest.fixture
def case(uow: UnitOfWork) -> UnitOfWork:
    settings = replace(
        uow.settings, breaker_failures=LIMIT, breaker_probe_seconds=PAUSE.total_seconds()
    )
    return replace(uow, settings=settings)


def fail(uow: UnitOfWork, times: int, department: str = "TAX") -> None:
    for _ in range(times):
        breakers.report(uow, department, "TIMEOUT")


def probe_at(uow: UnitOfWork) -> datetime:
    (row,) = breakers.states(uow)
    uow.session.refresh(row)
    if row.probe_at is None:
        raise AssertionError("not open")
    return row.probe_at


@pytest.mark.promise("R8")
class TestBreaker:
    def test_a_healthy_department_leaves_no_trace(self, case: UnitOfWork) -> None:
        breakers.report(case, "TAX", None)

        assert breakers.admit(case, "TAX", case.now) is None
        assert breakers.states(case) == []

    def test_it_opens_at_the_limit_and_not_before(self, case: UnitOfWork) -> None:
        fail(case, LIMIT - 1)
        assert breakers.admit(case, "TAX", case.clock()) is None

        fail(case, 1)
        again = breakers.admit(case, "TAX", case.clock())

        assert again is not None
        assert probe_at(case) <= again <= probe_at(case) + PAUSE

    def test_one_success_starts_the_count_again(self, case: UnitOfWork) -> None:
        fail(case, LIMIT - 1)
        breakers.report(case, "TAX", None)
        fail(case, LIMIT - 1)

        assert breakers.admit(case, "TAX", case.clock()) is None

    def test_other_departments_go_on(self, case: UnitOfWork) -> None:
        fail(case, LIMIT)

        assert breakers.admit(case, "SAMR", case.clock()) is None

    def test_one_probe_is_let_through_in_its_time(self, case: UnitOfWork) -> None:
        fail(case, LIMIT)
        due = probe_at(case)

        assert breakers.admit(case, "TAX", due - timedelta(milliseconds=1)) is not None
        assert breakers.admit(case, "TAX", due) is None
        assert breakers.admit(case, "TAX", due) is not None
        # Nobody told what came of it: the next probe follows.
        assert breakers.admit(case, "TAX", due + PAUSE) is None

    def test_a_good_probe_closes_it(self, case: UnitOfWork) -> None:
        fail(case, LIMIT)
        due = probe_at(case)
        assert breakers.admit(case, "TAX", due) is None
        breakers.report(case, "TAX", None)

        assert [breakers.admit(case, "TAX", due) for _ in range(3)] == [None] * 3

    def test_a_bad_probe_keeps_it_open(self, case: UnitOfWork) -> None:
        fail(case, LIMIT)
        due = probe_at(case)
        assert breakers.admit(case, "TAX", due) is None
        fail(case, 1)

        assert probe_at(case) == due + PAUSE
        assert breakers.admit(case, "TAX", due) is not None

    @pytest.mark.parametrize("problem", ["NO_KEYS", "ADDRESS", "HTTP_429", "HTTP_403"])
    def test_what_is_not_its_fault_does_not_count(self, case: UnitOfWork, problem: str) -> None:
        for _ in range(LIMIT):
            breakers.report(case, "TAX", problem)

        assert breakers.states(case) == []

    @pytest.mark.promise("T3")
    @pytest.mark.parametrize("problem", ["BAD_SIGNATURE", "WRONG_SUBJECT", "HTTP_503", "REFUSED"])
    def test_bad_answers_count_like_none(self, case: UnitOfWork, problem: str) -> None:
        for _ in range(LIMIT):
            breakers.report(case, "TAX", problem)

        assert breakers.admit(case, "TAX", case.clock()) is not None
        assert [row.last_problem for row in breakers.states(case)] == [problem]


@pytest.mark.promise("R8")
@pytest.mark.promise("T26")
def test_of_many_at_once_one_is_the_probe(runtime: Runtime) -> None:
    limit = runtime.settings.breaker_failures
    with ThreadPoolExecutor(8) as threads:

        def fail_once(_: int) -> None:
            with runtime.transaction(SYSTEM) as uow:
                breakers.report(uow, "TAX", "TIMEOUT")

        list(threads.map(fail_once, range(limit)))
        with runtime.transaction(SYSTEM) as uow:
            due = probe_at(uow)

        def ask(_: int) -> datetime | None:
            with runtime.transaction(SYSTEM) as uow:
                return breakers.admit(uow, "TAX", due)

        found = list(threads.map(ask, range(24)))

    assert found.count(None) == 1
    assert len(set(found)) == len(found)
