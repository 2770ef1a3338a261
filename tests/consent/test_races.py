"""Several real sessions at once; who was first is judged by the log alone."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from consent import errors, service
from consent.events import Event, EventType
from consent.ports import Desk
from tests.conftest import Server
from tests.consent.desks import BANK, World, a_consent, a_world, an_ask, leaves
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.db.engine import bind_actor, make_engine
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

ROUNDS = 12
WORKERS = 4


@pytest.fixture
def engine(database: str, server: Server) -> Iterator[Engine]:
    address = make_url(server.url).set(database=database, username="ydt_app")
    made = make_engine(address.render_as_string(hide_password=False), pool_size=WORKERS + 1)
    yield made
    made.dispose()


def in_session(engine: Engine, world: World, act: Callable[[World], object]) -> object:
    """One transaction of its own."""
    with Session(engine, expire_on_commit=False) as session:
        bind_actor(session, SYSTEM)
        here = World(session, world.enterprise_id, world.people, type(world.clock)(session))
        done = act(here)
        session.commit()
        return done


def together(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Run all at once; what each gave, or the refusal it got."""
    barrier = threading.Barrier(len(acts))
    found: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            found[place] = act()
        except errors.ConsentError as refusal:
            found[place] = refusal

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def release(world: World, chain_id: UUID, *, fail: bool) -> bool:
    """As a worker does: lock, look, write; sometimes it dies before the commit."""
    desk = world.desk(bank=BANK)
    service.lock_chain(desk, chain_id).require_active()
    service.record(
        desk,
        Event(
            type=EventType.PACKET_ISSUED,
            ref=uuid7(),
            n=1,
            chain_id=chain_id,
            members={"packet_sha256": "A" * 43},
            public={"packet_sha256": "A" * 43},
        ),
    )
    if fail:
        world.session.rollback()
    return not fail


def withdraw(world: World, chain_id: UUID) -> object:
    return service.revoke(world.desk(), chain_id)


def toil(engine: Engine, world: World, chain_id: UUID, dice: random.Random) -> object:
    """A worker that releases three times, and dies now and then."""
    for _ in range(3):
        fail = dice.random() < 0.2
        in_session(engine, world, partial(release, chain_id=chain_id, fail=fail))
    return None


class TestRevokeIsFinal:
    def test_no_release_stands_behind_a_revocation(self, engine: Engine) -> None:
        dice = random.Random(20180717)  # noqa: S311 - a fixed seed, not a secret
        with Session(engine) as session:
            home = a_world(session)
            worlds = [a_world(session) for _ in range(ROUNDS)]
        released = 0
        for world in worlds:
            chain_id = in_session(engine, world, a_consent)
            assert isinstance(chain_id, UUID)

            stop = partial(in_session, engine, world, partial(withdraw, chain_id=chain_id))
            work = partial(toil, engine, world, chain_id, dice)
            acts = [stop, *[work] * WORKERS]
            dice.shuffle(acts)
            together(acts)
            released += self._judge(engine, home, chain_id)
        assert released > 0

    def _judge(self, engine: Engine, world: World, chain_id: UUID) -> int:
        """From the log alone: the revocation is there once, and no release after it."""
        log = in_session(engine, world, lambda w: leaves(w.session))
        assert isinstance(log, list)
        mine = [leaf["type"] for leaf in log if leaf.get("consent") == str(chain_id)]
        assert mine.count("consent.revoked") == 1
        end = mine.index("consent.revoked")
        assert set(mine[end + 1 :]) == set()
        return mine[:end].count("packet.issued")


def flip(engine: Engine, world: World, chain_id: UUID) -> None:
    """Pause and resume in turn, as far as the others let one."""
    for act in (service.pause, service.resume) * 3:
        with suppress(errors.InvalidStateError):
            in_session(engine, world, partial(press, act=act, chain_id=chain_id))


def press(world: World, act: Callable[[Desk, UUID], object], chain_id: UUID) -> object:
    return act(world.desk(), chain_id)


def put(world: World, ask: service.Ask) -> object:
    return service.make(world.desk(), ask)


class TestOneOfMany:
    def test_equal_requests_at_once_make_one(self, engine: Engine) -> None:
        with Session(engine) as session:
            world = a_world(session)
            asks = [an_ask(world) for _ in range(WORKERS)]

        found = together(
            [partial(in_session, engine, world, partial(put, ask=ask)) for ask in asks]
        )

        refused = [one for one in found if isinstance(one, errors.RequestExistsError)]
        assert len(refused) == WORKERS - 1

    def test_revoking_at_once_from_several_sessions_is_one_revocation(self, engine: Engine) -> None:
        with Session(engine) as session:
            world = a_world(session)
        chain_id = in_session(engine, world, a_consent)
        assert isinstance(chain_id, UUID)

        found = together(
            [partial(in_session, engine, world, partial(withdraw, chain_id=chain_id))] * WORKERS
        )

        stops = [one for one in found if isinstance(one, service.Stopped)]
        assert len(stops) == WORKERS
        assert sum(stop.first for stop in stops) == 1
        assert len({stop.event_id for stop in stops}) == 1

    def test_order_of_entries_is_order_of_epochs(self, engine: Engine) -> None:
        with Session(engine) as session:
            world = a_world(session)
        chain_id = in_session(engine, world, a_consent)
        assert isinstance(chain_id, UUID)

        together([partial(flip, engine, world, chain_id)] * WORKERS)

        log = in_session(engine, world, lambda w: leaves(w.session))
        assert isinstance(log, list)
        mine = [leaf for leaf in log if leaf.get("consent") == str(chain_id)]
        assert [leaf["n"] for leaf in mine] == list(range(1, len(mine) + 1))
        assert [leaf["t"] for leaf in mine] == sorted(leaf["t"] for leaf in mine)
        assert len(mine) > 1


CHANGES = [
    "DELETE FROM consent.event",
    "DELETE FROM consent.consent",
    "DELETE FROM consent.request_signature",
    "DELETE FROM consent.receipt",
    "UPDATE consent.event SET n = n",
    "UPDATE consent.consent SET digest = digest",
    "UPDATE consent.request_signature SET jws = jws",
    "UPDATE consent.receipt SET proved = proved",
]


class TestAppendOnly:
    @pytest.mark.parametrize("statement", CHANGES)
    def test_evidence_is_added_and_read_never_changed(
        self, uow: UnitOfWork, statement: str
    ) -> None:
        with pytest.raises(ProgrammingError, match="permission denied"):
            uow.session.execute(text(statement))
