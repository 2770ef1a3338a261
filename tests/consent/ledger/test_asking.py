"""The log asks its witnesses: in parallel, briefly, and believes them when they contradict it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from consent.ledger.asking import ANCHOR_SECONDS, Asker, Outcome, WitnessAwayError
from consent.ledger.checkpoint import open_checkpoint
from consent.ledger.errors import LedgerForkError
from consent.ledger.merkle import Tree
from consent.ledger.policy import read_policy
from consent.ledger.proofs import published_head
from consent.ledger.signatures import verifier_of
from tests.consent.ledger.builders import a_leaf
from tests.consent.ledger.logs import Log
from tests.consent.ledger.witnesses import Bank, cosigners, request, tree_of


@dataclass
class World:
    """A log, its witnesses by address, and what stands between them."""

    log: Log
    banks: dict[str, Bank]
    quorum: str
    away: set[str] = field(default_factory=set)
    hung: dict[str, threading.Event] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    told: list[Outcome] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        lines = [f"log {self.log.signer.vkey}"]
        for name, bank in self.banks.items():
            lines += [
                f"witness {name}{at} {one.vkey} https://{name}" for at, one in enumerate(bank.keys)
            ]
        members = " ".join(f"{name}0" for name in self.banks)
        lines += [f"group two all {members}", f"quorum {self.quorum}"]
        self.asker = Asker(read_policy("\n".join(lines).encode()), self.post, lambda: self.now)

    def post(self, url: str, body: bytes) -> tuple[int, bytes]:
        name = url.removeprefix("https://").removesuffix("/add-checkpoint")
        self.asked.append(name)
        if name in self.hung:
            self.hung[name].wait(20)
        if name in self.away:
            raise WitnessAwayError("REFUSED")
        status, _, answer = self.banks[name].take(body)
        return status, answer

    def publish(self, after: Callable[[str], None] = lambda _step: None) -> int | None:
        press = self.log.publisher(after, asker=self.asker, notice=self.told.append)
        return press.publish()

    def grow(self) -> None:
        self.log.submit(a_leaf())
        self.log.sequence()

    def head(self) -> tuple[int, set[str]]:
        """Size of the head people see, and whose lines verify under it."""
        with self.log.app.connect() as connection:
            size, note = published_head(connection) or (0, "")
        if not size:
            return 0, set()
        keys = [self.log.signer.vkey, *self.asker.policy.witnesses.values()]
        head = open_checkpoint(note.encode(), [verifier_of(key) for key in keys])
        return size, set(self.asker.policy.check(head))


def a_world(log: Log, tmp_path: Path, quorum: str) -> World:
    names = ("a", "b")
    banks = {name: Bank(tmp_path / name, cosigners(f"{name}.example")) for name in names}
    return World(log, banks, quorum)


@pytest.fixture
def world(log: Log, tmp_path: Path) -> Iterator[World]:
    made = a_world(log, tmp_path, "two")
    yield made
    made.asker.close()


ALL = {"a0", "a1", "b0", "b1"}


class TestQuorum:
    def test_a_head_is_shown_when_the_policy_is_met(self, world: World) -> None:
        assert world.publish() == 1
        world.grow()
        assert world.publish() == 2

        size, seen = world.head()
        assert size == 2
        assert {"a0", "b0"} <= seen <= ALL
        assert not world.told

    @pytest.mark.promise("R15")
    def test_without_a_quorum_nothing_is_shown_until_it_is_back(self, world: World) -> None:
        world.away.add("b")
        assert world.publish() is None
        assert world.head() == (0, set())
        assert [one.problem for one in world.told] == ["REFUSED"]

        world.away.clear()
        world.grow()

        assert world.publish() == 2
        assert world.head()[0] == 2

    def test_a_late_line_shows_the_head_it_completes(self, world: World) -> None:
        world.hung["b"] = threading.Event()
        # The clock of the test runs out while one of them thinks.
        world.asker.clock = iter(range(1000)).__next__
        assert world.publish() is None
        world.hung.pop("b").set()
        while world.asker.is_waiting and not world.head()[0]:
            world.log.publisher(asker=world.asker).publish()

        assert world.head()[0] == 1

    def test_quorum_none_waits_for_nobody(self, log: Log, tmp_path: Path) -> None:
        world = a_world(log, tmp_path, "none")
        world.hung["a"] = world.hung["b"] = threading.Event()

        assert world.publish() == 1
        assert world.head() == (1, set())
        world.hung["a"].set()
        while world.asker.is_waiting:
            world.publish()
        assert world.head() == (1, ALL)
        world.asker.close()


class TestAnswers:
    def test_a_restarted_publisher_asks_from_what_the_witness_holds(self, world: World) -> None:
        world.publish()
        world.grow()
        world.asker._known.clear()
        world.asked.clear()

        assert world.publish() == 2
        assert sorted(world.asked) == ["a", "a", "b", "b"]  # 409, then the proof from there.

    @pytest.mark.promise("T4", "R12")
    def test_a_witness_that_holds_a_longer_log_stops_us(self, world: World) -> None:
        world.publish()
        world.banks["a"].ask(grown_from(world, 5), 1)
        world.grow()

        with pytest.raises(LedgerForkError, match="behind"):
            world.publish()
        assert world.head()[0] == 1

    @pytest.mark.promise("T4", "R12")
    def test_at_the_start_they_are_asked_before_anything_is_signed(self, world: World) -> None:
        world.publish()
        world.banks["b"].ask(grown_from(world, 5), 1)

        with pytest.raises(LedgerForkError, match="behind"):
            world.log.publisher(asker=world.asker).confront()

    @pytest.mark.promise("T4")
    def test_a_witness_with_another_history_stops_us(self, world: World) -> None:
        world.banks["a"].ask(tree_of(1, "another"), 0)

        with pytest.raises(LedgerForkError, match="does not continue"):
            world.publish()
        assert [one.refused for one in world.told] == [True]
        assert world.head()[0] == 0

    def test_a_line_that_does_not_verify_counts_for_nothing(self, world: World) -> None:
        world.banks["b"].keys = cosigners("b.example")  # Not those of the policy.

        assert world.publish() is None
        assert [one.problem for one in world.told] == ["NO_LINE"]

    @pytest.mark.parametrize("answer", [(500, b""), (200, b"\xff"), (409, b"+1\n"), (409, b"")])
    def test_nonsense_is_as_good_as_silence(self, world: World, answer: tuple[int, bytes]) -> None:
        world.asker.post = lambda _url, _body: answer

        assert world.publish() is None
        assert len(world.told) == 2
        assert world.head()[0] == 0

    def test_a_good_line_over_another_head_counts_for_nothing(self, world: World) -> None:
        wrong = request(tree_of(1, "x"), 0)
        world.asker.post = lambda url, body: world.post(url, wrong if "//b" in url else body)

        assert world.publish() is None
        assert [one.problem for one in world.told] == ["NO_LINE"]

    def test_nobody_need_hear_of_a_witness_away(self, world: World) -> None:
        world.away |= {"a", "b"}

        assert world.log.publisher(asker=world.asker).publish() is None

    def test_before_the_first_head_there_is_nothing_to_confront(self, world: World) -> None:
        world.log.publisher(asker=world.asker).confront()
        world.log.publisher().confront()

        assert world.asked == []

    def test_sizes_of_witnesses_no_longer_asked_are_not_known(self, world: World) -> None:
        world.asker.knows([("gone", 9), ("a0", 3), ("a1", 1)])

        assert world.asker._known == {"https://a": 3}


class TestAnchor:
    def test_an_idle_log_asks_again_every_hour(self, world: World) -> None:
        world.publish()
        before = len(world.asked)
        world.publish()
        assert len(world.asked) == before

        world.now += ANCHOR_SECONDS
        world.banks["a"].now = world.banks["b"].now = lambda: 1_900_000_000
        world.publish()
        while world.asker.is_waiting:
            world.publish()

        lines = world.log.rows("SELECT line FROM ledger.cosignature WHERE size = 1")
        assert len(lines) == 8
        assert world.head() == (1, ALL)


def grown_from(world: World, size: int) -> Tree:
    """A tree that continues the log further than the database does."""
    tree = tree_of(0)
    tree.extend([*world.log.bodies(), *(b"lost %d" % at for at in range(size))])
    return tree
