"""Random lives of one consent against a plain model of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import errors, service
from consent.lifecycle import LIVE, ConsentState
from consent.models import Chain
from consent.service import Order
from tests.consent.desks import World, a_consent, a_world, leaves_of
from yidaitong.kernel.uow import UnitOfWork

ORDER = Order(reason_class="OPERATOR_ORDER")
LIFE = timedelta(days=30)

ACTS: dict[str, Callable[[World, UUID], object]] = {
    "pause": lambda w, c: service.pause(w.desk(), c),
    "pause_1h": lambda w, c: service.pause(w.desk(), c, w.clock() + timedelta(hours=1)),
    "resume": lambda w, c: service.resume(w.desk(), c),
    "suspend": lambda w, c: service.suspend(w.system, c, ORDER),
    "restore": lambda w, c: service.restore(w.system, c, ORDER),
    "exhaust": lambda w, c: service.exhaust(w.system, c),
    "close": lambda w, c: service.close(w.system, c, "DECISION"),
    "revoke": lambda w, c: service.revoke(w.desk(), c),
    "look": lambda w, c: service.lock_chain(w.desk(), c),
}
HOURS = st.sampled_from([0, 0, 0, 0.5, 1, 2, 24, 24 * 31])
STEPS = st.lists(st.tuples(st.sampled_from(sorted(ACTS)), HOURS), min_size=1, max_size=12)


class Model:
    """What should hold, written without looking at the tables."""

    def __init__(self) -> None:
        self.end: ConsentState | None = None
        self.paused_until: timedelta | None = None
        self.suspended = False
        self.age = timedelta()

    def state(self) -> ConsentState:
        if self.end is not None:
            return self.end
        if self.age >= LIFE:
            return ConsentState.EXPIRED
        if self.suspended:
            return ConsentState.SUSPENDED
        if self.paused_until is not None and self.age < self.paused_until:
            return ConsentState.PAUSED
        return ConsentState.ACTIVE

    def apply(self, act: str) -> bool:
        """Whether the act changes the state by itself."""
        now = self.state()
        self.end = now if now not in LIVE else None
        after: dict[tuple[str, ConsentState], Any] = {
            ("pause", ConsentState.ACTIVE): lambda: self._pause(timedelta(days=999)),
            ("pause_1h", ConsentState.ACTIVE): lambda: self._pause(self.age + timedelta(hours=1)),
            ("resume", ConsentState.PAUSED): lambda: self._pause(None),
            ("restore", ConsentState.SUSPENDED): lambda: self._suspend(on=False),
            ("exhaust", ConsentState.ACTIVE): lambda: self._end(ConsentState.EXHAUSTED),
        }
        for state in LIVE:
            after["revoke", state] = lambda: self._end(ConsentState.REVOKED)
            after["close", state] = lambda: self._end(ConsentState.EXPIRED)
            if state is not ConsentState.SUSPENDED:
                after["suspend", state] = lambda: self._suspend(on=True)
        if (act, now) not in after:
            return False
        after[act, now]()
        return True

    def _pause(self, until: timedelta | None) -> None:
        self.paused_until = until

    def _suspend(self, *, on: bool) -> None:
        self.suspended = on

    def _end(self, state: ConsentState) -> None:
        self.end = state


class TestRandomLives:
    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(steps=STEPS)
    def test_they_agree_with_the_model(
        self, uow: UnitOfWork, steps: list[tuple[str, float]]
    ) -> None:
        world, model = a_world(uow.session), Model()
        world.clock.frozen = world.clock()
        start = world.clock.frozen
        chain_id = a_consent(world)
        # The builder's second of head start and whole seconds of validity stay out of the way.
        ends_at = uow.session.get_one(Chain, chain_id).ends_at
        model_life = ends_at - start
        for act, hours in steps:
            model.age += timedelta(hours=hours)
            world.clock.frozen = start + model.age
            if abs(model_life - LIFE) < timedelta(seconds=2) and model.age == LIFE:
                continue
            self._step(world, chain_id, model, act)

    def _step(self, world: World, chain_id: UUID, model: Model, act: str) -> None:
        before = model.state()
        changed = model.apply(act)
        try:
            with world.session.begin_nested():
                ACTS[act](world, chain_id)
        except errors.InvalidStateError:
            assert not changed, (act, before)
        world.session.expire_all()
        live = service.lock_chain(world.desk(), chain_id)
        assert live.state is model.state()
        assert leaves_of(world.session, chain_id)[0] == "consent.granted"
        assert live.epoch == len(leaves_of(world.session, chain_id))
        if live.state is not ConsentState.ACTIVE:
            with pytest.raises(errors.ConsentNotActiveError):
                live.require_active()
