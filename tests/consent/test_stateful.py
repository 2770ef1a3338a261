"""Random lives of one consent against a plain model of it; every edge is walked."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from consent import errors, service
from consent.artefact import write_at
from consent.events import EventType
from consent.evidence import open_event
from consent.lifecycle import CONSENT_LIFECYCLE, LIVE, ConsentState
from consent.models import Chain, EventRow
from consent.service import Order
from tests.consent.desks import World, a_consent, a_world, an_amendment, leaves_of, sign
from yidaitong.kernel.uow import UnitOfWork


def amend(world: World, chain_id: UUID) -> object:
    """The same consent under the next version of the product's rules."""
    chain = world.session.get_one(Chain, chain_id)
    product = service.artefact_of(world.system, chain).body["product"]
    product["policy_version"] += 1
    return sign(world, an_amendment(world, chain_id, product=product))


ORDER = Order(reason_class="OPERATOR_ORDER")

ACTS: dict[str, Callable[[World, UUID], object]] = {
    "pause": lambda w, c: service.pause(w.desk(), c),
    "pause_1h": lambda w, c: service.pause(w.desk(), c, w.clock() + timedelta(hours=1)),
    "resume": lambda w, c: service.resume(w.desk(), c),
    "suspend": lambda w, c: service.suspend(w.system, c, ORDER),
    "restore": lambda w, c: service.restore(w.system, c, ORDER),
    "exhaust": lambda w, c: service.exhaust(w.system, c),
    "close": lambda w, c: service.close(w.system, c, "DECISION"),
    "revoke": lambda w, c: service.revoke(w.desk(), c),
    "amend": amend,
    "void": lambda w, c: service.void(w.system, c, ORDER, frozenset(w.people)),
    "look": lambda w, c: service.lock_chain(w.desk(), c),
}
MIDDLE = st.sampled_from(["pause", "pause_1h", "resume", "suspend", "restore", "amend", "look"])
SOON = st.sampled_from([0, 0, 0, 0.5, 1, 6])
STARTS_AFTER = 12
# What leads to each living state from wherever a life has wandered.
GOING = [("restore", 0), ("look", STARTS_AFTER), ("resume", 0)]
STANCES: dict[str, list[tuple[str, float]]] = {
    "SCHEDULED": [("restore", 0)],
    "ACTIVE": [*GOING],
    "PAUSED": [*GOING, ("pause", 0)],
    "SUSPENDED": [("restore", 0), ("suspend", 0)],
}
# (act, hours): "look" after a month finds the end of the time. Weighed so that rare edges come:
# only what is active is used up, and only what ended by itself has its use withdrawn.
ENDING = st.sampled_from(
    [
        *([("exhaust", 0)] * 3),
        *([("revoke", 0)] * 2),
        *([("void", 0)] * 2),
        ("close", 0),
        ("look", 24 * 31),
    ]
)
AFTER = st.sampled_from([*(["revoke", "void"] * 6), *sorted(ACTS)])
Step = tuple[str, float]
Steps = list[Step]
Edge = tuple[str, str, str]


@dataclass(frozen=True)
class Life:
    """``late``: it starts some hours after it was granted."""

    steps: Steps
    late: bool


@st.composite
def lives_of(draw: st.DrawFn, most: int) -> Life:
    """A life that wanders for a while, takes a stance, ends in one of all ways, and then more."""
    stance = draw(st.sampled_from(sorted(STANCES)))
    # Time would start what is to be ended before its start.
    soon = st.just(0.0) if stance == "SCHEDULED" else SOON
    room = most - len(STANCES[stance]) - 3
    wandering = draw(st.lists(st.tuples(MIDDLE, soon), max_size=room))
    last = [draw(ENDING), (draw(AFTER), 0.0), draw(st.tuples(AFTER, SOON))]
    late = stance == "SCHEDULED" or draw(st.booleans())
    return Life([*wandering, *STANCES[stance], *last], late)


class Model:
    """What should hold, written without looking at the tables."""

    def __init__(self, starts: timedelta, life: timedelta) -> None:
        self.starts, self.life = starts, life
        self.void = False
        self.end: ConsentState | None = None
        self.paused_until: timedelta | None = None
        self.suspended = False
        self.age = timedelta()

    def state(self) -> ConsentState:
        if self.end is not None:
            return self.end
        if self.age >= self.life:
            return ConsentState.EXPIRED
        if self.suspended:
            return ConsentState.SUSPENDED
        if self.paused_until is not None and self.age < self.paused_until:
            return ConsentState.PAUSED
        return ConsentState.SCHEDULED if self.age < self.starts else ConsentState.ACTIVE

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
            after["amend", state] = lambda: None
            after["void", state] = lambda: self._end(ConsentState.VOIDED)
        if act == "void" and now not in LIVE and not self.void:
            self.void = True
            return True
        if (act, now) not in after:
            return False
        self.void = act == "void"
        after[act, now]()
        return True

    def _pause(self, until: timedelta | None) -> None:
        self.paused_until = until

    def _suspend(self, *, on: bool) -> None:
        self.suspended = on

    def _end(self, state: ConsentState) -> None:
        self.end = state


EDGES = {
    (before.value, event.value, after.value)
    for (before, event), afters in CONSENT_LIFECYCLE.items()
    for after in afters
}
# An amended chain goes on, so no version is left to withdraw the use of or to find void.
UNWALKED = {
    ("SUPERSEDED", EventType.CONSENT_USE_WITHDRAWN.value, "SUPERSEDED"),
    ("SUPERSEDED", EventType.CONSENT_VOID_FOUND.value, "SUPERSEDED"),
}


def walk(uow: UnitOfWork, life: Life) -> Counter[Edge]:
    """Live one life beside the model; the edges that were walked."""
    world = a_world(uow.session)
    world.clock.frozen = start = world.clock().replace(microsecond=0)
    starts = timedelta(hours=STARTS_AFTER) if life.late else timedelta()
    chain_id = a_consent(world, starts_at=write_at(start + starts))
    model = Model(starts, uow.session.get_one(Chain, chain_id).ends_at - start)
    for act, hours in life.steps:
        model.age += timedelta(hours=hours)
        world.clock.frozen = start + model.age
        step(world, chain_id, model, act)
    return edges_of(world, chain_id)


def step(world: World, chain_id: UUID, model: Model, act: str) -> None:
    before = model.state()
    changed = model.apply(act)
    try:
        with world.session.begin_nested():
            ACTS[act](world, chain_id)
    except (errors.InvalidStateError, errors.InvalidScopeError):
        assert not changed, (act, before)
    world.session.expire_all()
    live = service.lock_chain(world.desk(), chain_id)
    assert live.state is model.state(), (act, before)
    assert leaves_of(world.session, chain_id)[0] == "consent.granted"
    assert live.epoch == len(leaves_of(world.session, chain_id))
    if live.state is not ConsentState.ACTIVE:
        with pytest.raises(errors.ConsentNotActiveError):
            live.require_active()


def edges_of(world: World, chain_id: UUID) -> Counter[Edge]:
    rows = world.session.scalars(select(EventRow).where(EventRow.ref == chain_id))
    events = [open_event(world.system, row).event for row in rows]
    return Counter((str(one["from"]), one["type"], one["to"]) for one in events)


def lives(uow: UnitOfWork, runs: int, length: int) -> Counter[Edge]:
    """Live many random lives, always the same ones; how often each edge was walked."""
    walked: Counter[Edge] = Counter()

    @settings(
        max_examples=runs,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(life=lives_of(length))
    def live(life: Life) -> None:
        savepoint = uow.session.begin_nested()
        walked.update(walk(uow, life))
        savepoint.rollback()

    live()
    return walked


@pytest.mark.promise("R3")
class TestRandomLives:
    def test_they_agree_with_the_model_and_walk_nearly_every_edge(self, uow: UnitOfWork) -> None:
        walked = lives(uow, runs=120, length=12)

        assert len(EDGES - UNWALKED - set(walked)) <= 3

    @pytest.mark.nightly
    @pytest.mark.timeout(7200)
    def test_at_full_size_every_edge_is_walked(self, uow: UnitOfWork) -> None:
        walked = lives(uow, runs=2000, length=50)
        print(walked.most_common()[::-1])  # noqa: T201 - shown when it fails

        assert {edge: walked[edge] for edge in EDGES - UNWALKED if walked[edge] < 50} == {}
