"""People at their browsers: what each clicks, by addresses of forms and names of fields."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from playwright.sync_api import Page

from tests.browser import Visit
from tests.journeys.stacks import JOURNEY
from yidaitong.sandbox.data import firm
from yidaitong.sandbox.staff import PASSWORD

PRODUCT: Final = "TAX-CREDIT"


@dataclass
class Somebody:
    """One person in one browser."""

    visit: Visit

    @property
    def page(self) -> Page:
        return self.visit.page

    def sign_in(self, login: str) -> None:
        page = self.visit.go("/login")
        page.fill("[name=login]", login)
        page.fill("[name=password]", PASSWORD)
        self.send("/login")

    def send(self, action_end: str) -> None:
        """Press the first button of the form that goes to an address with this end."""
        form = f'main form[action$="{action_end}"]'
        name = self.page.locator(form).first.get_attribute("id")
        inside = self.page.locator(f"{form} button")
        outside = self.page.locator(f'main button[form="{name}"]') if name else None
        button = inside if inside.count() else outside
        assert button is not None, action_end
        with self.page.expect_navigation():
            button.first.click()

    def send_confirmed(self, action_end: str) -> None:
        """As :meth:`send`, and say yes in the dialog that asks first."""
        self.page.locator(f'main form[action$="{action_end}"] button').first.click()
        with self.page.expect_navigation():
            self.page.locator('dialog[open] button[value="yes"]').click()

    def shoot(self, name: str) -> None:
        """Keep a picture, and see that nobody is kept out of the page."""
        self.visit.shoot(name)
        assert self.visit.problems() == []


def register(one: Somebody) -> None:
    """Four steps: code and name, registry, representative, account."""
    known = firm(JOURNEY, date.today())  # noqa: DTZ011 - any day: a designed firm never changes
    one.visit.go("/enterprise/register")
    one.shoot("register")
    one.page.fill("[name=uscc]", known.uscc)
    one.page.fill("[name=name]", known.name)
    one.send("/enterprise/register")
    one.page.fill("[name=name]", known.rep.name)
    one.page.fill("[name=id_number]", known.rep.id_no)
    one.page.fill("[name=mobile]", known.rep.mobile)
    one.send("/representative")
    one.page.fill("[name=password]", PASSWORD)
    one.send("/account")
    one.sign_in(known.rep.mobile)
    one.shoot("home")


def apply_and_authorize(one: Somebody) -> str:
    """Pick a product, sign both consents, hand it in; the address of the application."""
    one.visit.go("/enterprise/products")
    one.shoot("products")
    one.visit.go(f"/enterprise/products/{PRODUCT}")
    one.page.fill("[name=amount]", "100")
    one.page.fill("[name=term_months]", "12")
    one.send("/application")
    one.shoot("authorize")
    for _ in range(2):
        one.page.fill("[name=password]", PASSWORD)
        one.send("/signature")
    application = one.page.url
    one.send("/submission")
    one.shoot("asking")
    return application.removeprefix(one.visit.address)


def wait_for_result(one: Somebody, path: str) -> None:
    """Watch the departments answer; the page brings the result by itself."""
    one.page.wait_for_function(
        "() => !document.querySelector('main [hx-get]') "
        "|| document.querySelectorAll('.ydt-progress .ydt-wait').length === 0"
    )
    one.visit.go(path)
    one.shoot("answered")


def recommend(one: Somebody, case: str) -> None:
    """The maker: take the case, open a packet, propose terms."""
    one.visit.go(case)
    one.send("/acceptance")
    one.shoot("case")
    one.page.locator('main a[href*="/bank/packets/"]').first.click()
    one.page.wait_for_load_state()
    one.send("/opening")
    one.shoot("packet")
    one.visit.go(case)
    one.page.check("[name=outcome][value=APPROVE]")
    one.send("/recommendation")


def decide(one: Somebody, case: str) -> None:
    """The checker: another person, the same case."""
    one.visit.go(case)
    one.page.check("[name=outcome][value=APPROVE]")
    one.send("/decision")
    one.shoot("decided")


def offer(one: Somebody, case: str) -> None:
    """The maker sends what was approved."""
    one.visit.go(case)
    one.send_confirmed("/offer")


def accept(one: Somebody, application: str) -> None:
    """The representative signs the offer."""
    one.visit.go(application)
    one.page.locator('main a[href*="/enterprise/offers/"]').first.click()
    one.page.wait_for_load_state()
    one.shoot("offer")
    one.page.fill("[name=password]", PASSWORD)
    one.send("/acceptance")


def report(maker: Somebody, checker: Somebody, case: str, serial: str) -> None:
    """Contract, then pay-out: one reports, another confirms."""
    maker.visit.go(case)
    maker.page.fill("[name=serial]", serial)
    maker.send("/loan-events")
    checker.visit.go(case)
    checker.page.locator("[name=accept][value=true]").first.check()
    checker.send("/loan-events/confirmation")
