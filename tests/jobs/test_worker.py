"""The contract of the pool, on real processes: killed, drained, and nothing lost."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests.jobs.processes import running, until
from tests.pulls.builders import (
    RESOURCES_OF_EIGHT,
    Case,
    a_committed_case,
    a_pull,
    lines_of,
    log_of,
    pull_now,
)
from tests.sandboxes import LiveSandbox, live_sandbox
from yidaitong.jobs.ticker import Ticker
from yidaitong.kernel.actor import SYSTEM
from yidaitong.pulls.lifecycle import PullState
from yidaitong.runtime import Runtime

LEASE = 2


@pytest.fixture
def departments(runtime: Runtime) -> Iterator[LiveSandbox]:
    """Departments, and leases short enough to wait for."""
    runtime.settings = replace(runtime.settings, lease_seconds=LEASE, call_deadline_seconds=1.5)
    with live_sandbox(runtime) as live:
        yield live


def beat(runtime: Runtime, pull_id: UUID) -> bool:
    """One beat of a ticker; whether the pull has ended collecting."""
    with suppress(SQLAlchemyError):
        Ticker(runtime).step()
    with runtime.transaction(SYSTEM) as uow:
        return pull_now(uow, pull_id).state not in {PullState.AUTHORISED, PullState.COLLECTING}


def judge(runtime: Runtime, case: Case, pull_id: UUID) -> None:
    """Every line closed once, in the rows and in the log."""
    with runtime.transaction(SYSTEM) as uow:
        lines = lines_of(uow, pull_id)
        assert len(lines) == len(RESOURCES_OF_EIGHT)
        assert all(line.closed_at is not None and line.answer_sealed for line in lines)
        log = log_of(uow, case.chain_id)
    assert log.count("pull.line_closed") == len(RESOURCES_OF_EIGHT)
    assert log.count("pull.done") == 1


@pytest.mark.faults
class TestKilledWorker:
    @pytest.mark.promise("R6")
    def test_another_finishes_within_the_lease_and_a_second(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        case = a_committed_case(runtime)
        departments.faults({"kind": "slow", "seconds": 1.2, "times": 8})
        with running(runtime.settings, "worker") as first:
            pull = a_pull(runtime, case)
            until(lambda: len(departments.log()) > 0 or asked(runtime, pull.id))
            with running(runtime.settings, "worker") as second:
                first.kill()
                took = until(lambda: beat(runtime, pull.id), 30)
                assert second.child.poll() is None
        judge(runtime, case, pull.id)
        # Lease, a beat of the ticker, the calls, and this test's own pace.
        assert took < LEASE + 1 + 6

    @pytest.mark.promise("R5")
    @pytest.mark.parametrize("point", ["after_claim", "after_reply", "after_record"])
    def test_where_it_dies_makes_no_difference(
        self, runtime: Runtime, departments: LiveSandbox, point: str
    ) -> None:
        case = a_committed_case(runtime)
        pull = a_pull(runtime, case)
        with running(runtime.settings, "worker", YDT_FAIL_POINT=point) as doomed:
            assert doomed.child.wait(20) == 9

        with running(runtime.settings, "worker"):
            until(lambda: beat(runtime, pull.id), 30)
        judge(runtime, case, pull.id)


@pytest.mark.faults
class TestDrainedWorker:
    @pytest.mark.promise("R9")
    def test_told_to_stop_it_finishes_the_job_at_hand(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        case = a_committed_case(runtime)
        departments.faults({"kind": "slow", "seconds": 0.8, "times": 8})
        with running(runtime.settings, "worker") as worker:
            pull = a_pull(runtime, case)
            until(lambda: asked(runtime, pull.id))
            assert worker.stop() == 0
        judge(runtime, case, pull.id)


@pytest.mark.faults
class TestEmptiedQueue:
    @pytest.mark.promise("R11")
    def test_what_was_never_heard_is_rung_again(
        self, runtime: Runtime, departments: LiveSandbox
    ) -> None:
        case = a_committed_case(runtime)
        pull = a_pull(runtime, case)
        # Only this worker's database: the server is shared with the other test workers.
        runtime.redis.flushdb()

        with running(runtime.settings, "worker"):
            until(lambda: beat(runtime, pull.id), 30)
        judge(runtime, case, pull.id)


def asked(runtime: Runtime, pull_id: UUID) -> bool:
    with runtime.transaction(SYSTEM) as uow:
        return any(line.attempt for line in lines_of(uow, pull_id))
