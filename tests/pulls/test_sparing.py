"""Departments in trouble are spared: breaker, probes, and calls at once."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from tests.pulls.builders import EIGHT, ONE, a_committed_case, a_pull, lines_of
from tests.sandboxes import LiveSandbox, live_sandbox
from yidaitong.departments import breakers
from yidaitong.departments.budgets import BURST, PER_SECOND
from yidaitong.jobs.tasks import run_pull
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import monotonic
from yidaitong.pulls.dispatching import claim
from yidaitong.pulls.lifecycle import LineStatus
from yidaitong.runtime import Runtime

LIMIT = 3
PROBE_SECONDS = 0.1
PATIENCE = 60.0


@pytest.fixture
def departments(runtime: Runtime) -> Iterator[LiveSandbox]:
    runtime.settings = replace(
        runtime.settings,
        line_retry_seconds=0.001,
        line_attempts=100,
        breaker_failures=LIMIT,
        breaker_probe_seconds=PROBE_SECONDS,
    )
    with live_sandbox(runtime) as live:
        yield live


def run_for(runtime: Runtime, pull_id: str, seconds: float) -> bool:
    """Work at a pull as the queue would, until it ends; False if the time is over first."""
    ends = monotonic() + seconds
    while monotonic() < ends:
        pause = run_pull(runtime, pull_id=pull_id)
        if pause is None:
            return True
        time.sleep(min(pause.total_seconds(), 0.05))
    return False


def run_until(runtime: Runtime, pull_id: str, is_so: Callable[[], bool]) -> float:
    """Work at a pull that does not end, until something is so; the seconds it took."""
    began = monotonic()
    while not is_so():
        assert not run_for(runtime, pull_id, 0.05)
        assert monotonic() - began < PATIENCE
    return monotonic() - began


def why(runtime: Runtime, pull_id: UUID) -> str | None:
    with runtime.transaction(SYSTEM) as uow:
        (line,) = lines_of(uow, pull_id)
        return line.why


@pytest.mark.promise("R8")
class TestFlappingDepartment:
    def test_it_is_asked_again_within_the_budget_alone(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        runtime.settings = replace(runtime.settings, breaker_failures=10_000, line_attempts=10_000)
        pull = a_pull(runtime, a_committed_case(runtime, ONE))
        departments.fault("http-500")

        spent = run_until(runtime, str(pull.id), lambda: why(runtime, pull.id) == "SPARED")
        asked = len(departments.log())

        # One question, the retries saved up, and one more for each ten seconds or ten calls.
        assert BURST <= asked - 1 <= BURST + 1 + PER_SECOND * spent
        with runtime.transaction(SYSTEM) as uow:
            (line,) = lines_of(uow, pull.id)
            assert (line.status, line.why) == (LineStatus.PENDING, "SPARED")
            assert line.attempt == len(departments.log())


@pytest.mark.promise("R8")
class TestDeadDepartment:
    def test_it_is_probed_and_no_more_and_comes_back_by_itself(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        pull = a_pull(runtime, a_committed_case(runtime, ONE))
        departments.fault("http-500")

        seconds = run_until(runtime, str(pull.id), lambda: len(departments.log()) > LIMIT + 2)
        asked = len(departments.log())
        departments.faults()
        began = monotonic()

        assert run_for(runtime, str(pull.id), 5.0)
        assert asked <= LIMIT + seconds / PROBE_SECONDS + 1
        assert monotonic() - began < 5.0
        with runtime.transaction(SYSTEM) as uow:
            assert [row.opened_at for row in breakers.states(uow)] == [None]
            (line,) = lines_of(uow, pull.id)
            # Waiting is no attempt.
            assert line.attempt == len(departments.log())
            assert line.status is LineStatus.DELIVERED

    def test_the_other_seven_do_not_notice(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        runtime.settings = replace(runtime.settings, breaker_probe_seconds=60.0)
        with runtime.transaction(SYSTEM) as uow:
            for _ in range(LIMIT):
                breakers.report(uow, "TAX", "TIMEOUT")
        pull = a_pull(runtime, a_committed_case(runtime, EIGHT))

        assert run_pull(runtime, pull_id=str(pull.id)) is not None

        with runtime.transaction(SYSTEM) as uow:
            left = [line for line in lines_of(uow, pull.id) if line.closed_at is None]
            assert [(line.resource[:4], line.attempt) for line in left] == [("TAX.", 0)]


class TestCallsAtOnce:
    @pytest.mark.promise("R8")
    def test_a_department_gets_no_more_than_it_can_take(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        runtime.settings = replace(runtime.settings, department_calls=2)
        case = a_committed_case(runtime, ONE)
        pulls = [a_pull(runtime, case, f"key-{n}") for n in range(3)]

        orders = []
        for pull in pulls:
            with runtime.transaction(SYSTEM) as uow:
                (line,) = lines_of(uow, pull.id)
                orders.append(claim(uow, line.id))

        assert [order is not None for order in orders] == [True, True, False]
        with runtime.transaction(SYSTEM) as uow:
            (line,) = lines_of(uow, pulls[2].id)
            assert (line.attempt, line.leased_until, line.why) == (0, None, "BUSY")
            assert line.not_before > uow.now
