"""The clock to the microsecond: just before and exactly at; and who waited for the lock."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from consent import errors, service
from consent.artefact import write_at
from consent.lifecycle import ConsentState, RequestState
from consent.models import Chain, ConsentRequest
from consent.steps import request_state
from tests.consent.desks import World, a_consent, a_request, a_world, sign
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime

TICK = timedelta(microseconds=1)


def state_of(world: World, chain_id: UUID, at: datetime) -> ConsentState:
    world.clock.frozen = at
    return service.lock_chain(world.desk(), chain_id).state


class TestToTheMicrosecond:
    @pytest.mark.parametrize(
        ("offset", "state"), [(-TICK, ConsentState.SCHEDULED), (0 * TICK, ConsentState.ACTIVE)]
    )
    def test_starts_at(self, world: World, offset: timedelta, state: ConsentState) -> None:
        chain_id = a_consent(world, starts_at=write_at(world.clock() + timedelta(days=1)))
        starts_at = world.session.get_one(Chain, chain_id).starts_at

        assert state_of(world, chain_id, starts_at + offset) is state

    @pytest.mark.parametrize(
        ("offset", "state"), [(-TICK, ConsentState.ACTIVE), (0 * TICK, ConsentState.EXPIRED)]
    )
    def test_ends_at(self, world: World, offset: timedelta, state: ConsentState) -> None:
        chain_id = a_consent(world)
        ends_at = world.session.get_one(Chain, chain_id).ends_at

        assert state_of(world, chain_id, ends_at + offset) is state

    @pytest.mark.parametrize(
        ("offset", "state"), [(-TICK, ConsentState.PAUSED), (0 * TICK, ConsentState.ACTIVE)]
    )
    def test_resumes_at(self, world: World, offset: timedelta, state: ConsentState) -> None:
        chain_id = a_consent(world)
        resumes_at = world.clock() + timedelta(hours=1)
        service.pause(world.desk(), chain_id, resumes_at)

        assert state_of(world, chain_id, resumes_at + offset) is state

    @pytest.mark.parametrize(
        ("offset", "state"), [(-TICK, RequestState.REQUESTED), (0 * TICK, RequestState.LAPSED)]
    )
    def test_lapse(self, world: World, offset: timedelta, state: RequestState) -> None:
        ask = a_request(world)
        request = world.session.get_one(ConsentRequest, UUID(ask.artefact.request_id))

        assert request_state(request, request.lapses_at + offset) is state

    def test_the_end_of_an_amended_life(self, world: World) -> None:
        chain_id = a_consent(world)
        chain = world.session.get_one(Chain, chain_id)
        chain.paused, chain.state = True, ConsentState.PAUSED
        world.session.flush()

        assert state_of(world, chain_id, chain.ends_at - TICK) is ConsentState.PAUSED
        assert state_of(world, chain_id, chain.ends_at) is ConsentState.EXPIRED


def _waiting(runtime: Runtime) -> bool:
    """Whether somebody waits for a row lock."""
    with runtime.transaction(SYSTEM) as uow:
        count = uow.session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
    return bool(count)


def _until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if holds():
            return
        pause.wait(0.01)
    raise AssertionError("nobody came to wait")


@pytest.mark.promise("T33")
class TestWhoWaitedForTheLock:
    def test_begun_before_the_end_and_locked_after_it_is_refused(self, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            world = a_world(uow.session)
            chain_id = sign(world, a_request(world)).chain.id  # type: ignore[union-attr]
        found: list[ConsentState | None] = []

        def later() -> None:
            with runtime.transaction(SYSTEM) as uow:
                # Begun before the end: its now() lies before it.
                uow.session.execute(text("SELECT now()"))
                started.set()
                other = a_world(uow.session)
                live = service.lock_chain(other.system, chain_id)
                found.append(live.state)

        started = threading.Event()
        thread = threading.Thread(target=later)
        with runtime.transaction(SYSTEM) as uow:
            chain = service.lock_chain(a_world(uow.session).system, chain_id).row
            thread.start()
            assert started.wait(10)
            _until(lambda: _waiting(runtime))
            # The end comes while the other one waits.
            chain.ends_at = chain.due_at = uow.clock()
            uow.session.flush()
        thread.join(10)

        assert found == [ConsentState.EXPIRED]

    def test_the_refusal_names_the_end(self, world: World) -> None:
        chain_id = a_consent(world)
        world.clock.frozen = world.session.get_one(Chain, chain_id).ends_at

        with pytest.raises(errors.ConsentExpiredError):
            service.lock_chain(world.desk(), chain_id).require_active()
