"""A copy of the cluster put back: the log's process refuses it, and its own files make it whole.

Real processes on a cluster of their own. ``YDT_CRASH_SEED`` repeats a run.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent.ledger.checkpoint import Checkpoint
from consent.ledger.entries import submit
from consent.ledger.export import export
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.policy import policy_of
from consent.ledger.sequencer import sequence
from tests.consent.ledger.builders import a_leaf
from tests.consent.ledger.logs import Log
from tests.jobs.processes import environment
from tests.platforms import Platform, platform
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import wall
from yidaitong.kernel.settings import Settings
from yidaitong.runtime import Runtime

SEED = int(os.environ.get("YDT_CRASH_SEED", "2018"))
FORKED = 3

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def own(base_settings: Settings) -> Iterator[Platform]:
    with platform(base_settings) as made:
        yield made


def command(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """One of our commands, until it ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "yidaitong.cli", *words],
        env=environment(settings),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def grow(runtime: Runtime, count: int) -> None:
    with runtime.transaction(SYSTEM) as uow:
        for _ in range(count):
            submit(uow.session, a_leaf())


def go_on(runtime: Runtime, dice: random.Random) -> None:
    """Stop at any point between a submitted leaf and a published head."""
    grow(runtime, dice.randint(1, 300))
    if dice.random() < 0.7:
        sequence(runtime.ledger_engine, limit=dice.randint(1, 300))
    if dice.random() < 0.7:
        ledger.publisher(runtime).publish()


def end_of(runtime: Runtime) -> Checkpoint:
    with runtime.ledger_engine.connect() as connection:
        return ledger.publisher(runtime).guard.look(connection).state


@pytest.mark.promise("T4", "I2")
@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.nightly)])
def test_an_old_copy_is_refused_and_recovers_to_the_same_root(
    own: Platform, tmp_path: Path, rounds: int
) -> None:
    print(f"seed {SEED}")  # noqa: T201 - shown when it fails
    dice = random.Random(SEED)  # noqa: S311 - a printed seed
    runtime, files = own.runtime(), tmp_path / "export"
    ledger.step(runtime)
    for _ in range(rounds):
        go_on(runtime, dice)
        own.copy(own.home / "copy")
        grow(runtime, dice.randint(1, 300))
        ledger.step(runtime)
        export(runtime.ledger_engine, files, now=wall())
        published = end_of(runtime)
        own.put_back(own.home / "copy")
        back = end_of(runtime)
        assert back.size < published.size

        refused = command(own.settings, "ledger", "run")

        assert refused.returncode == FORKED, refused.stderr
        assert "the database was rolled back" in refused.stderr
        assert end_of(runtime) == back

        recovered = command(own.settings, "ledger", "recover", "--from", str(files), "--json")

        assert recovered.returncode == 0, recovered.stderr
        told = json.loads(recovered.stdout)
        assert (told["size"], told["taken"]) == (published.size, published.size - back.size)
        assert end_of(runtime) == published
        goes_on(runtime, files, published)
    whole(own, runtime)


def goes_on(runtime: Runtime, files: Path, published: Checkpoint) -> None:
    """The next head continues the one that people hold."""
    grow(runtime, 1)
    assert ledger.step(runtime)
    export(runtime.ledger_engine, files, now=wall())
    policy = policy_of(ledger.vkey(runtime))
    report = verify_folder(read_from(files), policy, published)
    assert report.ok, report.as_json()


def whole(own: Platform, runtime: Runtime) -> None:
    log = Log(lambda _role: own.settings.ledger_database_url, own.settings.ledger_head_file)
    assert log.check_whole() == end_of(runtime).size
    log.close()
