"""The verifier as an auditor runs it: alone, with exit codes that say why."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from consent.ledger.note import KeyKind, VKey
from consent.ledger.verify import main, run
from tests.consent.ledger.builders import bodies, files_of
from tests.consent.ledger.judging import EXAMPLE_VKEY, SIGNER, VKEY, judged, put, saved
from tests.consent.test_artefact import vector


class TestRun:
    def test_the_module_runs_without_the_platform(self, tmp_path: Path) -> None:
        put(tmp_path, files_of(bodies(3)))
        program = (
            "import sys; sys.argv[1:] = sys.argv[1:]\n"
            "from consent.ledger import verify\n"
            "code, _ = verify.run()\n"
            "loaded = {name.partition('.')[0] for name in sys.modules}\n"
            "assert not loaded & {'yidaitong', 'sqlalchemy', 'flask', 'psycopg'}, loaded\n"
            "sys.exit(code)"
        )

        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path), "--vkey", VKEY], check=False
        )

        assert done.returncode == 0

    def test_a_key_may_be_in_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text(VKEY + "\n", encoding="utf-8")
        put(tmp_path / "log", files_of(bodies(3)))

        assert judged(tmp_path / "log", vkey=str(tmp_path / "key"))["ok"]

    def test_a_policy_file_is_used(self, tmp_path: Path) -> None:
        put(tmp_path / "log", files_of(bodies(3)))
        witness = VKey("w", KeyKind.COSIGNATURE, bytes(32))
        policy = tmp_path / "policy"
        policy.write_text(f"log {VKEY}\nwitness w {witness}\nquorum w\n", encoding="utf-8")

        code, said = run([str(tmp_path / "log"), "--policy", str(policy), "--json"])

        assert code == 1
        assert json.loads(said)["code"] == "policy.quorum"

    def test_exit_codes_say_why(self, tmp_path: Path) -> None:
        put(tmp_path / "log", files_of(bodies(3)))
        receipt = saved(tmp_path / "r", vector("revocation_receipt"))
        (tmp_path / "bad").write_text("rubbish", encoding="utf-8")

        assert run([str(tmp_path / "none"), "--vkey", VKEY])[0] == 2
        assert run([str(tmp_path / "log"), "--vkey", str(tmp_path / "none")])[0] == 2
        assert run([str(tmp_path / "log"), "--policy", str(tmp_path / "bad")])[0] == 1
        assert run([str(tmp_path / "log"), "--vkey", str(tmp_path / "bad")])[0] == 1
        assert run([str(tmp_path / "log")])[0] == 3
        log_head = str(tmp_path / "log" / "checkpoint")
        words = [str(receipt), "--vkey", EXAMPLE_VKEY, "--old"]
        assert run([*words, log_head])[0] == 1
        assert run([*words, str(receipt)])[0] == 0
        with pytest.raises(SystemExit) as usage:
            run(["--vkey"])
        assert usage.value.code == 2

    def test_main_prints_and_exits(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        put(tmp_path, files_of(bodies(3)))
        for more, code in ((["--vkey", VKEY], 0), ([], 3)):
            monkeypatch.setattr(sys, "argv", ["verify", str(tmp_path), *more])
            with pytest.raises(SystemExit) as ended:
                main()
            assert ended.value.code == code
        told = capsys.readouterr()
        assert "verified" in told.out
        assert "cannot decide" in told.err

    def test_a_person_reads_a_line_a_check(self, tmp_path: Path) -> None:
        put(tmp_path, files_of(bodies(3)))

        _, said = run([str(tmp_path), "--vkey", VKEY])

        assert said.splitlines()[-1] == f"verified: {SIGNER.name}, size 3"
        assert "ok      log.order" in said
