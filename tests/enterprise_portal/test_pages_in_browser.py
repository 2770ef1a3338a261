"""The portal in Chromium, phone and desktop: nothing blocked, nothing unlabelled, nothing too pale.

``YDT_SCREENSHOTS=folder`` keeps a picture of each page.
"""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from tests.browser import DESKTOP, PHONE, Visit, chromium, serving, visit
from tests.enterprise_portal.builders import PASSWORD, Person
from tests.enterprise_portal.world import (
    REFUSED,
    World,
    another,
    applied,
    registered,
    submitted,
)
from yidaitong.lending import underwriting

__all__ = ["chromium", "visit"]

pytestmark = pytest.mark.browser
SIZES = [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop")]


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    """The portal on a socket."""
    with serving(world.app) as found:
        yield found


def sign_in(seen: Visit, person: Person) -> None:
    page = seen.go("/login")
    page.fill("[name=login]", person.login)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/enterprise/")


def look(seen: Visit, pages: dict[str, str]) -> dict[str, list[str]]:
    """Open each page, keep its picture; what is wrong, by page."""
    found = {}
    for name, path in pages.items():
        seen.noises.clear()
        seen.go(path)
        seen.shoot(name)
        found[name] = seen.problems()
    return {name: problems for name, problems in found.items() if problems}


class TestLooks:
    @pytest.mark.parametrize("size", SIZES)
    def test_open_pages(
        self, world: World, address: str, visit: Callable[..., Visit], size: tuple[int, int]
    ) -> None:
        pages = {
            "front": "/",
            "login": "/login",
            "register": "/enterprise/register",
            "register-resume": "/enterprise/register/resume",
            "invitation": "/enterprise/invitation",
            "succession": "/enterprise/succession",
        }

        assert look(visit(address, size), pages) == {}

    @pytest.mark.parametrize("size", SIZES)
    def test_pages_of_a_firm_with_everything(
        self,
        world: World,
        address: str,
        visit: Callable[..., Visit],
        full: tuple[Person, dict[str, str]],
        size: tuple[int, int],
    ) -> None:
        person, pages = full
        seen = visit(address, size)
        sign_in(seen, person)

        assert look(seen, pages) == {}

    @pytest.mark.parametrize("size", SIZES)
    def test_a_refusal(
        self,
        world: World,
        address: str,
        visit: Callable[..., Visit],
        refused: tuple[Person, dict[str, str]],
        size: tuple[int, int],
    ) -> None:
        person, pages = refused
        seen = visit(address, size)
        sign_in(seen, person)

        assert look(seen, pages) == {}
        assert "2,000.00" in seen.page.inner_text("main")


class TestWorks:
    def test_the_phone_menu_opens_and_leads_on(
        self,
        world: World,
        address: str,
        visit: Callable[..., Visit],
        full: tuple[Person, dict[str, str]],
    ) -> None:
        seen = visit(address, PHONE)
        sign_in(seen, full[0])
        assert not seen.page.locator(".ydt-side").is_visible()

        seen.page.click(".ydt-phone-menu summary")
        seen.shoot("menu")
        seen.page.click(".ydt-phone-menu a[href$='/authorizations']")

        assert seen.page.url.endswith("/enterprise/authorizations")

    def test_progress_moves_by_itself(
        self, world: World, address: str, visit: Callable[..., Visit]
    ) -> None:
        person = registered(world, another())
        application_id, asks = applied(person)
        seen = visit(address)
        sign_in(seen, person)
        for ask in asks:
            page = seen.go(f"/enterprise/asks/{ask['request_id']}")
            page.fill("[name=password]", PASSWORD)
            page.click("button[form=agree]")
            page.wait_for_load_state()
        seen.page.click("form[action$=submission] button")
        seen.page.wait_for_url(f"**/applications/{application_id}")

        world.work()

        seen.page.wait_for_selector("#progress >> text=已答复 9 / 9")
        assert seen.problems() == []

    def test_a_question_comes_before_the_other_sessions_end(
        self,
        world: World,
        address: str,
        visit: Callable[..., Visit],
        full: tuple[Person, dict[str, str]],
    ) -> None:
        seen = visit(address)
        sign_in(seen, full[0])
        page = seen.go("/account")

        page.click("form[action$='end-others'] button")
        assert page.locator("#confirm").is_visible()
        page.click("#confirm button[value='']")
        assert page.url.endswith("/account")
        page.click("form[action$='end-others'] button")
        page.click("#confirm button[value=yes]")

        page.wait_for_selector("text=其他设备已全部退出登录")


@pytest.fixture(scope="module")
def full(world: World) -> tuple[Person, dict[str, str]]:
    """A firm with an offer, a draft, live authorizations and a receipt; its pages by name."""
    person = registered(world, another())
    application_id, chains = submitted(world, person)
    _, asks = applied(person, product="POWER-FLOW")
    world.work()
    told = person.api("GET", f"/applications/{application_id}").get_json()
    pages = {
        "home": "/enterprise/",
        "products": "/enterprise/products",
        "product": "/enterprise/products/SCI-TECH",
        "applications": "/enterprise/applications",
        "application": f"/enterprise/applications/{application_id}",
        "ask": f"/enterprise/asks/{asks[0]['request_id']}",
        "ask-personal": f"/enterprise/asks/{asks[1]['request_id']}",
        "wallet": "/enterprise/authorizations",
        "notices": "/enterprise/notices",
        "authorization": f"/enterprise/authorizations/{chains[0]}",
        "access": "/enterprise/access",
        "revocation": f"/enterprise/authorizations/{chains[0]}/revocation",
        "receipt": f"/enterprise/authorizations/{chains[0]}/receipts/GRANT",
        "withdrawal": f"/enterprise/applications/{application_id}/withdrawal",
        "loans": "/enterprise/loans",
        "profile": "/enterprise/profile",
        "agents": "/enterprise/agents",
        "quorum": "/enterprise/agents/quorum",
        "narrowing": f"/enterprise/authorizations/{chains[0]}/narrowing",
        "account": "/account",
    }
    assert told["state"] == "SUBMITTED"
    return person, pages


@pytest.fixture(scope="module")
def refused(world: World) -> tuple[Person, dict[str, str]]:
    """A firm that was refused."""
    person = registered(world, REFUSED)
    application_id, _ = submitted(world, person)
    with world.runtime.transaction(world.banker("qilu.maker")) as uow:
        underwriting.screen_out(uow, UUID(application_id))
    page = f"/enterprise/applications/{application_id}"
    return person, {"refused": page, "explanation": f"{page}/explanation"}
