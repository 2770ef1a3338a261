"""The example for a bank's developer, run as it stands against a real socket."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import yidaitong
from tests.bank_portal.test_clients import Machine, machine
from tests.lending.builders import submitted
from tests.sandboxes import served
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.keys import public_of

__all__ = ["machine"]
SCRIPT = Path(yidaitong.__path__[0]) / "docs" / "call_bank_api.py"
PAGE = SCRIPT.with_name("bank-api.md")


@pytest.fixture
def url(app: Flask, machine: Machine) -> Iterator[str]:
    """The app on a socket, under the address it takes for its public one."""
    with served(app) as address:
        runtime = machine.runtime
        runtime.settings = replace(runtime.settings, base_url=address)
        yield address


def run(machine: Machine, folder: Path, url: str, *call: str) -> Any:
    key = folder / "key.jwk.json"
    key.write_text(json.dumps(machine.signer.jwk), encoding="utf-8")
    command = [sys.executable, "-W", "ignore", str(SCRIPT), url, str(machine.id), str(key), *call]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class TestExample:
    def test_it_reads_and_it_starts_a_pull(
        self,
        machine: Machine,
        url: str,
        tmp_path: Path,
    ) -> None:
        with machine.runtime.transaction(SYSTEM) as uow:
            case = submitted(uow)
        body = tmp_path / "body.json"
        body.write_text(json.dumps({"chain_id": str(case.chains[0])}), encoding="utf-8")

        listed = run(machine, tmp_path, url, "GET", "/api/bank/v1/applications?state=SUBMITTED")
        pull = run(machine, tmp_path, url, "POST", "/api/bank/v1/pulls", str(body))

        assert [one["id"] for one in listed["applications"]] == [str(case.id)]
        assert {line["status"] for line in pull["lines"]} == {"PENDING"}

    def test_another_key_gets_an_answer_that_says_so(
        self,
        machine: Machine,
        url: str,
        tmp_path: Path,
    ) -> None:
        told = run(machine, tmp_path, url, "GET", "/api/bank/v1/packets")
        assert told["code"] == "Forbidden"

    def test_it_is_short_and_needs_nothing_of_ours(self) -> None:
        text = SCRIPT.read_text(encoding="utf-8")

        assert len(text.splitlines()) < 60
        assert "yidaitong" not in text
        assert SCRIPT.name in PAGE.read_text(encoding="utf-8")
        assert "d" not in public_of({"d": "x", "kty": "OKP"})
