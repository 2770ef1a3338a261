"""Duties and notices in Chromium, phone and desktop: nothing blocked, unlabelled or too wide."""

from collections.abc import Callable

import pytest
from flask import Flask

import bank_portal
import gov_portal
from tests.bank_portal.builders import PASSWORD, a_banker
from tests.browser import DESKTOP, PHONE, Visit, chromium, serving, visit
from tests.packets.builders import a_story
from tests.pulls.builders import pause, revoke
from yidaitong.accounts.roles import MACHINE_PERMISSIONS
from yidaitong.app import create_app
from yidaitong.banks import clients
from yidaitong.banks.commands import ProposeClient
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import PASSWORD as STAFF
from yidaitong.sandbox.staff import hire

__all__ = ["chromium", "visit"]

pytestmark = pytest.mark.browser


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    """Both portals that show duties."""
    return create_app(runtime, [bank_portal, gov_portal])


def signed_in(seen: Visit, login: str, password: str) -> None:
    page = seen.go("/login")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.click("main button")
    page.wait_for_load_state()


def look(seen: Visit, pages: dict[str, str]) -> dict[str, list[str]]:
    """What is wrong with each page."""
    found = {}
    for name, path in pages.items():
        seen.noises.clear()
        seen.go(path)
        seen.shoot(name)
        found[name] = seen.problems()
    return {name: problems for name, problems in found.items() if problems}


def a_machine(rt: Runtime, bank_id: str, kid: str) -> None:
    """A machine that waits for the second person."""
    with rt.transaction(SYSTEM) as uow:
        command = ProposeClient(
            bank_id=bank_id, name="信贷核心系统", permissions=list(MACHINE_PERMISSIONS), kid=kid
        )
        clients.propose(uow, command)


class TestLooks:
    @pytest.mark.parametrize("size", [PHONE, DESKTOP])
    def test_the_pages_of_a_bank_and_of_the_authorities(
        self, app: Flask, runtime: Runtime, visit: Callable[..., Visit], size: tuple[int, int]
    ) -> None:
        story = a_story(runtime)
        packet_id = story.sealed()
        story.fetch(packet_id)
        ledger.step(runtime)
        checker = a_banker(app, runtime, "checker")
        a_machine(runtime, story.bank_id, checker.signer.kid)
        hire(runtime)
        with serving(app) as address:
            seen = visit(address, size)
            signed_in(seen, f"checker.{story.bank_id}", PASSWORD)
            pages = {
                "duties": "/bank/duties",
                "duty": f"/bank/duties/{packet_id}",
                "bank-receipts": f"/bank/consents/{story.case.chain_id}/receipts",
                "bank-packet": f"/bank/packets/{packet_id}",
            }
            assert look(seen, pages) == {}
            other = visit(address, size)
            signed_in(other, "centre.checker", STAFF)
            looked = {
                "gov-duties": "/gov/duties",
                "gov-addresses": "/gov/callback-addresses",
                "gov-bank-access": "/gov/bank-access",
            }
            assert look(other, looked) == {}

    @pytest.mark.parametrize("size", [PHONE, DESKTOP])
    def test_notices_of_a_bank_and_of_operations(
        self, app: Flask, runtime: Runtime, visit: Callable[..., Visit], size: tuple[int, int]
    ) -> None:
        story = a_story(runtime)
        pause(runtime, story.case)
        revoke(runtime, story.case)
        manager = a_banker(app, runtime, "product", story.bank_id)
        a_machine(runtime, story.bank_id, manager.signer.kid)
        hire(runtime)
        with serving(app) as address:
            seen = visit(address, size)
            signed_in(seen, f"product.{story.bank_id}", PASSWORD)
            pages = {
                "bank-notices": "/bank/notices",
                "bank-notices-all": "/bank/notices/all",
                "bank-api-access": "/bank/api-access",
            }
            assert look(seen, pages) == {}
            assert "授权" in seen.page.inner_text("main")
            other = visit(address, size)
            signed_in(other, "gov.operator", STAFF)
            assert look(other, {"gov-notices": "/gov/operations/notices"}) == {}
