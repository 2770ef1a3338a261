"""Publishers and exporters killed, a sequencer frozen, while others write and read.

Real processes on a cluster of their own. ``YDT_CRASH_SEED`` repeats a run.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from consent.ledger.checkpoint import Checkpoint
from consent.ledger.export import CHECKPOINT, export
from consent.ledger.folders import ReadFile, read_from, verify_folder
from consent.ledger.merkle import Tree
from consent.ledger.policy import Policy, policy_of
from consent.ledger.publisher import STEPS
from consent.ledger.sequencer import sequence
from tests.consent.ledger.builders import a_leaf
from tests.consent.ledger.cluster import Cluster, throw_away
from tests.consent.ledger.logs import Log
from tests.consent.ledger.test_asking import World
from tests.consent.ledger.test_export import NOW
from tests.consent.ledger.witnesses import Bank, cosigners
from tests.jobs.processes import until
from tests.killing import die, ended, fork, killed

SEED = int(os.environ.get("YDT_CRASH_SEED", "2018"))
PATIENCE_SECONDS = 60.0

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with throw_away() as made:
        yield made


@pytest.fixture
def dice() -> random.Random:
    print(f"seed {SEED}")  # noqa: T201 - shown when it fails
    return random.Random(SEED)  # noqa: S311 - a printed seed


def own(log: Log) -> Log:
    """The log with connections of this process."""
    return Log(log.url, log.head_file, log.signer)


@contextmanager
def at_work(*acts: Callable[[], object], stop: Path) -> Iterator[None]:
    """Processes that go on until the file is there; each must end well."""
    children = [fork(act) for act in acts]
    try:
        yield
    finally:
        stop.touch()
        codes = [ended(child) for child in children]
    assert codes == [0] * len(children)


def write(log: Log, stop: Path) -> None:
    """A writer: one leaf a transaction."""
    mine = own(log)
    while not stop.exists():
        mine.submit(a_leaf())
        time.sleep(0.002)  # Its pace, not a wait for anything.


def integrate(log: Log, stop: Path) -> None:
    mine = own(log)
    while not stop.exists():
        mine.sequence(limit=40)
        time.sleep(0.002)  # As above.


def sequenced(log: Log) -> None:
    while log.sequence():
        pass


def size_of(log: Log) -> int:
    return int(log.one("SELECT size FROM ledger.state"))


def grown(log: Log, size: int) -> None:
    """Wait until the writers brought the log beyond ``size``."""
    until(lambda: size_of(log) > size, PATIENCE_SECONDS)


@dataclass(frozen=True)
class Press:
    """Publishers of one log with a witness whose signature each head needs."""

    log: Log
    bank: Bank

    def publish(self, step: str | None = None) -> int:
        """One publisher as a process; how it ended. It kills itself after ``step``."""

        def act() -> None:
            world = World(own(self.log), {"a": self.bank}, "a0")
            world.publish(lambda done: die() if done == step else None)
            world.asker.close()

        return ended(fork(act))

    def seen(self) -> int:
        return int(self.log.one("SELECT coalesce(max(size), 0) FROM ledger.published"))

    def on_file(self) -> Checkpoint:
        head = self.log.guard().head()
        assert head is not None
        return head


class TestPublisher:
    @pytest.mark.promise("I2", "R15")
    @pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.nightly)])
    def test_killed_after_any_step_while_writers_run(
        self, cluster: Cluster, tmp_path: Path, dice: random.Random, rounds: int
    ) -> None:
        log, stop = cluster.log, tmp_path / "stop"
        press = Press(log, Bank(tmp_path / "witness", cosigners("a.example")))
        assert press.publish() == 0
        kills = [step for step in STEPS for _ in range(rounds)]
        dice.shuffle(kills)
        heads = [press.on_file()]

        writers = [lambda: write(log, stop)] * 2
        with at_work(*writers, lambda: integrate(log, stop), stop=stop):
            for step in kills:
                grown(log, press.on_file().size)
                before = press.seen()

                assert press.publish(step) == -signal.SIGKILL

                # Nobody sees a head that the head file does not have.
                assert before <= press.seen() <= press.on_file().size
                heads.append(press.on_file())
                grown(log, press.on_file().size)
                assert press.publish() == 0
                heads.append(press.on_file())
                assert press.seen() == press.on_file().size > before

        sequenced(log)
        assert press.publish() == 0
        assert log.check_whole() == press.seen() == press.on_file().size
        agree(log, [*heads, press.on_file()])
        export(log.app, tmp_path / "export", now=NOW)
        assert whole(read_from(tmp_path / "export"), policy_of(str(log.signer.vkey)))


def agree(log: Log, heads: list[Checkpoint]) -> None:
    """Every head that was ever on file is a beginning of the one log."""
    tree = Tree()
    tree.extend(log.bodies())
    assert [head.root for head in heads] == [tree.root(head.size) for head in heads]
    sizes = [head.size for head in heads]
    assert sizes == sorted(sizes)


def whole(read: ReadFile, policy: Policy) -> bool:
    report = verify_folder(read, policy)
    assert report.ok, report.as_json()
    return True


class TestSequencer:
    @pytest.mark.promise("I1", "I2")
    @pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.nightly)])
    def test_frozen_in_its_transaction_it_changes_nothing(
        self, cluster: Cluster, rounds: int
    ) -> None:
        log = cluster.log
        for _ in range(rounds):
            sequenced(log)
            before = size_of(log)
            log.submit(*(a_leaf() for _ in range(3)))
            frozen = fork(lambda: freeze(log))
            _, status = os.waitpid(frozen, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            try:
                log.submit(a_leaf())
                # The other worker waits for the lock until the server is tired of the frozen one.
                ends_at = time.monotonic() + PATIENCE_SECONDS
                while size_of(log) == before:
                    assert time.monotonic() < ends_at
                    log.sequence()
                assert size_of(log) == before + 4
            finally:
                os.kill(frozen, signal.SIGCONT)
            # It goes on where it was, and its own transaction is refused.
            assert ended(frozen) == 0
            assert size_of(log) == before + 4
            assert log.check_whole() == before + 4


def freeze(log: Log) -> None:
    """A sequencer that is stopped once its batch has its indices; its commit must be refused."""
    mine = own(log)

    def stop(*given: object) -> None:
        if "INSERT INTO ledger.seq" in str(given[2]):
            os.kill(os.getpid(), signal.SIGSTOP)

    event.listen(mine.ledger, "after_cursor_execute", stop)
    with pytest.raises(DBAPIError):
        sequence(mine.ledger)


class TestExporter:
    @pytest.mark.promise("T4")
    @pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.nightly)])
    def test_killed_while_a_reader_follows(
        self, cluster: Cluster, tmp_path: Path, dice: random.Random, kills: int
    ) -> None:
        log, folder, stop = cluster.log, tmp_path / "export", tmp_path / "stop"
        sequenced(log)
        log.publish()
        export(log.app, folder, now=NOW)
        heads = tmp_path / "heads"
        done = rounds = 0
        with at_work(lambda: follow(log, folder, stop, heads), stop=stop):
            while done < kills:
                log.submit(*(a_leaf() for _ in range(dice.randint(1, 100))))
                sequenced(log)
                log.publish()
                done += shot(log, folder, dice.uniform(0.0, 0.02))
                rounds += 1
                if rounds % 3 == 0:
                    export(log.app, folder, now=NOW)
                    until(lambda: has_read(heads, size_of(log)), PATIENCE_SECONDS)

        assert export(log.app, folder, now=NOW) == size_of(log)
        assert whole(read_from(folder), policy_of(str(log.signer.vkey)))
        assert len(heads.read_text(encoding="ascii").split()) >= kills // 3
        print(f"{done} kills in {rounds} rounds")  # noqa: T201 - figures of a long run


def shot(log: Log, folder: Path, seconds: float) -> bool:
    """An exporter killed so long after it began with its files; False where it was done before."""
    listening, telling = os.pipe()

    def act() -> None:
        mine, told = own(log), False

        def begun(_done: int, _total: int) -> None:
            nonlocal told
            if not told:
                told = os.write(telling, b".") == 1

        export(mine.app, folder, now=NOW, progress=begun)

    child = fork(act)
    os.close(telling)
    assert os.read(listening, 1) == b"."
    os.close(listening)
    time.sleep(seconds)  # A random moment of its work, not a wait for anything.
    return killed(child)


def follow(log: Log, folder: Path, stop: Path, heads: Path) -> None:
    """A reader: every head it finds must have all its tiles, as it finds them then."""
    policy, last = policy_of(str(log.signer.vkey)), b""
    with heads.open("a", encoding="ascii") as told:
        while not stop.exists():
            note = read_from(folder)(CHECKPOINT) or b""
            if note == last:
                time.sleep(0.001)  # How often it looks.
                continue
            last = note
            report = verify_folder(read_from(folder), policy)
            assert report.ok, report.as_json()
            told.write(f"{report.size}\n")
            told.flush()


def has_read(heads: Path, size: int) -> bool:
    return heads.exists() and str(size) in heads.read_text(encoding="ascii").split()
