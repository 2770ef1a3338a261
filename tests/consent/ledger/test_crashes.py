"""Sequencers are killed while writers write: every entry once, no gap, every hash right."""

import random
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from consent.ledger.entries import submit
from consent.ledger.export import export
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.policy import policy_of
from tests.consent.ledger.builders import a_leaf
from tests.consent.ledger.logs import Log
from tests.consent.ledger.test_export import NOW

SEED = 2018
WRITERS = 4


def write(log: Log, count: int, seed: int, fed: threading.Event) -> None:
    """Entries one a commit, some submitted again; goes on until enough was killed as well."""
    dice = random.Random(seed)  # noqa: S311 - a fixed seed
    done = 0
    while done < count or not fed.is_set():
        leaf = a_leaf()
        for _ in range(2 if dice.random() < 0.2 else 1):
            with Session(log.app) as session:
                submit(session, leaf)
                session.commit()
        done += 1
        if done > count:
            time.sleep(0.01)  # Enough written: only keep the sequencers busy.


def crash(log: Log, entries: int, kills: int, folder: Path) -> int:
    """Entries of the whole log after as many writes and kills at least."""
    words = [sys.executable, "-m", "tests.consent.ledger.nursery", log.url("ydt_ledger"), str(SEED)]
    fed = threading.Event()
    writers = [
        threading.Thread(target=partial(write, log, entries, SEED + at, fed))
        for at in range(WRITERS)
    ]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as nursery:
        for thread in writers:
            thread.start()
        if nursery.stdout is not None:
            killed = [nursery.stdout.readline() for _ in range(kills)]
        fed.set()
        for thread in writers:
            thread.join()
        nursery.communicate()
    assert killed == ["killed\n"] * kills, f"seed {SEED}"
    size = log.check_whole()
    log.publish()
    export(log.app, folder, now=NOW)
    report = verify_folder(read_from(folder), policy_of(str(log.signer.vkey)))
    assert report.ok, report.as_json()
    return size


@pytest.mark.faults
class TestKilledSequencers:
    @pytest.mark.promise("I1", "I2")
    def test_nothing_is_lost_or_doubled(self, log: Log, tmp_path: Path) -> None:
        assert crash(log, 150, 12, tmp_path / "export") >= 1 + WRITERS * 150

    @pytest.mark.nightly
    def test_for_longer(self, log: Log, tmp_path: Path) -> None:
        assert crash(log, 5_000, 60, tmp_path / "export") >= 1 + WRITERS * 5_000
