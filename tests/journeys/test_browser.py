"""The whole road in a browser: register, authorize, decide, pay out, oversee, revoke."""

from collections.abc import Callable

import pytest

from tests.browser import DESKTOP, PHONE, Visit, chromium, visit
from tests.journeys import people
from tests.journeys.people import Somebody
from tests.journeys.stacks import Stack

__all__ = ["chromium", "visit"]
pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.browser]


def test_from_registration_to_the_overview(stack: Stack, visit: Callable[..., Visit]) -> None:
    def somebody(size: tuple[int, int], login: str | None = None) -> Somebody:
        made = Somebody(visit(stack.base_url, size=size))
        if login is not None:
            made.sign_in(login)
        return made

    owner = somebody(PHONE)
    people.register(owner)
    application = people.apply_and_authorize(owner)
    people.wait_for_result(owner, application)

    case = application.replace("/enterprise/", "/bank/")
    maker, checker = somebody(DESKTOP, "qilu.maker"), somebody(DESKTOP, "qilu.checker")
    maker.visit.go("/bank/applications")
    maker.shoot("work")
    people.recommend(maker, case)
    people.decide(checker, case)
    people.offer(maker, case)
    people.accept(owner, application)
    people.report(maker, checker, case, "JOURNEY-C-1")
    people.report(maker, checker, case, "JOURNEY-D-1")
    maker.visit.go("/bank/loans")
    maker.shoot("loans")

    overseer = somebody(DESKTOP, "gov.viewer")
    overseer.visit.go("/gov/")
    overseer.page.wait_for_load_state("networkidle")
    overseer.shoot("overview")
    overseer.visit.go("/gov/metrics/M07")
    assert "930,000.00" in overseer.page.inner_text("main")
    overseer.visit.go("/gov/ledger")
    overseer.shoot("ledger")

    owner.visit.go("/enterprise/loans")
    owner.shoot("loans")
    owner.visit.go("/enterprise/authorizations")
    owner.shoot("wallet")
