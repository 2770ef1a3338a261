"""The sequencer stands still: nothing is widened, all stopping works, and it heals by itself."""

import os
import signal
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from tests.jobs.processes import until
from tests.journeys.stacks import Stack, command, start
from tests.journeys.test_kill import hand_in, lender_of, settled
from yidaitong.sandbox.staff import PASSWORD
from yidaitong.sandbox.story import checking
from yidaitong.sandbox.story.checking import Pinned
from yidaitong.sandbox.story.client import Party, wait_for
from yidaitong.sandbox.story.enterprise import Borrower
from yidaitong.sandbox.story.plan import Story, stories

pytestmark = [
    pytest.mark.xdist_group("kill"),
    pytest.mark.faults,
    pytest.mark.nightly,
    pytest.mark.timeout(900),
    pytest.mark.promise("R15"),
]
FIRM: Final = "/api/enterprise/v1"
BANK: Final = "/api/bank/v1"
# A leaf may wait half a minute for its index before anybody is refused.
PATIENCE: Final = 90.0
HEALED: Final = 60.0


@dataclass
class Caller:
    """One signed-in party, called once: a refusal is an answer here, not a reason to try again."""

    party: Party

    def post(self, path: str, body: dict[str, Any], **headers: str) -> requests.Response:
        return self.party.once("POST", path, json=body, headers=headers)

    def get(self, path: str) -> requests.Response:
        return self.party.once("GET", path)


def sequencer_of(stack: Stack) -> int:
    """The log's process: a child of the demo."""
    for task in Path(f"/proc/{stack.process.pid}/task").glob("*/children"):
        for child in task.read_text(encoding="ascii").split():
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if words[-3:-1] == [b"ledger", b"run"]:
                return int(child)
    raise LookupError("no sequencer")


def refused(answer: requests.Response) -> bool:
    return answer.status_code == 503 and answer.json()["code"] == "EvidenceUnavailable"


def a_borrower(stack: Stack, firm: Any) -> Borrower:
    borrower = Borrower(party=Party(base_url=stack.base_url, password=PASSWORD), firm=firm)
    assert borrower.register()
    return borrower


def named_in_logs(stack: Stack, plan: list[Story]) -> list[str]:
    """Personal values of the firms that stand in a log file of any process."""
    firms = [one.firm for one in plan[:3]]
    values = [value for one in firms for value in (one.uscc, one.rep.id_no, one.rep.mobile)]
    found = []
    for log in (stack.home / "logs").rglob("*.log*"):
        written = log.read_text(encoding="utf-8", errors="replace")
        found += [f"{log.name}: {value}" for value in values if value in written]
    return found


def test_it_refuses_what_widens_and_heals_by_itself(tmp_path: Path) -> None:
    plan = [one for one, _ in zip(stories(date.today(), 40), range(4), strict=False)]  # noqa: DTZ011 - any day will do
    stack = start(tmp_path / "home")
    try:
        application_id, bank_id, _ = hand_in(stack, plan[0])
        lender = lender_of(stack, bank_id)
        case = wait_for("case", settled(lender, application_id))
        borrower = a_borrower(stack, plan[1].firm)
        made = borrower.apply("TAX-CREDIT", "500000.00", 12)
        agreed = [borrower.authorize(ask) for ask in made["asks"]]
        other = borrower.apply("SCI-TECH", "300000.00", 12)
        third = a_borrower(stack, plan[2].firm)
        open_asks = third.apply("TAX-CREDIT", "400000.00", 12)
        firm, bank, late = Caller(borrower.party), Caller(lender.maker), Caller(third.party)

        os.kill(sequencer_of(stack), signal.SIGSTOP)
        new = {"product_id": "POWER-FLOW", "amount": "200000.00", "term_months": 12}
        chain = f"{FIRM}/consents/{agreed[0].chain_id}"
        assert firm.post(f"{chain}/pause", {}).status_code < 300  # A leaf that waits.
        until(lambda: refused(late.post(f"{FIRM}/applications", new)), PATIENCE)
        signing = other["asks"][0]
        token = borrower.party.step_up(signing["digest"])
        sign = f"{FIRM}/asks/{signing['request_id']}/signature"
        widening = {
            "request": late.post(f"{FIRM}/applications", new),
            "grant": firm.post(sign, {"digest": signing["digest"]}, **{"Step-Up-Token": token}),
            "resume": firm.post(
                f"{chain}/resumption",
                {"digest": made["asks"][0]["digest"]},
                **{"Step-Up-Token": borrower.party.step_up(made["asks"][0]["digest"])},
            ),
            "pull": bank.post(
                f"{BANK}/pulls",
                {"chain_id": case["pulls"][0]["chain_id"]},
                **{"Idempotency-Key": "while-down"},
            ),
            "fetch": bank.get(f"{BANK}/packets/{case['packets'][0]['id']}/sealed"),
        }
        assert {name: one.status_code for name, one in widening.items() if not refused(one)} == {}
        stopping = {
            "deny": late.post(f"{FIRM}/asks/{open_asks['asks'][0]['request_id']}/denial", {}),
            "cancel": firm.post(f"{FIRM}/applications/{other['application_id']}/withdrawal", {}),
            "revoke": firm.post(f"{chain}/revocation", {}),
        }
        assert {name: one.text for name, one in stopping.items() if one.status_code >= 300} == {}

        os.kill(sequencer_of(stack), signal.SIGCONT)
        packet = f"{BANK}/packets/{case['packets'][0]['id']}/sealed"
        again = new | {"product_id": "PAYROLL-FUND"}
        # Each web process looks at the log once a second.
        took = until(lambda: bank.get(packet).ok, HEALED)
        took += until(lambda: late.post(f"{FIRM}/applications", again).ok, HEALED - took)
        print(f"normal {took:.1f} s after repair")  # noqa: T201 - a report
        assert all(lender.take_packet(one).verified for one in case["packets"])
        public = Party(base_url=stack.base_url)
        checking.mirror_log(public, tmp_path / "log")
        assert checking.log_holds(tmp_path / "log", Pinned.fetch(public).vkey)
        check = command(tmp_path / "home", "ops", "check", "--json")
        assert check.returncode == 0, check.stdout + check.stderr
        assert named_in_logs(stack, plan) == []
    finally:
        stack.kill()
