"""The log's key changes hands in the open; files follow each head."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from consent.ledger.checkpoint import open_checkpoint
from consent.ledger.errors import LedgerForkError
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.note import read_note, read_vkey
from consent.ledger.policy import Policy, policy_of, read_policy
from consent.ledger.proofs import published_head
from consent.ledger.report import Report
from consent.ledger.signatures import verifier_of
from tests.jobs.test_ledger import proof, running, submitted, waited_for
from yidaitong.jobs import exporting, ledger, publishing
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime


def head(runtime: Runtime) -> bytes:
    with runtime.transaction(SYSTEM) as uow:
        return (published_head(uow.session) or (0, ""))[1].encode()


def judged(runtime: Runtime, folder: Path, policy: Policy) -> Report:
    exporting.export_to(runtime, folder)
    return verify_folder(read_from(folder), policy)


class TestRotateKey:
    @pytest.mark.promise("T22")
    def test_both_keys_sign_for_the_overlap_then_the_new_one_alone(
        self, runtime: Runtime, tmp_path: Path
    ) -> None:
        ledger.step(runtime)
        old = ledger.vkey(runtime)
        first = head(runtime)

        ledger.rotate_key(runtime)
        ledger.step(runtime)

        new = ledger.vkey(runtime)
        known = [verifier_of(read_vkey(key)) for key in (new, old)]
        assert new != old
        assert [str(key) for key in open_checkpoint(head(runtime), known).signed] == [new, old]
        # A checker with either pin, and one with the new policy file, takes the log.
        for policy in (
            policy_of(old),
            policy_of(new),
            read_policy(publishing.policy_text(runtime).encode()),
        ):
            report = judged(runtime, tmp_path / "log", policy)
            assert report.ok, report.as_json()

        runtime.settings = replace(runtime.settings, ledger_key_overlap_days=30)
        with ledger.owner(runtime) as uow:
            uow.session.execute(
                text("UPDATE signing_key SET retired_at = retired_at - interval '31 days'")
            )
            uow.session.commit()
        submitted(runtime)
        ledger.step(runtime)
        assert len(read_note(head(runtime)).lines) == 1
        assert judged(runtime, tmp_path / "log", policy_of(new)).ok
        assert not judged(runtime, tmp_path / "log", policy_of(old)).ok
        # What was proved under the old key stays proved.
        assert open_checkpoint(first, known).checkpoint.size == 1

    @pytest.mark.promise("T22")
    def test_a_compromised_key_never_signs_again(self, runtime: Runtime) -> None:
        ledger.step(runtime)
        ledger.rotate_key(runtime, compromised=True)
        ledger.step(runtime)

        assert [line.name for line in read_note(head(runtime)).lines] == [
            runtime.settings.ledger_origin
        ]
        open_checkpoint(head(runtime), [verifier_of(read_vkey(ledger.vkey(runtime)))])

    def test_the_running_process_takes_the_new_key(self, runtime: Runtime) -> None:
        ledger.init(runtime)
        with running(runtime):
            key = submitted(runtime)
            waited_for(lambda: proof(runtime, key))
            ledger.rotate_key(runtime)
            waited_for(lambda: len(read_note(head(runtime)).lines) == 2)

    def test_a_head_file_of_the_old_key_is_still_ours(self, runtime: Runtime) -> None:
        ledger.step(runtime)
        ledger.rotate_key(runtime)
        with running(runtime):
            waited_for(lambda: len(read_note(head(runtime)).lines) == 2)


class TestExporter:
    def test_files_follow_each_head(self, runtime: Runtime, tmp_path: Path) -> None:
        folder = tmp_path / "public"
        runtime.settings = replace(runtime.settings, ledger_export_dir=folder)
        ledger.step(runtime)
        with running(runtime):
            for _ in range(2):
                key = submitted(runtime)
                waited_for(lambda: proof(runtime, key))  # noqa: B023 - at once
        report = verify_folder(read_from(folder), policy_of(ledger.vkey(runtime)))

        assert report.ok, report.as_json()
        assert report.size == 3

    @pytest.mark.promise("T4")
    def test_files_of_another_history_stop_the_log(self, runtime: Runtime, tmp_path: Path) -> None:
        folder = tmp_path / "public"
        (folder / "tile/0/000.p").mkdir(parents=True)
        (folder / "tile/0/000.p/1").write_bytes(bytes(32))
        runtime.settings = replace(runtime.settings, ledger_export_dir=folder)
        ledger.step(runtime)
        loop = ledger.LedgerLoop(runtime)

        with pytest.raises(LedgerForkError):
            loop.run(threading.Event())
