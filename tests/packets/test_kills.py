"""Acts of the platform killed at any point: rows and leaves together, one packet, no plaintext.

Real processes on a cluster of their own. ``YDT_CRASH_SEED`` repeats a run.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from consent.models import Chain, EventRow
from tests.killing import ANSWER, COMMIT, Act
from tests.packets.builders import Story, a_story
from tests.packets.test_at_rest import CANARY, planted, rows_with, spellings
from tests.platforms import Platform, platform
from tests.pulls.builders import log_of, pause
from yidaitong.accounts import stepup
from yidaitong.authorizations import stopping
from yidaitong.jobs import keks as changing
from yidaitong.jobs import ledger, registry, tasks
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.keks import rewrapping
from yidaitong.kernel.crypto.keks.models import Kek
from yidaitong.kernel.errors import DataGoneError
from yidaitong.kernel.settings import Settings
from yidaitong.packets.lifecycle import PacketState
from yidaitong.packets.models import Packet
from yidaitong.packets.verify import verify
from yidaitong.runtime import Runtime

SEED = int(os.environ.get("YDT_CRASH_SEED", "2018"))
LEAF = "INSERT INTO ledger.entry"

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


@pytest.fixture
def own(base_settings: Settings) -> Iterator[Platform]:
    tasks.load()
    with platform(base_settings) as made:
        yield made


@pytest.fixture
def dice() -> random.Random:
    print(f"seed {SEED}")  # noqa: T201 - shown when it fails
    return random.Random(SEED)  # noqa: S311 - a printed seed


@pytest.fixture
def story(own: Platform) -> Story:
    return a_story(own.runtime())


def kept(runtime: Runtime, chain_id: UUID) -> tuple[str, int, int, int, int, int]:
    """The row's state and epoch, its events, all leaves, those without an index, promised jobs."""
    with runtime.transaction(SYSTEM) as uow:
        row = uow.session.get_one(Chain, chain_id)
        found = uow.session.execute(
            text("""
                SELECT count(*), count(entry.id), (SELECT count(*) FROM ledger.entry),
                       (SELECT count(*) FROM ledger.pending),
                       (SELECT count(*) FROM outbox_job)
                FROM consent.event LEFT JOIN ledger.entry ON entry.id = event.entry_id
                WHERE event.chain_id = :id
            """),
            {"id": chain_id},
        ).one()
        assert found[0] == found[1]
        return row.state.value, row.epoch, found[0], found[2], found[3], found[4]


def resume(story: Story) -> None:
    with story.runtime.transaction(story.case.firm.rep) as uow:
        token = stepup.issue(uow, story.case.digest)
        stopping.resume(uow, story.case.chain_id, token)


class TestBusiness:
    @pytest.mark.promise("I1", "R15")
    @pytest.mark.parametrize("rounds", [20, pytest.param(500, marks=pytest.mark.nightly)])
    def test_row_and_leaf_both_or_neither(
        self, own: Platform, story: Story, tmp_path: Path, dice: random.Random, rounds: int
    ) -> None:
        act = Act(own.settings, lambda runtime: pause(runtime, story.case))
        ledger.step(story.runtime)  # Nothing widens while leaves wait for long.
        points = act.points(tmp_path / "points")
        assert points[-2:] == [COMMIT, ANSWER]
        leaf = next(at for at, point in enumerate(points) if LEAF in point)
        chosen = [leaf, leaf + 1, len(points) - 2, len(points) - 1]
        before = kept(story.runtime, story.case.chain_id)
        for at in range(rounds):
            point = chosen[at] if at < len(chosen) else dice.randrange(len(points))

            act.kill_at(point)

            after = kept(story.runtime, story.case.chain_id)
            if points[point] != ANSWER:
                assert after == before, points[point]
                continue
            # The answer is lost, the act is not: its row and its one leaf are there.
            state, epoch, events, entries, waiting, jobs = before
            assert after[:-1] == ("PAUSED", epoch + 1, events + 1, entries + 1, waiting + 1)
            assert after[-1] > jobs
            resume(story)
            ledger.step(story.runtime)
            before = kept(story.runtime, story.case.chain_id)
            assert (before[0], before[4]) == (state, 0)


def branches(own: Platform, count: int) -> Iterator[Runtime]:
    """Runtimes on as many copies of the database, one after another; searched before they go."""
    for at in range(count):
        runtime = own.runtime(own.branch(f"round{at}"))
        yield runtime
        no_plaintext(own, runtime)
        own.leave()
        own.forget(f"round{at}")


def finish(runtime: Runtime, name: str, **ids: str) -> None:
    """The job as the sweep repeats it; the second time there is nothing to do."""
    for _ in range(2):
        assert registry.run(runtime, name, ids) is None


def no_plaintext(own: Platform, runtime: Runtime) -> None:
    """Neither in rows nor in a file of the server: tables, its log of changes, its messages."""
    own.flush()
    assert files_with(own, spellings(CANARY)) == 0
    # A search that finds nothing proves nothing: this word is in the clear.
    assert files_with(own, ["packet.issued"]) > 0
    assert rows_with(runtime, spellings(CANARY)) == ["bait"]


def files_with(own: Platform, words: list[str]) -> int:
    needles = [word.encode() for word in words]
    files = [path for path in own.data.parent.rglob("*") if path.is_file()]
    return sum(any(needle in content_of(path) for needle in needles) for path in files)


def content_of(path: Path) -> bytes:
    """What a file holds; the server may have taken it away meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


class TestSealing:
    @pytest.mark.promise("R5", "T31")
    @pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.nightly)])
    def test_one_packet_and_nothing_in_the_clear(
        self, own: Platform, story: Story, tmp_path: Path, dice: random.Random, kills: int
    ) -> None:
        packet_id = story.release(story.collect(planted))
        ledger.step(story.runtime)
        job = {"packet_id": str(packet_id)}

        def seal(runtime: Runtime) -> None:
            registry.run(runtime, "packets.seal", job)

        points = Act(own.settings, seal).points(tmp_path / "points")
        for runtime in branches(own, kills):
            point = dice.randrange(len(points))

            Act(runtime.settings, seal).kill_at(point)

            with runtime.transaction(SYSTEM) as uow:
                packet = uow.session.scalars(select(Packet)).one()
                done = points[point] == ANSWER
                assert packet.state is (PacketState.SEALED if done else PacketState.ISSUED)
                assert (packet.jwe is not None) is done
                before = packet.jwe
            finish(runtime, "packets.seal", **job)
            with runtime.transaction(SYSTEM) as uow:
                packet = uow.session.scalars(select(Packet)).one()
                assert (packet.id, packet.state) == (packet_id, PacketState.SEALED)
                assert not done or packet.jwe == before
            there = replace(story, runtime=runtime)
            report = verify(there.fetch(packet_id).jwe, there.trust())
            assert report.ok, report.checks
            assert report.packet is not None
            assert CANARY in str(report.packet.body)


def destroyed(runtime: Runtime, chain_id: UUID) -> tuple[int, int]:
    """Keys of a consent's data that are dead, and leaves that say so."""
    with runtime.transaction(SYSTEM) as uow:
        keys = uow.session.execute(
            text("SELECT count(*) FROM dek WHERE wrapped IS NULL AND destroyed_at IS NOT NULL")
        ).scalar_one()
        return keys, log_of(uow, chain_id).count("key.destroyed")


class TestShredding:
    @pytest.mark.promise("I16", "T31")
    @pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.nightly)])
    def test_killed_anywhere_it_is_whole_or_undone(
        self, own: Platform, story: Story, tmp_path: Path, dice: random.Random, kills: int
    ) -> None:
        packet_id = story.sealed(planted)
        story.fetch(packet_id)
        ledger.step(story.runtime)
        with story.runtime.transaction(SYSTEM) as uow:
            long_ago = uow.now - timedelta(days=31)
            uow.session.execute(update(Chain).values(ended_at=long_ago))
        chain_id = story.case.chain_id

        def forget(runtime: Runtime) -> None:
            registry.run(runtime, "packets.forget", {})

        points = Act(own.settings, forget).points(tmp_path / "points")
        for runtime in branches(own, kills):
            point = dice.randrange(len(points))

            Act(runtime.settings, forget).kill_at(point)

            expected = (2, 2) if points[point] == ANSWER else (0, 0)
            assert destroyed(runtime, chain_id) == expected, points[point]
            finish(runtime, "packets.forget")
            ledger.step(runtime)
            # The consent's data key and its packet's, each with the one leaf that says so.
            assert destroyed(runtime, chain_id) == (2, 2)
            with pytest.raises(DataGoneError):
                replace(story, runtime=runtime).fetch(packet_id)
            with runtime.transaction(SYSTEM) as uow:
                events = uow.session.scalars(
                    select(EventRow.ref).where(EventRow.type == "key.destroyed")
                ).all()
                assert len(set(events)) == 2


def rewrap(runtime: Runtime) -> None:
    """The whole of ``keys.rewrap`` in batches so small that it ends in the middle of something."""
    with patch.object(rewrapping, "BATCH", 3):
        changing.rewrap(runtime)


class TestRewrapping:
    @pytest.mark.promise("T22")
    @pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.nightly)])
    def test_killed_anywhere_it_goes_on_and_everything_opens(
        self, own: Platform, story: Story, tmp_path: Path, dice: random.Random, kills: int
    ) -> None:
        packet_id = story.sealed(planted)
        ledger.step(story.runtime)
        two = replace(own.settings, keks={**own.settings.keks, 2: dice.randbytes(32)})
        assert changing.next_version(own.runtime(two)) == (2, 1)
        note = tmp_path / "points"
        with own.branched(two, "rehearsal") as settings:
            points = Act(settings, rewrap).all_points(note)
        assert points.count(COMMIT) > 10
        for at in range(kills):
            point = dice.randrange(len(points))
            with own.branched(two, f"round{at}") as settings:
                Act(settings, rewrap).kill_at(point)

                runtime = own.runtime(settings)
                with runtime.transaction(SYSTEM) as uow:
                    before = rewrapping.in_use(uow.session)
                there = replace(story, runtime=runtime)
                if 1 in before:  # Halfway, everything opens under either version.
                    assert points[point] != ANSWER
                    assert verify(there.fetch(packet_id).jwe, there.trust()).ok
                finish(runtime, "keys.rewrap")
                with runtime.transaction(SYSTEM) as uow:
                    assert rewrapping.in_use(uow.session) == {2: sum(before.values())}
                    assert uow.session.get_one(Kek, 1).rewrapped_at is not None
                fresh = own.runtime(replace(settings, keks={2: two.keks[2]}))
                there = replace(story, runtime=fresh)
                assert verify(there.fetch(packet_id).jwe, there.trust()).ok
                no_plaintext(own, runtime)
