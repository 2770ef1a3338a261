"""A log we wrote, read by programs that are not ours; one changed byte, and they refuse it.

The reader in JavaScript shares no line with us. Where ``pymerkle`` is installed (RFC 9162 trees by
somebody else) it must agree on roots too.
"""

import random
import shutil
import subprocess
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from consent.ledger.asking import Asker
from consent.ledger.export import export
from consent.ledger.note import KeyKind
from consent.ledger.policy import read_policy
from consent.ledger.proofs import proof_of
from tests.consent.ledger.builders import a_leaf, bodies, head_of
from tests.consent.ledger.logs import Log
from tests.consent.ledger.test_export import NOW
from tests.consent.ledger.witnesses import Bank

READER = Path(__file__).parents[2] / "vectors" / "check_log.mjs"
NODE = shutil.which("node")


@pytest.fixture
def written(log: Log, tmp_path: Path) -> tuple[Path, list[str], list[Path]]:
    """A cosigned log of 601 entries as files, its keys, and proof files of some leaves."""
    bank = Bank(tmp_path / "witness")
    vkey = next(one.vkey for one in bank.keys if one.vkey.kind is KeyKind.COSIGNATURE)
    policy = read_policy(f"log {log.signer.vkey}\nwitness w {vkey} https://w\nquorum w\n".encode())
    made = [a_leaf() for _ in range(600)]
    log.submit(*made)
    while log.sequence():
        pass
    asker = Asker(policy, lambda _url, body: bank.take(body)[::2])
    assert log.publisher(asker=asker).publish() == 601
    asker.close()
    export(log.app, tmp_path / "log", now=NOW)
    proofs = []
    with log.app.connect() as connection:
        for at in (0, 254, 255, 511, 599):
            proofs.append(tmp_path / f"{at}.tlog-proof")
            proofs[-1].write_text(proof_of(connection, made[at].key) or "", encoding="utf-8")
    return tmp_path / "log", [str(log.signer.vkey), str(vkey)], proofs


def judged(folder: Path, keys: list[str], proofs: list[Path]) -> str:
    if NODE is None:
        pytest.skip("no node: the independent reader does not run")
    words = [NODE, str(READER), str(folder), *keys]
    if proofs:
        words += ["--proof", *map(str, proofs)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("accepted" if done.returncode == 0 else "refused")
    return done.stdout


class TestForeignReader:
    @pytest.mark.promise("T4")
    def test_takes_the_log_its_heads_cosignatures_and_proofs(
        self, written: tuple[Path, list[str], list[Path]]
    ) -> None:
        assert judged(*written) == "accepted: 601 entries, 5 proofs, 2 signers\n"

    @pytest.mark.promise("T4")
    def test_refuses_every_file_with_one_byte_changed(
        self, written: tuple[Path, list[str], list[Path]]
    ) -> None:
        folder, keys, proofs = written
        dice = random.Random(2018)  # noqa: S311 - a fixed seed
        files = [path for path in folder.rglob("*") if path.is_file()]
        for path in [*files, *proofs]:
            whole = path.read_bytes()
            place = dice.randrange(len(whole))
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x01]) + whole[place + 1 :])
            assert judged(folder, keys, proofs).startswith("refused"), (path, place)
            path.write_bytes(whole)
        assert judged(folder, keys, proofs).startswith("accepted")

    def test_refuses_a_log_without_the_witness(
        self, written: tuple[Path, list[str], list[Path]]
    ) -> None:
        folder, keys, _ = written
        head = folder / "checkpoint"
        lines = head.read_text(encoding="utf-8").split("\n")
        head.write_text("\n".join([*lines[:-2], ""]), encoding="utf-8")

        assert judged(folder, keys, []).startswith("refused: no line of")


class TestForeignTree:
    @pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 600])
    def test_gives_the_same_roots(self, size: int) -> None:
        if find_spec("pymerkle") is None:
            pytest.skip("pymerkle is not installed")
        tree = import_module("pymerkle").InmemoryTree(algorithm="sha256")
        entries = bodies(size)
        for entry in entries:
            tree.append_entry(entry)

        assert tree.get_root() == head_of(entries).root
