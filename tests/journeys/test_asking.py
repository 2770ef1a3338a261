"""A bank asks for data about its loan: drafted, sent, signed, fetched once a month; and refused.

``YDT_SCREENSHOTS=folder`` keeps a picture of each page.
"""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

import bank_portal
import enterprise_portal
from tests.browser import DESKTOP, PHONE, Visit, chromium, serving, visit
from tests.enterprise_portal.builders import PASSWORD, Person
from tests.enterprise_portal.conftest import world
from tests.enterprise_portal.world import World, registered, submitted
from yidaitong.app import create_app
from yidaitong.kernel.clock import business_date
from yidaitong.lending import loans
from yidaitong.lending.commands import LoanEvent
from yidaitong.lending.lifecycle import LoanEventKind
from yidaitong.lending.models import Offer
from yidaitong.sandbox.staff import PASSWORD as STAFF

__all__ = ["chromium", "visit", "world"]

pytestmark = pytest.mark.browser
AMOUNT = 10_000_000
SIZES = [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop")]


@pytest.fixture(scope="module")
def app(world: World) -> Flask:
    """Both portals on the world's installation."""
    return create_app(world.runtime, [bank_portal, enterprise_portal])


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    """Both portals on a socket."""
    with serving(app) as found:
        yield found


@pytest.fixture(scope="module")
def person(world: World) -> Person:
    """The representative of a firm with a loan that was paid out."""
    found = registered(world)
    application_id, _ = submitted(world, found)
    world.approve(UUID(application_id), AMOUNT, 540)
    _accept(world, found, UUID(application_id))
    for kind in (LoanEventKind.CONTRACT, LoanEventKind.DISBURSE):
        _report(world, UUID(application_id), kind)
    world.work()
    return found


def _accept(world: World, person: Person, application_id: UUID) -> None:
    with world.runtime.transaction(world.banker("qilu.maker")) as uow:
        offer = uow.session.scalars(
            select(Offer).where(Offer.application_id == application_id)
        ).one()
        offer_id, digest = offer.id, offer.digest
    answer = person.api(
        "POST",
        f"/offers/{offer_id}/acceptance",
        {"digest": digest},
        **{"Step-Up-Token": person.step_up(digest)},
    )
    assert answer.status_code == 200, answer.text


def _report(world: World, application_id: UUID, kind: LoanEventKind) -> None:
    with world.runtime.transaction(world.banker("qilu.maker")) as uow:
        loans.report(
            uow,
            LoanEvent(
                kind=kind,
                serial=f"{application_id}-{kind}",
                business_date=business_date(uow.now),
                application_id=application_id,
                amount_fen=AMOUNT,
            ),
        )


def sign_in(seen: Visit, login: str, password: str) -> None:
    page = seen.go("/login")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.click("main button")
    page.wait_for_load_state()


def press(seen: Visit, words: str) -> None:
    """Press a button, and confirm where a dialog asks."""
    seen.page.get_by_role("button", name=words, exact=True).first.click()
    dialog = seen.page.locator("dialog[open] button.btn-primary, dialog[open] button.btn-danger")
    if dialog.count():
        dialog.first.click()
    seen.page.wait_for_load_state()


def looked_at(seen: Visit, name: str) -> None:
    seen.shoot(name)
    assert seen.problems() == [], name


class TestAboutALoan:
    @pytest.mark.parametrize(
        "size", [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop")]
    )
    def test_asked_signed_fetched_once_and_told_why_not_twice(
        self,
        world: World,
        person: Person,
        address: str,
        visit: Callable[..., Visit],
        size: tuple[int, int],
    ) -> None:
        bank, firm = visit(address, size), visit(address, size)
        sign_in(bank, "qilu.maker", STAFF)
        bank.go("/bank/requests")
        looked_at(bank, "requests-before")
        bank.go("/bank/loans")
        bank.page.locator("main table a").first.click()
        bank.page.wait_for_load_state()
        looked_at(bank, "loan")
        press(bank, "起草授权请求")
        looked_at(bank, "request-draft")
        press(bank, "发送给企业")
        looked_at(bank, "request-sent")
        asked = bank.page.url

        sign_in(firm, person.login, PASSWORD)
        looked_at(firm, "home-asked")
        firm.page.locator("a[href*='/asks/']").first.click()
        firm.page.wait_for_load_state()
        assert "不影响" in firm.page.inner_text("main")
        looked_at(firm, "ask-post-loan")
        firm.page.fill("[name=password]", PASSWORD)
        press(firm, "同意并签署")

        bank.page.goto(asked)
        press(bank, "立即查询各部门")
        world.work()
        bank.page.goto(asked)
        looked_at(bank, "request-granted")
        assert bank.page.locator("#progress a[href*='/bank/packets/']").count() == 1
        press(bank, "立即查询各部门")
        assert "起可再次操作" in bank.page.inner_text("main")
        bank.noises.clear()  # The browser notes the refusal, too.
        looked_at(bank, "request-too-soon")
        # The next size begins where this one did.
        _end(world, person)

    def test_refusing_is_as_easy_as_agreeing(
        self, world: World, person: Person, address: str, visit: Callable[..., Visit]
    ) -> None:
        bank, firm = visit(address, PHONE), visit(address, PHONE)
        sign_in(bank, "qilu.maker", STAFF)
        bank.go("/bank/loans")
        bank.page.locator("main table a").first.click()
        bank.page.wait_for_load_state()
        press(bank, "起草授权请求")
        press(bank, "发送给企业")
        sign_in(firm, person.login, PASSWORD)
        firm.page.locator("a[href*='/asks/']").first.click()
        firm.page.wait_for_load_state()
        press(firm, "不同意")
        bank.page.reload()
        assert "贷款不受影响" in bank.page.inner_text("main")
        looked_at(bank, "request-refused")


def _end(world: World, person: Person) -> None:
    """Withdraw the post-loan consent, by API."""
    rows = person.api("GET", "/consents").get_json()
    chain = next(one for one in rows if one["purpose"] == "POST_LOAN" and one["state"] == "ACTIVE")
    answer = person.api("POST", f"/consents/{chain['chain_id']}/revocation", {})
    assert answer.status_code == 200, answer.text
    world.work()
