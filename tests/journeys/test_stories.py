"""Whole stories over HTTP against the demo: pass, refusal, referral; all of it verified offline."""

import json
import urllib.request
from pathlib import Path

import pytest

from tests.journeys.stacks import JOURNEY, Stack, command
from yidaitong.sandbox import story

pytestmark = pytest.mark.xdist_group("demo")
STORIES = 6


@pytest.fixture(scope="module")
def out(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run of stories left, as ``demo --once --out`` leaves it."""
    folder = tmp_path_factory.mktemp("out")
    wanted = story.Wanted(
        enterprises=STORIES,
        base_url=stack.base_url,
        bank_keys=stack.home / "sandbox" / "bank-keys",
        out=folder,
        leave_out=frozenset({JOURNEY}),
    )
    story.run(wanted, lambda _done, _all: None)
    return folder


class TestStories:
    def test_they_end_as_told_and_everything_holds(self, out: Path) -> None:
        found = json.loads((out / "summary.json").read_text(encoding="utf-8"))

        assert found["ok"], found
        assert (found["departments"], found["banks"], found["products"]) == (8, 2, 4)
        assert found["registered"] == STORIES
        assert found["resources_consented"] == sum(found["resources_by_status"].values())
        assert found["packets_verified"] == found["packets_issued"] > STORIES
        assert found["ledger_verified"]
        assert found["disbursements"] >= 2

    def test_a_refusal_says_what_was_missing(self, out: Path) -> None:
        found = json.loads((out / "summary.json").read_text(encoding="utf-8"))

        refusal = next(one for one in found["refusals"] if one["reason"] == "A4")
        assert refusal["gap"] == 200_000
        assert "2,000.00" in refusal["text"]

    def test_a_referral_goes_to_a_person(self, out: Path) -> None:
        found = json.loads((out / "summary.json").read_text(encoding="utf-8"))

        assert found["referrals"]
        assert all(one["outcome"] in {"APPROVE", "DECLINE"} for one in found["referrals"])

    def test_anybody_checks_it_again_with_the_commands(self, out: Path, tmp_path: Path) -> None:
        packet = command(
            tmp_path,
            "packet",
            "verify",
            str(out / "packet.jwe"),
            "--key",
            str(out / "bank-private.jwk.json"),
            "--keys",
            str(out / "platform-jwks.json"),
            "--vkey",
            str(out / "ledger.vkey"),
            "--json",
        )
        log = command(
            tmp_path, "ledger", "verify", str(out / "log"), "--vkey", str(out / "ledger.vkey")
        )
        receipt = command(
            tmp_path,
            "ledger",
            "verify",
            str(out / "receipt.json"),
            "--vkey",
            str(out / "ledger.vkey"),
        )

        assert packet.returncode == 0, packet.stdout + packet.stderr
        assert json.loads(packet.stdout)["ok"] is True
        assert log.returncode == 0, log.stdout + log.stderr
        assert receipt.returncode == 0, receipt.stdout + receipt.stderr

    def test_one_changed_byte_is_refused(self, out: Path, tmp_path: Path) -> None:
        text = (out / "packet.jwe").read_text(encoding="ascii")
        middle = len(text) // 2
        changed = text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]
        file = tmp_path / "packet.jwe"
        file.write_text(changed, encoding="ascii")

        found = command(
            tmp_path,
            "packet",
            "verify",
            str(file),
            "--key",
            str(out / "bank-private.jwk.json"),
            "--keys",
            str(out / "platform-jwks.json"),
            "--vkey",
            str(out / "ledger.vkey"),
        )

        assert found.returncode == 1

    def test_banks_and_departments_were_told_how_consents_ended(
        self, out: Path, stack: Stack
    ) -> None:
        assert (out / "summary.json").exists()

        for receiver in ("bank-qilu", "TAX"):
            address = f"{stack.sandbox_url}/_notices/{receiver}"
            with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own
                taken = json.load(answer)
            assert {one["event"] for one in taken} >= {"consent.expired"}
            assert {one["to"] for one in taken} == {receiver}

    def test_the_audit_invariants_hold(self, out: Path, stack: Stack) -> None:
        assert (out / "summary.json").exists()

        found = command(stack.home, "ops", "check", "--json")

        assert found.returncode == 0, found.stdout + found.stderr
