"""Commands against a real installation: what they say and how they end."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from yidaitong.accounts.errors import WrongCredentialsError
from yidaitong.cli.main import COMMANDS, cli
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.uses import KeyUse
from yidaitong.kernel.errors import ForbiddenError, FourEyesError, InvalidStateError
from yidaitong.kernel.settings import Settings
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import PASSWORD, hire


@pytest.fixture
def installed(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The test's own database, named by variables as an operator names one."""
    settings = runtime.settings
    variables = {
        "YDT_ENV": "test",
        "YDT_HOME": str(tmp_path / "state"),
        "YDT_DATABASE_URL": settings.database_url,
        "YDT_OWNER_DATABASE_URL": settings.owner_database_url,
        "YDT_LEDGER_DATABASE_URL": settings.ledger_database_url,
        "YDT_REDIS_URL": settings.redis_url,
        "YDT_KEK": settings.keks[1].hex(),
        "YDT_SECRET_KEY": settings.secret_key,
        "YDT_LEDGER_HEAD_FILE": str(settings.ledger_head_file),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return runtime


def _run(*words: str) -> Result:
    return CliRunner().invoke(cli, words, catch_exceptions=False)


def _manage(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YDT_")}
    return subprocess.run(
        [sys.executable, "-m", "yidaitong.cli", *words],
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


class TestCommands:
    @pytest.mark.parametrize("name", COMMANDS)
    def test_explain_themselves(self, name: str) -> None:
        result = _run(name, "--help")

        assert result.exit_code == 0
        assert "Usage: " in result.stdout

    def test_missing_settings_are_one_message_with_every_problem(self) -> None:
        done = _manage("worker", YDT_ENV="prod")

        assert done.returncode == 1
        assert "YDT_DATABASE_URL is missing" in done.stderr
        assert "YDT_KEK is missing" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_child_of_a_dead_parent_does_not_start(self) -> None:
        done = _manage("worker", YDT_PARENT_PID="1")

        assert done.returncode == 1
        assert "settings" not in done.stderr


class TestLedger:
    def test_is_opened_exported_and_verified(self, installed: Runtime, tmp_path: Path) -> None:
        key = json.loads(_run("ledger", "init", "--json").stdout)["vkey"]
        ledger.step(installed)

        exported = _run("ledger", "export", str(tmp_path / "log"), "--json")
        verified = _run("ledger", "verify", str(tmp_path / "log"), "--vkey", key)

        assert json.loads(exported.stdout)["size"] == 1
        assert verified.exit_code == 0
        assert "size 1" in verified.stdout
        assert _run("ledger", "vkey").stdout.strip() == key

    @pytest.mark.promise("T4")
    def test_of_another_key_is_refused(self, installed: Runtime, tmp_path: Path) -> None:
        key = json.loads(_run("ledger", "init", "--json").stdout)["vkey"]
        ledger.step(installed)
        _run("ledger", "export", str(tmp_path / "log"))
        checkpoint = tmp_path / "log" / "checkpoint"
        checkpoint.write_text(
            checkpoint.read_text(encoding="utf-8").replace("\n1\n", "\n2\n"), encoding="utf-8"
        )

        assert _run("ledger", "verify", str(tmp_path / "log"), "--vkey", key).exit_code == 1

    def test_changes_its_key_and_prints_the_policy_of_both(
        self, installed: Runtime, tmp_path: Path
    ) -> None:
        old = json.loads(_run("ledger", "init", "--json").stdout)["vkey"]
        (tmp_path / "ours").write_text(f"log {old}\nquorum none\n", encoding="utf-8")

        done = json.loads(_run("ledger", "rotate-key", "--json").stdout)
        ledger.step(installed)
        policy = tmp_path / "policy"
        policy.write_text(_run("ledger", "policy").stdout, encoding="utf-8")

        new = _run("ledger", "vkey").stdout.strip()
        assert new != old
        assert done["policy"].split() == ["log", new, "log", old, "quorum", "none"]
        _run("ledger", "export", str(tmp_path / "log"))
        for trust in (policy, tmp_path / "ours"):
            words = ("ledger", "verify", str(tmp_path / "log"), "--policy", str(trust))
            assert _run(*words).exit_code == 0


class TestBench:
    @pytest.mark.parametrize("name", ["nothing", "../cli/main", "__init__", ""])
    def test_runs_only_what_is_there(self, name: str) -> None:
        assert _run("bench", name).exit_code == 2


class TestOpsCheck:
    def test_says_that_all_hold(self, installed: Runtime) -> None:
        ledger.step(installed)

        result = _run("ops", "check", "--json")

        findings = json.loads(result.stdout)
        assert result.exit_code == 0
        assert {finding["id"] for finding in findings} >= {"I1", "I2", "I16"}
        assert all(finding["ok"] for finding in findings)

    def test_ends_with_2_when_it_cannot_look(self) -> None:
        done = _manage(
            "ops",
            "check",
            YDT_ENV="prod",
            YDT_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing",
            YDT_REDIS_URL="redis://127.0.0.1:1",
            YDT_SECRET_KEY="x" * 32,
            YDT_KEK="00" * 32,
        )

        assert done.returncode == 2
        assert "cannot look" in done.stderr


class TestPacketVerify:
    def test_ends_with_2_when_there_is_no_file(self, tmp_path: Path) -> None:
        result = _run(
            "packet", "verify", str(tmp_path / "none"), "--key", "k", "--keys", "k", "--vkey", "v"
        )

        assert result.exit_code == 2

    def test_ends_with_3_when_no_key_decides(self, tmp_path: Path) -> None:
        packet = tmp_path / "packet"
        packet.write_text("a.b.c.d.e", encoding="ascii")

        result = _run("packet", "verify", str(packet), "--key", "k", "--keys", "k", "--json")

        assert result.exit_code == 3
        assert json.loads(result.stdout)["ok"] is False


class TestRetireEvidence:
    def test_two_persons_order_it_with_their_passwords(self, installed: Runtime) -> None:
        hire(installed)
        words = ("keys", "retire-evidence", "--password", PASSWORD, "--json")
        proposed = _run(*words, "--login", "gov.operator", "--ended-before", "2019-01-01")
        order_id = json.loads(proposed.stdout)["order_id"]
        with pytest.raises(FourEyesError):
            _run(*words, "--login", "gov.operator", "--confirm", order_id)
        confirmed = _run(*words, "--login", "centre.checker", "--confirm", order_id)

        assert json.loads(confirmed.stdout)["confirmed"] is True
        with pytest.raises(WrongCredentialsError):
            _run(
                "keys",
                "retire-evidence",
                "--login",
                "gov.operator",
                "--password",
                "x",
                "--confirm",
                order_id,
            )


def _prod(settings: Settings, keks: dict[int, bytes]) -> dict[str, str]:
    """Variables of a process in production on the test's own servers."""
    given = {
        "YDT_ENV": "prod",
        "YDT_DATABASE_URL": settings.database_url,
        "YDT_OWNER_DATABASE_URL": settings.owner_database_url,
        "YDT_LEDGER_DATABASE_URL": settings.ledger_database_url,
        "YDT_REDIS_URL": settings.redis_url,
        "YDT_SECRET_KEY": settings.secret_key,
        "YDT_LEDGER_HEAD_FILE": str(settings.ledger_head_file),
        "YDT_GATEWAY_URL": "https://gateway.example",
        "YDT_IDENTITY_PROVIDER_URL": "https://identity.example",
    }
    return given | {f"YDT_KEK_{version}": key.hex() for version, key in keks.items()}


class TestKeks:
    def test_versions_are_listed_taken_and_moved(
        self, installed: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger.step(installed)
        first = json.loads(_run("keys", "keks", "--json").stdout)
        assert first["due"] is False
        assert [(one["version"], one["held"]) for one in first["versions"]] == [(1, True)]
        with pytest.raises(InvalidStateError, match="YDT_KEK_2"):
            _run("keys", "new-kek")
        monkeypatch.setenv("YDT_KEK_2", "ab" * 32)

        taken = _run("keys", "new-kek", "--json")
        moved = _run("keys", "rewrap", "--json")
        again = _run("keys", "rewrap")

        assert json.loads(taken.stdout) == {"version": 2, "old": 1}
        told = json.loads(moved.stdout)
        assert (told["version"], told["finished"]) == (2, True)
        assert told["moved"] > len(KeyUse)
        assert "0 keys moved to KEK 2" in again.stdout
        assert (moved.exit_code, again.exit_code) == (0, 0)
        listed = _run("keys", "keks").stdout
        assert "left by its last key" in listed
        assert "ab" * 32 not in listed + taken.output + moved.output

    @pytest.mark.promise("T22")
    @pytest.mark.parametrize(
        ("command", "version", "said"),
        [
            *((one, 1, "is another key") for one in ("web", "worker", "ticker", "ledger run")),
            ("worker", 2, "is not given"),
            ("keys list", 2, "is not given"),
        ],
    )
    def test_a_process_does_not_start_with_the_wrong_key(
        self, runtime: Runtime, command: str, version: int, said: str
    ) -> None:
        ledger.step(runtime)

        done = _manage(*command.split(), **_prod(runtime.settings, {version: b"\x07" * 32}))

        assert done.returncode == 1
        assert f"KEK version 1 {said}" in done.stderr
        assert "Traceback" not in done.stderr
        assert "07" * 32 not in done.stderr + done.stdout

    def test_looking_with_the_wrong_key_ends_with_2(self, runtime: Runtime) -> None:
        ledger.step(runtime)

        done = _manage("ops", "check", **_prod(runtime.settings, {1: b"\x07" * 32}))

        assert done.returncode == 2
        assert "KEK version 1 is another key" in done.stderr

    def test_two_persons_destroy_an_old_one_with_their_passwords(
        self, installed: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hire(installed)
        monkeypatch.setenv("YDT_KEK_2", "ab" * 32)
        _run("keys", "new-kek")
        _run("keys", "rewrap")
        words = ("keys", "destroy-kek", "--password", PASSWORD, "--json")
        with pytest.raises(InvalidStateError):
            _run(*words, "--login", "centre.officer", "1")
        _days_pass(installed, 31)

        proposed = _run(*words, "--login", "centre.officer", "1")
        order_id = json.loads(proposed.stdout)["order_id"]
        with pytest.raises(ForbiddenError):
            _run(*words, "--login", "centre.officer", "--confirm", order_id)
        confirmed = _run(*words, "--login", "centre.checker", "--confirm", order_id)

        assert json.loads(proposed.stdout)["confirmed"] is False
        assert json.loads(confirmed.stdout) == {"order_id": order_id, "confirmed": True}
        assert "take it away from this process" in _run("keys", "keks").stdout
        assert _run(*words, "--login", "centre.officer").exit_code == 2

    def test_a_due_version_is_a_warning_that_breaks_nothing(self, installed: Runtime) -> None:
        ledger.step(installed)
        _days_pass(installed, 31)

        result = _run("ops", "check", "--json")

        assert result.exit_code == 0
        assert "KEK version 1 is 31 days old" in result.stderr
        assert all(finding["ok"] for finding in json.loads(result.stdout))


def _days_pass(runtime: Runtime, days: int) -> None:
    with runtime.transaction(SYSTEM) as uow:
        uow.session.execute(
            text(
                "UPDATE kek SET created_at = created_at - :ago, rewrapped_at = rewrapped_at - :ago"
            ),
            {"ago": timedelta(days=days)},
        )
