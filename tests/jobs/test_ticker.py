"""Tickers: one promise a slot however many tick, and a sweep with each beat."""

import threading
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import select

from tests.jobs.test_outbox import move_back, promise
from tests.pulls.test_races import together
from yidaitong.jobs import outbox, registry
from yidaitong.jobs.registry import job
from yidaitong.jobs.ticker import Ticker, slot_id
from yidaitong.jobs.worker import perform_with
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.runtime import Runtime

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def nothing(_rt: Runtime) -> None:
    """A job."""


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_TASKS", {})
    monkeypatch.setattr(registry, "_PERIODS", {})
    job("test.tick", every=3600)(nothing)


def names(runtime: Runtime) -> list[str]:
    with runtime.transaction(SYSTEM) as uow:
        return list(uow.session.scalars(select(OutboxJob.name)))


class TestStep:
    def test_many_tickers_make_one_promise_a_slot(self, runtime: Runtime) -> None:
        together([partial(Ticker(runtime).step) for _ in range(5)])

        assert names(runtime) == ["test.tick"]

    def test_a_slot_that_was_kept_is_not_promised_again(self, runtime: Runtime) -> None:
        Ticker(runtime).step()
        with runtime.transaction(SYSTEM) as uow:
            made = uow.session.scalars(select(OutboxJob.id)).one()
        perform_with(runtime, made)

        assert Ticker(runtime).step() == 0
        assert names(runtime) == ["test.tick"]

    def test_the_next_slot_waits_until_the_last_one_was_kept(
        self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ticker = Ticker(runtime)
        hour = [0]
        monkeypatch.setattr(UnitOfWork, "clock", lambda _self: NOON.replace(hour=12 + hour[0]))
        assert ticker.step() == 1
        hour[0] = 1
        assert ticker.step() == 0

        with runtime.transaction(SYSTEM) as uow:
            made = uow.session.scalars(select(OutboxJob.id)).one()
        assert made == slot_id("test.tick", int(NOON.timestamp()) // 3600)
        perform_with(runtime, made)
        hour[0] = 2
        assert ticker.step() == 1

    def test_each_beat_sweeps(self, runtime: Runtime) -> None:
        job("test.work")(nothing)
        promise(runtime, "test.work")
        runtime.redis.flushdb()
        move_back(runtime, "hinted_at", "1 s")

        Ticker(runtime).step()

        rung = {job.args[0] for job in runtime.queue_of("any").jobs}
        assert len(rung) == 2
        move_back(runtime, "hinted_at", "6 s")
        assert outbox.sweep(runtime) == 0  # They still wait in the queue.
        runtime.redis.flushdb()
        move_back(runtime, "hinted_at", "6 s")
        assert outbox.sweep(runtime) == 2


class TestRun:
    def test_it_stops_when_told(self, runtime: Runtime) -> None:
        stop = threading.Event()
        thread = threading.Thread(target=Ticker(runtime).run, args=(stop,))
        thread.start()
        stop.set()
        thread.join(5)

        assert not thread.is_alive()
