"""K1: sequencers and PostgreSQL are killed while writers write; every entry stands once.

Real processes on a cluster of their own. ``YDT_CRASH_SEED`` repeats a run.
"""

import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from consent.ledger.entries import Leaf, submit
from consent.ledger.export import export
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.policy import policy_of
from tests.consent.ledger.builders import a_leaf
from tests.consent.ledger.cluster import Cluster, throw_away
from tests.consent.ledger.logs import Log
from tests.consent.ledger.test_export import NOW

SEED = int(os.environ.get("YDT_CRASH_SEED", "2018"))
PATIENCE_SECONDS = 60.0


@dataclass
class Writer:
    """Commits entries one by one, repeats what was not acknowledged, and some that were."""

    log: Log
    count: int
    seed: int
    fed: threading.Event
    acknowledged: list[bytes] = field(default_factory=list)

    def run(self) -> None:
        """Goes on until enough was killed as well."""
        dice = random.Random(self.seed)  # noqa: S311 - a printed seed
        while len(self.acknowledged) < self.count or not self.fed.is_set():
            leaf = a_leaf()
            for _ in range(2 if dice.random() < 0.2 else 1):
                self._commit(leaf)
            self.acknowledged.append(leaf.key)
            if len(self.acknowledged) > self.count:
                time.sleep(0.01)  # Enough written: only keep the sequencers busy.

    def _commit(self, leaf: Leaf) -> None:
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with Session(self.log.app) as session:
                    submit(session, leaf)
                    session.commit()
            except DBAPIError:
                # The answer is lost, the entry perhaps not: the same key again.
                assert time.monotonic() < ends_at
                time.sleep(0.02)
            else:
                return


@dataclass(frozen=True)
class Size:
    """At least so much of each."""

    writers: int
    entries: int
    kills: int
    stops: int


def attack(cluster: Cluster, size: Size, fed: threading.Event) -> int:
    """Kill sequencers and stop the server until there were enough of both; kills seen."""
    dice = random.Random(SEED)  # noqa: S311 - a printed seed
    url = cluster.log.url("ydt_ledger")
    words = [sys.executable, "-m", "tests.consent.ledger.nursery", url, str(SEED)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as nursery:
        assert nursery.stdout is not None
        kills = 0
        for stop in range(size.stops + 1):
            share = size.kills * (stop + 1) // (size.stops + 1)
            while kills < share:
                assert nursery.stdout.readline() == "killed\n"
                kills += 1
            if stop < size.stops:
                time.sleep(dice.uniform(0.0, 0.1))  # A random moment, not a wait for anything.
                cluster.crash()
        fed.set()
        nursery.communicate()
    assert nursery.returncode == 0
    return kills


def survive(cluster: Cluster, size: Size, folder: Path) -> int:
    """Entries of the whole log after as many writes, kills and stops at least."""
    log, fed = cluster.log, threading.Event()
    writers = [Writer(log, size.entries, SEED + at, fed) for at in range(size.writers)]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        kills = attack(cluster, size, fed)
    finally:
        fed.set()
        for thread in threads:
            thread.join()
    while log.sequence():
        pass
    assert kills >= size.kills
    count = log.check_whole()
    stored = {bytes(row.key) for row in log.rows("SELECT key FROM ledger.entry")}
    acknowledged = {key for writer in writers for key in writer.acknowledged}
    assert acknowledged <= stored
    log.publish()
    export(log.app, folder, now=NOW)
    report = verify_folder(read_from(folder), policy_of(str(log.signer.vkey)))
    assert report.ok, report.as_json()
    return count


@pytest.mark.faults
class TestKilled:
    @pytest.mark.promise("R2", "R15", "I1", "I2")
    @pytest.mark.parametrize(
        "size",
        [
            pytest.param(Size(4, 600, 10, 1), id="short"),
            pytest.param(Size(4, 5_000, 30, 3), id="full", marks=pytest.mark.nightly),
            pytest.param(
                Size(8, 25_000, 200, 20),
                id="long",
                marks=[pytest.mark.nightly, pytest.mark.timeout(3600)],
            ),
        ],
    )
    def test_nothing_is_lost_or_doubled(self, size: Size, tmp_path: Path) -> None:
        print(f"seed {SEED}")  # noqa: T201 - shown when it fails
        with throw_away() as cluster:
            count = survive(cluster, size, tmp_path / "export")

        assert count >= 1 + size.writers * size.entries
