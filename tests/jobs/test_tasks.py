"""Jobs on real promises: each may run three times, and a failing thread stops no other."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select, text

from tests.jobs.test_outbox import row
from tests.pulls.builders import (
    RESOURCES_OF_EIGHT,
    Case,
    a_committed_case,
    a_pull,
    an_answer,
    lines_of,
    log_of,
    pause,
    pull_now,
    revoke,
    scripted,
)
from yidaitong.departments.wire import Fetched, Order
from yidaitong.jobs import registry, tasks
from yidaitong.jobs.worker import perform_with
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.runtime import Runtime


def promised(runtime: Runtime, name: str) -> UUID:
    with runtime.transaction(SYSTEM) as uow:
        query = select(OutboxJob.id).where(OutboxJob.name == name, OutboxJob.done_at.is_(None))
        return uow.session.scalars(query.order_by(OutboxJob.id)).first() or UUID(int=0)


def later(runtime: Runtime) -> None:
    """Leases and pauses are over."""
    with runtime.transaction(SYSTEM) as uow:
        for table in ("pull_line", "outbox_job"):
            uow.session.execute(
                text(
                    f"UPDATE {table} SET leased_until = leased_until - interval '1 min',"  # noqa: S608
                    " not_before = not_before - interval '1 min'"
                )
            )


class TestRunPull:
    @pytest.mark.promise("R6")
    def test_a_raising_thread_moves_the_row_and_stops_no_other(self, runtime: Runtime) -> None:
        broken = ["TAX.RATE"]

        def answer(order: Order) -> Fetched:
            if order.resource in broken:
                raise RuntimeError("a bug")
            return an_answer()

        scripted(runtime, answer)
        pull = a_pull(runtime, a_committed_case(runtime))
        job_id = promised(runtime, "pulls.run")

        assert perform_with(runtime, job_id)

        found = row(runtime, job_id)
        assert (found.last_error, found.leased_until, found.done_at) == ("RuntimeError", None, None)
        with runtime.transaction(SYSTEM) as uow:
            open_now = [line.resource for line in lines_of(uow, pull.id) if not line.closed_at]
        assert open_now == ["TAX.RATE"]

        broken.clear()
        later(runtime)
        assert perform_with(runtime, job_id)
        with runtime.transaction(SYSTEM) as uow:
            assert pull_now(uow, pull.id).state is PullState.SEALED
        assert row(runtime, job_id).done_at is not None

    def test_a_waiting_pull_puts_its_own_promise_back(self, runtime: Runtime) -> None:
        gateway = scripted(
            runtime, lambda _order: an_answer(answer=None, problem="TIMEOUT", retryable=True)
        )
        a_pull(runtime, a_committed_case(runtime))
        job_id = promised(runtime, "pulls.run")

        perform_with(runtime, job_id)

        found = row(runtime, job_id)
        assert (found.done_at, found.attempts, found.last_error) == (None, 0, None)
        assert len(gateway.asked) == len(RESOURCES_OF_EIGHT)


def run(runtime: Runtime, _case: Case, pull_id: UUID) -> None:
    tasks.run_pull(runtime, pull_id=str(pull_id))


def hold(runtime: Runtime, case: Case, _pull_id: UUID) -> None:
    tasks.hold_pulls(runtime, chain_id=str(case.chain_id))


def stop(runtime: Runtime, case: Case, _pull_id: UUID) -> None:
    tasks.stop_pulls(runtime, chain_id=str(case.chain_id))


def tick(runtime: Runtime, _case: Case, _pull_id: UUID) -> None:
    with runtime.transaction(SYSTEM) as uow:
        uow.session.execute(text("UPDATE pull SET expires_at = received_at"))
    tasks.fail_overdue_pulls(runtime)
    tasks.record_due_consents(runtime)
    tasks.prune_outbox(runtime)


class TestThreeTimes:
    @pytest.mark.promise("R5")
    @pytest.mark.parametrize(
        ("before", "job", "state"),
        [
            (None, run, PullState.SEALED),
            (pause, hold, PullState.AUTHORISED),
            (pause, run, PullState.AUTHORISED),
            (revoke, stop, PullState.CANCELLED),
            (revoke, run, PullState.CANCELLED),
            (None, tick, PullState.FAILED),
        ],
    )
    def test_each_job_has_its_effect_once(
        self,
        runtime: Runtime,
        before: Callable[[Runtime, Case], object] | None,
        job: Callable[[Runtime, Case, UUID], None],
        state: PullState,
    ) -> None:
        gateway = scripted(runtime, lambda _order: an_answer())
        case = a_committed_case(runtime)
        pull = a_pull(runtime, case)
        if before is not None:
            before(runtime, case)

        logs = []
        for _ in range(3):
            job(runtime, case, pull.id)
            with runtime.transaction(SYSTEM) as uow:
                logs.append(log_of(uow, case.chain_id))

        assert logs[0] == logs[1] == logs[2]
        assert len(gateway.asked) == (8 if state is PullState.SEALED else 0)
        with runtime.transaction(SYSTEM) as uow:
            assert pull_now(uow, pull.id).state is state
            statuses = {line.status for line in lines_of(uow, pull.id)}
        assert (statuses == {LineStatus.PENDING}) is (state is PullState.AUTHORISED)


class TestPage:
    def test_every_job_says_why_it_may_run_again(self) -> None:
        tasks.load()
        silent = [
            name
            for name, task in registry.tasks().items()
            if "Safe to repeat" not in (task.__doc__ or "") and name.count(".") == 1
        ]
        assert [name for name in silent if not name.startswith("test.")] == []

    def test_every_promised_name_has_a_task(self, runtime: Runtime) -> None:
        tasks.load()
        case = a_committed_case(runtime)
        a_pull(runtime, case)
        pause(runtime, case)
        revoke(runtime, case)

        with runtime.transaction(SYSTEM) as uow:
            names = set(uow.session.scalars(select(OutboxJob.name)))
        told = {"notices.send", "notices.tell"}
        assert names == {"pulls.run", "pulls.hold", "pulls.stop"} | told
        assert names <= set(registry.tasks())
