"""Everything at once: what the log must never show, whoever acts, whoever is killed.

Several sessions grant, pull, pause, resume, amend, revoke, end, void, release and fetch; workers,
ticker and sequencers are other processes, killed at random and replaced; the departments answer
over HTTP. The verdict comes from the exported log alone. ``YDT_RACE_SEED`` repeats a run.
"""

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from consent.ledger.export import export
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.policy import policy_of
from tests.jobs.interleaving import OFFER, WEIGHTS, Party, Player
from tests.jobs.logjudge import Verdict, judge, leaves_in
from tests.jobs.processes import environment, until
from tests.packets.builders import a_story
from tests.sandboxes import live_sandbox
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import wall
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.oversight.invariants.running import check_all
from yidaitong.runtime import Runtime

SEED = int(os.environ.get("YDT_RACE_SEED", "20180717"))
SESSIONS = 8
MOST_WAITING = 40
KINDS = {"worker", "ledger", "ticker"}
A, B = "consent-a", "consent-b"


@dataclass
class Nursery:
    """The processes that are killed, and how many of each kind were."""

    process: "subprocess.Popen[str]"
    killed: Counter[str] = field(default_factory=Counter)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            # Logs of its children come the same way.
            if line.strip() in KINDS:
                self.killed[line.strip()] += 1

    def calm(self) -> None:
        """Nobody is killed any more."""
        assert self.process.stdin is not None
        self.process.stdin.write("calm\n")
        self.process.stdin.flush()


@contextmanager
def nursery(runtime: Runtime) -> Iterator[Nursery]:
    words = [sys.executable, "-m", "tests.jobs.nursery", str(SEED)]
    log = runtime.settings.home / "nursery.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            words,
            env=environment(runtime.settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
        ) as process,
    ):
        made = Nursery(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n", log.read_text()
        listener = threading.Thread(target=made.listen)
        listener.start()
        try:
            yield made
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)
            listener.join()


def play(party: Party, acts: int) -> None:
    """So many acts, by several sessions; a failure that is no refusal is told."""
    party.left = acts
    failures: list[BaseException] = []

    def run(player: Player) -> None:
        try:
            player.run()
        except BaseException as error:
            failures.append(error)
            raise

    over = threading.Event()
    porter = threading.Thread(target=keep_the_door, args=(party, over))
    porter.start()
    dice = [random.Random(f"{SEED} {place} {acts}") for place in range(SESSIONS)]  # noqa: S311 - as above
    threads = [threading.Thread(target=run, args=(Player(party, one),)) for one in dice]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    porter.join()
    assert failures == []


def keep_the_door(party: Party, over: threading.Event) -> None:
    """Let nobody act while too much waits for workers; at the end let everybody go."""
    while not over.wait(0.1):
        waiting = sum(restless(party.story.runtime).values())
        if waiting < MOST_WAITING:
            party.open.set()
        else:
            party.open.clear()
    party.open.set()


def restless(runtime: Runtime) -> dict[str, int]:
    """Promised jobs of workers that are due, by name, and leaves without an index.

    Notices are the courier's: receivers hear of a thing after it happened, and change nothing.
    """
    due = (
        select(OutboxJob.name, func.count())
        .where(OutboxJob.done_at.is_(None), OutboxJob.dead_at.is_(None))
        .where(OutboxJob.not_before <= func.clock_timestamp(), OutboxJob.key.is_distinct_from(""))
        .where(OutboxJob.name.not_like("notices.%"))
        .group_by(OutboxJob.name)
    )
    with runtime.transaction(SYSTEM) as uow:
        found = {str(name): int(count) for name, count in uow.session.execute(due)}
        pending = uow.session.execute(text("SELECT count(*) FROM ledger.pending")).scalar_one()
    return found | ({"leaves": pending} if pending else {})


def settle(runtime: Runtime, seconds: float) -> None:
    """Wait until everything that was promised is done."""
    try:
        until(lambda: not restless(runtime), seconds)
    except TimeoutError as error:
        rings = {name: runtime.queue_of(name).count for name in ("pulls.run", "any")}
        raise AssertionError(f"{restless(runtime)}, rings {rings}") from error


def publish(runtime: Runtime, folder: Path) -> Verdict:
    """The log as files that verify, and what the judge says of them."""
    ledger.step(runtime)
    export(runtime.ledger_engine, folder, now=wall())
    report = verify_folder(read_from(folder), policy_of(ledger.vkey(runtime)))
    assert report.ok, report.as_json()
    return judge(leaves_in(folder))


MANY = 10_000


@pytest.mark.faults
class TestInterleavings:
    @pytest.mark.promise("R3", "R5", "R6", "I1", "I3", "I5")
    @pytest.mark.parametrize(
        "acts",
        [
            pytest.param(300, id="short"),
            pytest.param(MANY, id="full", marks=[pytest.mark.nightly, pytest.mark.timeout(7200)]),
        ],
    )
    def test_nothing_is_handed_over_behind_an_end(
        self, runtime: Runtime, tmp_path: Path, acts: int
    ) -> None:
        print(f"seed {SEED}")  # noqa: T201 - shown when it fails
        runtime.pool_size, patience = SESSIONS + 4, 60 + acts / 10
        runtime.settings = replace(runtime.settings, lease_seconds=2, call_deadline_seconds=1.5)
        with live_sandbox(runtime):
            party = Party(a_story(runtime, OFFER))
            first = Player(party, random.Random(SEED))  # noqa: S311 - a printed seed
            for _ in range(4):
                first.grant()
            ledger.step(runtime)
            with nursery(runtime) as killed:
                play(party, acts * 4 // 5)
                killed.calm()
                settle(runtime, patience)
                # The rest meets packets that are all on their shelves.
                play(party, acts // 5)
                settle(runtime, patience)
        verdict = publish(runtime, tmp_path / "log")
        with runtime.transaction(SYSTEM) as uow:
            broken = {one.id: one.examples for one in check_all(uow) if not one.ok}
        for books in (party.done, party.refused, killed.killed, verdict.seen):
            print(dict(books))  # noqa: T201 - as above

        assert verdict.broken == []
        assert broken == {}
        self.something_happened(party, killed.killed, verdict.seen)
        if acts >= MANY:
            self.much_happened(party, killed.killed)

    def something_happened(self, party: Party, killed: Counter[str], seen: Counter[str]) -> None:
        """Every act was done, everybody was killed, and ends met what was in flight."""
        assert killed["worker"] >= 1
        # A release by hand needs a pull that no worker was quicker to release.
        assert set(party.done) >= set(WEIGHTS) - {"void", "close", "expire", "amend", "release"}
        wanted = {"packet.issued", "packet.fetched", "consent.revoked", "pull.cancelled"}
        assert wanted <= set(seen)

    def much_happened(self, party: Party, killed: Counter[str]) -> None:
        """What a short run on a slow machine may miss: each kind killed, each end met late."""
        assert "release" in party.done
        assert set(killed) == KINDS
        assert killed["worker"] >= 5
        late = {"fetch DataGone", "pull ConsentRevoked", "pull ConsentPaused"}
        assert late & set(party.refused)


class TestTheJudge:
    """It is not blind: what must not stand there is found."""

    @pytest.mark.parametrize(
        ("end", "handed", "is_broken"),
        [
            *[
                (end, handed, True)
                for end in (
                    "consent.revoked",
                    "consent.voided",
                    "consent.use_withdrawn",
                    "consent.void_found",
                )
                for handed in ("packet.issued", "packet.fetched")
            ],
            ("consent.expired", "packet.issued", True),
            ("consent.exhausted", "packet.issued", True),
            ("consent.expired", "packet.fetched", False),
            ("consent.exhausted", "packet.fetched", False),
            ("consent.paused", "packet.issued", False),
        ],
    )
    def test_what_stands_behind_an_end(self, end: str, handed: str, is_broken: bool) -> None:
        behind = [("consent.granted", A), (end, A), (handed, A)]
        before = [("consent.granted", A), (handed, A), (end, A)]
        of_another = [("consent.granted", A), (end, A), (handed, B)]

        assert judge(behind).broken == ([(2, handed)] if is_broken else [])
        assert judge(before).broken == judge(of_another).broken == []
