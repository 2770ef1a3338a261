"""Whole pulls against live departments, good and bad ones."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.pulls.builders import (
    EIGHT,
    ONE,
    RESOURCES_OF_EIGHT,
    a_committed_case,
    a_pull,
    lines_of,
    promises,
    pull_now,
    revoke,
)
from tests.sandboxes import LiveSandbox, at, live_sandbox
from yidaitong.jobs.tasks import run_pull
from yidaitong.kernel.actor import SYSTEM
from yidaitong.pulls import queries, recording
from yidaitong.pulls.dispatching import claim
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.runtime import Runtime
from yidaitong.sandbox.faults import FaultKind

SILENT = {
    FaultKind.SILENCE,
    FaultKind.SLOW,
    FaultKind.HEADER_DRIP,
    FaultKind.BODY_DRIP,
    FaultKind.RESET,
    FaultKind.CUT,
    FaultKind.CHUNK_LIE,
    FaultKind.HTTP_500,
    FaultKind.HTTP_503,
    FaultKind.HTTP_429,
    FaultKind.UNAVAILABLE,
    FaultKind.RATE_LIMITED,
}
TOLD = {
    FaultKind.STALE: LineStatus.DELIVERED,
    FaultKind.PARTIAL: LineStatus.DELIVERED,
    FaultKind.NOT_AUTHORISED: LineStatus.DENIED_BY_SOURCE,
}


@pytest.fixture
def departments(runtime: Runtime) -> Iterator[LiveSandbox]:
    """Departments that are asked once, and waited for as long as a slow machine needs."""
    runtime.settings = replace(
        runtime.settings, line_attempts=1, call_deadline_seconds=5.0, breaker_failures=1000
    )
    with live_sandbox(runtime) as live:
        yield live


def patience(runtime: Runtime, seconds: float) -> None:
    """Wait so long for an answer from now on."""
    runtime.settings = replace(runtime.settings, call_deadline_seconds=seconds)
    gateway = runtime.__dict__.pop("gateway", None)
    if gateway is not None:
        gateway.close()


def expected(kind: FaultKind) -> LineStatus:
    if kind in SILENT:
        return LineStatus.TIMEOUT
    # Whatever else it is, it is an answer, and a wrong one.
    return TOLD.get(kind, LineStatus.FAILED)


class TestRunPull:
    def test_eight_departments_answer_and_the_pull_is_sealed(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        pull = a_pull(runtime, a_committed_case(runtime, EIGHT))

        assert run_pull(runtime, pull_id=str(pull.id)) is None

        assert len(departments.log()) == len(RESOURCES_OF_EIGHT)
        with runtime.transaction(SYSTEM) as uow:
            assert pull_now(uow, pull.id).state is PullState.SEALED
            results = queries.results(uow, pull.id)
            assert [result.resource for result in results] == list(RESOURCES_OF_EIGHT)
            assert {result.status for result in results} <= {
                LineStatus.DELIVERED,
                LineStatus.NO_DATA,
            }
            assert all(result.answer_jws for result in results)
            assert promises(uow, "packets.release") == 1

    @pytest.mark.promise("R5")
    def test_three_times_asks_once(self, runtime: Runtime, departments: LiveSandbox) -> None:
        pull = a_pull(runtime, a_committed_case(runtime, EIGHT))

        found = [run_pull(runtime, pull_id=str(pull.id)) for _ in range(3)]

        assert found == [None, None, None]
        assert len(departments.log()) == len(RESOURCES_OF_EIGHT)
        with runtime.transaction(SYSTEM) as uow:
            assert promises(uow, "packets.release") == 1

    @pytest.mark.promise("R7")
    @pytest.mark.promise("T3")
    def test_every_fault_gives_its_line_a_reason_and_the_pull_an_end(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        case = a_committed_case(runtime, ONE)
        wrong = {}
        for kind in sorted(FaultKind, key=SILENT.__contains__):
            patience(runtime, 0.3 if kind in SILENT else 5.0)
            departments.fault(kind.value, seconds=2.0)
            pull = a_pull(runtime, case, kind.value)
            assert run_pull(runtime, pull_id=str(pull.id)) is None
            with runtime.transaction(SYSTEM) as uow:
                (line,) = lines_of(uow, pull.id)
                (result,) = queries.results(uow, pull.id)
                gave = result.answer_jws is not None
                ended = pull_now(uow, pull.id).state in {PullState.SEALED, PullState.FAILED}
            fine = (
                line.status is expected(kind)
                and ended
                and gave is (line.status is LineStatus.DELIVERED)
            )
            if not fine or (line.status is not LineStatus.DELIVERED and line.why is None):
                wrong[kind.value] = (line.status.value, line.why)
        assert wrong == {}

    def test_a_department_that_recovers_is_asked_again(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        runtime.settings = replace(runtime.settings, line_attempts=3, line_retry_seconds=0.001)
        pull = a_pull(runtime, a_committed_case(runtime, ONE))
        departments.fault(FaultKind.HTTP_500.value, times=1)

        pause = run_pull(runtime, pull_id=str(pull.id))
        assert pause is not None
        assert timedelta() < pause < timedelta(seconds=1)
        assert run_pull(runtime, pull_id=str(pull.id)) is None

        with runtime.transaction(SYSTEM) as uow:
            (line,) = lines_of(uow, pull.id)
            assert (line.status, line.attempt) == (LineStatus.DELIVERED, 2)

    def test_one_dead_department_stops_no_other(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        patience(runtime, 1.5)
        departments.fault(FaultKind.SILENCE.value, department="TAX")
        pull = a_pull(runtime, a_committed_case(runtime, EIGHT))

        assert run_pull(runtime, pull_id=str(pull.id)) is None

        with runtime.transaction(SYSTEM) as uow:
            now = pull_now(uow, pull.id)
            assert (now.state, now.complete) == (PullState.SEALED, False)
            statuses = {line.resource: line.status for line in lines_of(uow, pull.id)}
        assert statuses.pop("TAX.RATE") is LineStatus.TIMEOUT
        assert set(statuses.values()) <= {LineStatus.DELIVERED, LineStatus.NO_DATA}


class TestRevoked:
    @pytest.mark.promise("R3")
    def test_a_question_sent_after_its_ticket_ended_is_refused_and_discarded(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        case = a_committed_case(runtime, ONE)
        pull = a_pull(runtime, case)
        with runtime.transaction(SYSTEM) as uow:
            order = claim(uow, lines_of(uow, pull.id)[0].id)
        assert order is not None
        revoke(runtime, case)

        # The worker was stopped between C2 and sending, and wakes up too late.
        departments.turn_clock(at(order.not_after))
        fetched = runtime.gateway.fetch(order)
        with runtime.transaction(SYSTEM) as uow:
            assert recording.record(uow, order, fetched)
            (line,) = lines_of(uow, pull.id)

        assert fetched.answer is None
        assert (line.status, line.answer_sealed) == (LineStatus.CANCELLED, None)
        (entry,) = departments.log()
        assert (entry.outcome, entry.refused is not None) == (None, True)
