"""The log's process: killed at a step it is repaired, at a fork it says so and stays down."""

import os
import signal
import subprocess
import sys

import pytest

from consent.ledger.entries import submit
from consent.ledger.proofs import proof_of
from tests.consent.ledger.builders import a_leaf
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime

pytestmark = pytest.mark.faults


def run(runtime: Runtime, **more: str) -> subprocess.CompletedProcess[str]:
    """``ledger run`` on this database until it ends by itself."""
    settings = runtime.settings
    environment = {
        **os.environ,
        "YDT_ENV": "test",
        "YDT_HOME": str(settings.home),
        "YDT_DATABASE_URL": settings.database_url,
        "YDT_OWNER_DATABASE_URL": settings.owner_database_url,
        "YDT_LEDGER_DATABASE_URL": settings.ledger_database_url,
        "YDT_REDIS_URL": settings.redis_url,
        "YDT_SECRET_KEY": settings.secret_key,
        "YDT_KEK": settings.keks[1].hex(),
        "YDT_LEDGER_HEAD_FILE": str(settings.ledger_head_file),
        **more,
    }
    return subprocess.run(
        [sys.executable, "-m", "yidaitong.cli", "ledger", "run"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


class TestProcess:
    @pytest.mark.promise("R15", "I2")
    def test_killed_between_signing_and_showing_it_is_repaired(self, runtime: Runtime) -> None:
        ledger.step(runtime)
        with runtime.transaction(SYSTEM) as uow:
            leaf = a_leaf()
            submit(uow.session, leaf)

        done = run(runtime, YDT_FAIL_POINT="publisher.checkpoint")

        assert done.returncode == -signal.SIGKILL, done.stderr
        with runtime.transaction(SYSTEM) as uow:
            assert proof_of(uow.session, leaf.key) is None
        assert ledger.step(runtime)
        with runtime.transaction(SYSTEM) as uow:
            assert proof_of(uow.session, leaf.key) is not None

    @pytest.mark.promise("T4")
    def test_at_a_fork_it_ends_with_its_own_code(self, runtime: Runtime) -> None:
        ledger.step(runtime)
        runtime.settings.ledger_head_file.unlink()

        done = run(runtime)

        assert done.returncode == 3, done.stderr
        assert "the head file is gone" in done.stderr
