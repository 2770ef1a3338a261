"""The verifier on files: exit codes, replays, plaintext only after success; and a foreign check."""

import json
import random
import runpy
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import yidaitong
from tests.packets.offline import Bench, Made
from yidaitong.packets.verifying import (
    CANNOT_DECIDE,
    REFUSED,
    USAGE,
    VERIFIED,
    Files,
    verify_files,
)

SCRIPT = Path(yidaitong.__path__[0]) / "docs" / "verify_packet.py"


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="module")
def made(bench: Bench) -> Made:
    return bench.make(seed=3)


@pytest.fixture
def files(bench: Bench, made: Made, tmp_path: Path) -> Files:
    texts = {
        "packet": made.text,
        "key": json.dumps(bench.bank),
        "keys": json.dumps({"keys": bench.jwks}),
        "vkey": str(bench.log.vkey),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text + "\n", encoding="utf-8")
    return Files(
        packet=tmp_path / "packet",
        key=tmp_path / "key",
        keys=tmp_path / "keys",
        vkey=tmp_path / "vkey",
        seen=tmp_path / "seen",
        out=tmp_path / "out",
    )


class TestVerifyFiles:
    def test_verified_once(self, files: Files, made: Made) -> None:
        report, code = verify_files(files)

        assert (code, report.packet_id) == (VERIFIED, made.packet_id)
        assert files.out is not None
        assert files.out.read_bytes() == made.plaintext
        again, code = verify_files(files)
        assert (code, again.code) == (REFUSED, "packet.replay")

    def test_a_refusal_writes_nothing(self, files: Files) -> None:
        files.packet.write_text(files.packet.read_text(encoding="utf-8")[:-9], encoding="utf-8")
        report, code = verify_files(files)

        assert (code, report.ok) == (REFUSED, False)
        assert files.out is not None
        assert files.seen is not None
        assert not files.out.exists()
        assert not files.seen.exists()

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("packet", USAGE),
            ("key", CANNOT_DECIDE),
            ("keys", CANNOT_DECIDE),
            ("vkey", CANNOT_DECIDE),
        ],
    )
    def test_files_that_are_not_there(self, files: Files, name: str, code: int) -> None:
        getattr(files, name).unlink()

        assert verify_files(files)[1] == code

    @pytest.mark.parametrize("name", ["key", "keys", "vkey"])
    @pytest.mark.parametrize("text", ["", "{}", "x+y+z"])
    def test_keys_that_are_none(self, files: Files, name: str, text: str) -> None:
        getattr(files, name).write_text(text, encoding="utf-8")

        assert verify_files(files)[1] == CANNOT_DECIDE

    def test_the_report_is_plain_json_and_holds_no_values(self, files: Files) -> None:
        report, _ = verify_files(files)
        told = json.dumps(report.as_json(), ensure_ascii=False)

        assert set(json.loads(told)) == {
            *("ok", "code", "checks", "packet_id", "index", "size", "log", "witnesses"),
        }
        assert "济南" not in told


class TestForeignCheck:
    def _run(self, files: Files) -> subprocess.CompletedProcess[str]:
        names = [str(files.packet), str(files.key), str(files.keys), str(files.vkey)]
        return subprocess.run(
            [sys.executable, "-I", str(SCRIPT), *names], capture_output=True, text=True, check=False
        )

    def test_a_hundred_lines_that_share_nothing_with_us(self, files: Files, made: Made) -> None:
        source = SCRIPT.read_text(encoding="utf-8")
        found = self._run(files)

        assert (found.returncode, found.stdout.strip()) == (0, made.packet_id), found.stderr
        assert len([line for line in source.splitlines() if line.strip()]) <= 100
        assert "yidaitong" not in source
        assert "consent." not in source

    def test_a_hundred_packets_and_flipped_bytes(
        self, bench: Bench, files: Files, capsys: pytest.CaptureFixture[str]
    ) -> None:
        main = runpy.run_path(str(SCRIPT))["main"]
        names = [str(files.packet), str(files.key), str(files.keys), str(files.vkey)]
        draw = random.Random(1)  # noqa: S311 - a sample
        for seed in range(100):
            made = bench.make(seed=seed)
            files.packet.write_text(made.text, encoding="ascii")
            main(*names)
            assert capsys.readouterr().out.strip() == made.packet_id

            flipped = bytearray(made.text.encode())
            flipped[draw.randrange(len(flipped))] ^= 1
            files.packet.write_bytes(bytes(flipped))
            with pytest.raises((SystemExit, Exception)):
                main(*names)
            assert not capsys.readouterr().out

    @pytest.mark.parametrize(
        "most", [pytest.param(1500, id="sample"), pytest.param(None, marks=pytest.mark.nightly)]
    )
    @pytest.mark.timeout(3600)
    def test_no_byte_of_what_was_sealed_can_be_flipped(
        self, bench: Bench, made: Made, most: int | None
    ) -> None:
        check = runpy.run_path(str(SCRIPT))["_check"]
        keys = {jwk["kid"]: jwk for jwk in bench.jwks}
        draw = random.Random(2)  # noqa: S311 - a sample
        places = range(len(made.plaintext))
        taken = []
        for place in places if most is None else draw.sample(places, most):
            flipped = bytearray(made.plaintext)
            flipped[place] ^= 1 << draw.randrange(7)
            with suppress(SystemExit, Exception):
                check(json.loads(bytes(flipped)), keys, str(bench.log.vkey))
                taken.append((place, made.plaintext[max(0, place - 30) : place + 20]))

        assert taken == []
