"""Promises: claimed once, open again after the lease, counted, buried, resent, pruned."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from tests.pulls.test_races import together
from yidaitong.jobs import outbox, registry
from yidaitong.jobs.registry import job
from yidaitong.jobs.worker import perform_with
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.errors import InvalidStateError, ServiceUnavailableError
from yidaitong.runtime import Runtime

_RAN: list[Any] = []


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs of this module alone."""
    monkeypatch.setattr(registry, "_TASKS", {})
    monkeypatch.setattr(registry, "_PERIODS", {})
    _RAN.clear()


def promise(runtime: Runtime, name: str = "test.work", **members: Any) -> UUID:
    with runtime.transaction(SYSTEM) as uow:
        uow.defer(name, **members)
        return uow.promised[-1].id if uow.promised else UUID(int=0)


def row(runtime: Runtime, job_id: UUID) -> OutboxJob:
    with runtime.transaction(SYSTEM) as uow:
        return uow.session.get_one(OutboxJob, job_id)


def move_back(runtime: Runtime, column: str, by: str) -> None:
    with runtime.transaction(SYSTEM) as uow:
        uow.session.execute(text(f"UPDATE outbox_job SET {column} = {column} - interval '{by}'"))  # noqa: S608


def work(_rt: Runtime, **ids: str) -> None:
    _RAN.append(ids)


class TestClaim:
    def test_one_of_many_workers_gets_it(self, runtime: Runtime) -> None:
        job_id = promise(runtime)

        found = together([lambda: outbox.claim(runtime, job_id)] * 6)

        assert sum(one is not None for one in found) == 1

    @pytest.mark.promise("R6")
    def test_a_dead_workers_job_is_open_again_after_its_lease(self, runtime: Runtime) -> None:
        job_id = promise(runtime)
        first = outbox.claim(runtime, job_id)
        assert first is not None
        assert outbox.claim(runtime, job_id) is None

        move_back(runtime, "leased_until", "10 s")
        second = outbox.claim(runtime, job_id)

        assert second is not None
        assert second.attempts == 2
        # The first worker wakes up: whatever it says counts no more.
        assert not outbox.beat(runtime, first)
        assert not outbox.done(runtime, first)
        assert not outbox.failed(runtime, first, "late")
        assert outbox.beat(runtime, second)
        assert outbox.done(runtime, second)

    def test_an_early_job_is_not_claimed(self, runtime: Runtime) -> None:
        job_id = promise(runtime, delay=timedelta(minutes=1))

        assert outbox.claim(runtime, job_id) is None


class TestPerform:
    def test_it_runs_once_however_often_it_is_rung(self, runtime: Runtime) -> None:
        job("test.work")(work)
        job_id = promise(runtime, thing=1)

        assert [perform_with(runtime, job_id) for _ in range(3)] == [True, False, False]
        assert _RAN == [{"thing": "1"}]

    @pytest.mark.promise("R6")
    def test_a_failure_moves_the_row_and_eight_bury_it(self, runtime: Runtime) -> None:
        @job("test.work")
        def fail(_rt: Runtime) -> None:
            raise InvalidStateError("no")

        job_id = promise(runtime)
        for attempt in range(1, outbox.MAX_ATTEMPTS + 1):
            assert perform_with(runtime, job_id)
            found = row(runtime, job_id)
            assert (found.attempts, found.last_error) == (attempt, "InvalidState: no")
            move_back(runtime, "not_before", "10 min")

        assert row(runtime, job_id).dead_at is not None
        assert not perform_with(runtime, job_id)
        assert outbox.resend(runtime, job_id)
        assert perform_with(runtime, job_id)

    @pytest.mark.promise("R15")
    def test_what_waits_for_a_service_is_never_buried(self, runtime: Runtime) -> None:
        @job("test.work")
        def wait(_rt: Runtime) -> None:
            raise ServiceUnavailableError("away")

        job_id = promise(runtime)
        for _ in range(outbox.MAX_ATTEMPTS + 2):
            perform_with(runtime, job_id)
            move_back(runtime, "not_before", "10 min")

        found = row(runtime, job_id)
        assert found.dead_at is None
        assert found.attempts == outbox.MAX_ATTEMPTS + 2

    def test_a_job_that_asks_for_more_time_is_put_back_and_not_counted(
        self, runtime: Runtime
    ) -> None:
        @job("test.work")
        def later(_rt: Runtime) -> timedelta | None:
            _RAN.append(1)
            return timedelta(seconds=5) if len(_RAN) < 12 else None

        job_id = promise(runtime)
        assert perform_with(runtime, job_id)
        found = row(runtime, job_id)
        assert (found.attempts, found.done_at, found.last_error) == (0, None, None)
        assert not perform_with(runtime, job_id)

        for _ in range(11):
            move_back(runtime, "not_before", "5 s")
            perform_with(runtime, job_id)
        assert row(runtime, job_id).done_at is not None

    def test_an_unknown_job_is_a_failure_like_any_other(self, runtime: Runtime) -> None:
        job_id = promise(runtime, "no.such")

        assert perform_with(runtime, job_id)
        assert row(runtime, job_id).last_error == "LookupError"


class TestSweep:
    @pytest.mark.promise("R11")
    def test_an_emptied_queue_loses_nothing(self, runtime: Runtime) -> None:
        job("test.work")(work)
        ids = {promise(runtime, thing=place) for place in range(5)}
        assert runtime.queue_of("test.work").count == 5
        runtime.redis.flushdb()

        # The first ring was sent: a moment of patience, then again.
        assert outbox.sweep(runtime) == 0
        move_back(runtime, "hinted_at", "1 s")
        assert outbox.sweep(runtime) == 5

        rung = runtime.queue_of("test.work").jobs
        assert {UUID(one.args[0]) for one in rung} == ids
        # An older promise is rung again only every five seconds.
        runtime.redis.flushdb()
        move_back(runtime, "created_at", "10 s")
        move_back(runtime, "hinted_at", "4 s")
        assert outbox.sweep(runtime) == 0
        move_back(runtime, "hinted_at", "1 s")
        assert outbox.sweep(runtime) == 5

    @pytest.mark.promise("R6")
    def test_a_ring_that_still_waits_is_not_repeated(self, runtime: Runtime) -> None:
        """Or a backlog would breed rings faster than workers hear them, and never end."""
        job("test.work")(work)
        first, *_ = [promise(runtime, name=name) for name in ["test.work"] * 3 + ["pulls.run"] * 2]
        for _ in range(20):
            move_back(runtime, "created_at", "10 s")
            move_back(runtime, "hinted_at", "10 s")
            assert outbox.sweep(runtime) == 0
        queues = [runtime.queue_of(name) for name in ("test.work", "pulls.run")]
        assert [queue.count for queue in queues] == [3, 2]

        # One is taken by a worker that dies before it claims: that one is rung for again.
        assert str(queues[0].pop_job_id()).startswith(str(first))
        move_back(runtime, "hinted_at", "10 s")
        assert outbox.sweep(runtime) == 1
        assert [queue.count for queue in queues] == [3, 2]

    def test_what_was_put_off_is_rung_when_it_is_due(self, runtime: Runtime) -> None:
        promise(runtime, delay=timedelta(minutes=1))
        assert outbox.sweep(runtime) == 0

        move_back(runtime, "not_before", "1 min")

        assert outbox.sweep(runtime) == 1

    @pytest.mark.promise("I8")
    def test_it_leaves_alone_what_is_done_early_or_held(self, runtime: Runtime) -> None:
        job("test.work")(work)
        done, held = promise(runtime), promise(runtime)
        promise(runtime, delay=timedelta(minutes=1))
        perform_with(runtime, done)
        outbox.claim(runtime, held)
        runtime.redis.flushdb()  # Their rings were heard.

        assert outbox.sweep(runtime) == 0

        move_back(runtime, "leased_until", "10 s")
        assert outbox.sweep(runtime) == 1


class TestDefer:
    def test_an_open_key_is_one_promise(self, runtime: Runtime) -> None:
        job("test.work")(work)
        first = promise(runtime, key="same")
        promise(runtime, key="same")

        with runtime.transaction(SYSTEM) as uow:
            assert len(uow.session.scalars(select(OutboxJob.id)).all()) == 1
        perform_with(runtime, first)
        assert promise(runtime, key="same") != UUID(int=0)

    def test_a_rolled_back_act_promises_nothing(self, runtime: Runtime) -> None:
        def act() -> None:
            with runtime.transaction(SYSTEM) as uow:
                uow.defer("test.work")
                raise RuntimeError("no")

        with pytest.raises(RuntimeError, match="no"):
            act()

        assert outbox.sweep(runtime) == 0
        assert runtime.queue_of("test.work").count == 0

    @pytest.mark.promise("R11")
    def test_a_silent_doorbell_fails_no_act(self, runtime: Runtime) -> None:
        address = runtime.settings.redis_url
        runtime.redis.connection_pool.disconnect()
        runtime.__dict__["redis"] = type(runtime.redis).from_url(f"{address}", socket_timeout=0.2)
        runtime.redis.connection_pool.connection_kwargs["path"] = "/nowhere/redis.sock"

        job_id = promise(runtime)

        assert row(runtime, job_id).done_at is None


class TestPrune:
    def test_old_done_jobs_go_and_dead_ones_stay(self, runtime: Runtime) -> None:
        job("test.work")(work)
        old, new = promise(runtime), promise(runtime)
        perform_with(runtime, old)
        move_back(runtime, "done_at", "8 days")
        perform_with(runtime, new)

        assert outbox.prune(runtime) == 1
        with runtime.transaction(SYSTEM) as uow:
            assert uow.session.scalars(select(OutboxJob.id)).all() == [new]
