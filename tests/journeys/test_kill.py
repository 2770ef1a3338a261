"""``kill -9`` of every process in the middle of a story: nothing is lost, nothing is doubled."""

import random
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.journeys.stacks import Stack, command, start
from yidaitong.sandbox import bankkeys
from yidaitong.sandbox.staff import PASSWORD
from yidaitong.sandbox.story import StoryError, checking
from yidaitong.sandbox.story.bank import Lender
from yidaitong.sandbox.story.checking import Checker, Pinned
from yidaitong.sandbox.story.client import Party, wait_for
from yidaitong.sandbox.story.enterprise import Borrower
from yidaitong.sandbox.story.plan import Story, stories
from yidaitong.sandbox.story.running import lender
from yidaitong.sandbox.story.teller import authorize

pytestmark = [pytest.mark.xdist_group("kill"), pytest.mark.faults, pytest.mark.timeout(600)]
ROUNDS = 3
SEED = 20180601


def lender_of(stack: Stack, bank_id: str) -> Lender:
    pinned = Pinned.fetch(Party(base_url=stack.base_url))
    folder = stack.home / "sandbox" / "bank-keys"
    desk = Checker(bank_id=bank_id, keys=bankkeys.ensure(folder, bank_id), pinned=pinned)
    return lender(stack.base_url, desk, bankkeys.client_id(folder, bank_id))


def hand_in(stack: Stack, story: Story) -> tuple[str, str, int]:
    """A submitted application, its bank, and how many consents it has."""
    borrower = Borrower(party=Party(base_url=stack.base_url, password=PASSWORD), firm=story.firm)
    assert borrower.register()
    made = borrower.apply(story.product_id, story.amount, story.term_months)
    agreed = authorize(borrower, made["asks"], story)
    application_id = str(made["application_id"])
    bank_id = str(borrower.application(application_id)["bank_id"])
    borrower.submit(application_id)
    return application_id, bank_id, len(agreed)


def settled(lender: Lender, application_id: str) -> Callable[[], dict[str, Any] | None]:
    def look() -> dict[str, Any] | None:
        try:
            case = lender.case(application_id)
        except (StoryError, requests.RequestException):
            return None
        return case if case.get("evaluation") and case["packets"] else None

    return look


@pytest.mark.promise("R2")
@pytest.mark.promise("R6")
@pytest.mark.promise("I7")
def test_killing_everything_loses_and_doubles_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    chance = random.Random(SEED)  # noqa: S311 - a seed, so that a failing run can be repeated
    plan = stories(date.today(), 40)  # noqa: DTZ011 - any day will do
    stack = start(home)
    handed = []
    try:
        for _ in range(ROUNDS):
            handed.append(hand_in(stack, next(plan)))
            time.sleep(chance.uniform(0.0, 0.6))  # A random moment of the pull, not a wait for it.
            assert stack.kill() > 12  # Ours, PostgreSQL's and Valkey.
            stack = start(home)
        for application_id, bank_id, consents in handed:
            lender = lender_of(stack, bank_id)
            case = wait_for("case", settled(lender, application_id))
            pulls, packets = case["pulls"], case["packets"]
            assert len(pulls) == len(packets) == consents
            assert all(line["status"] != "PENDING" for pull in pulls for line in pull["lines"])
            assert all(lender.take_packet(packet).verified for packet in packets)
        public = Party(base_url=stack.base_url)
        checking.mirror_log(public, tmp_path / "log")
        assert checking.log_holds(tmp_path / "log", Pinned.fetch(public).vkey)
        check = command(home, "ops", "check", "--json")
        assert check.returncode == 0, check.stdout + check.stderr
    finally:
        stack.kill()
