"""Two-person orders on the console: list, propose, read what it does, confirm or turn down."""

import re
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

import gov_portal
from consent.lifecycle import ConsentState
from consent.models import Chain
from tests.authorizations.builders import Firm, a_firm, granted_pair
from tests.authorizations.test_clocks import fall_back, is_ready
from tests.enterprise_portal.builders import Person, text_of
from tests.gov_portal.test_pages import entered
from yidaitong.app import create_app
from yidaitong.authorizations import clocks, keks
from yidaitong.jobs import keks as changing
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.keks.local import Given, LocalKeks
from yidaitong.kernel.ids import uuid7
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import hire


@pytest.fixture
def firm(runtime: Runtime) -> Firm:
    with runtime.transaction(SYSTEM) as uow:
        return a_firm(uow)


@pytest.fixture
def chain_id(runtime: Runtime, firm: Firm) -> UUID:
    with runtime.transaction(SYSTEM) as uow:
        found, _ = granted_pair(uow, firm)
        uow.acting(SYSTEM)
        return found


@pytest.fixture
def app(runtime: Runtime, chain_id: UUID) -> Flask:
    hire(runtime)
    return create_app(runtime, [gov_portal])


def proposed(officer: Person, kind: str, target: object, **terms: object) -> str:
    """The address of an order that was just proposed."""
    form = {"case_number": "A-1", "reason_class": "OPERATOR_ORDER", **terms}
    page = f"/gov/orders/new?kind={kind}&target_id={target}"
    answer = officer.post(f"/gov/orders/{kind}/{target}", form, page)
    assert answer.status_code == 303, text_of(answer.text)
    return str(answer.headers["Location"])


def state_of(runtime: Runtime, chain_id: UUID) -> ConsentState:
    with runtime.transaction(SYSTEM) as uow:
        return uow.session.get_one(Chain, chain_id).state


class TestOrders:
    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    def test_the_pages_open_in_both_languages(
        self, app: Flask, chain_id: UUID, firm: Firm, language: str
    ) -> None:
        officer = entered(app, "centre.officer", language)
        kinds = {
            "SUSPEND": chain_id,
            "RESTORE": chain_id,
            "VOID": chain_id,
            "RESET_QUORUM": firm.enterprise_id,
            "REVISE_TEXT": uuid7(),
        }

        assert str(chain_id) in officer.get("/gov/consents")
        officer.get("/gov/orders")
        for kind, target in kinds.items():
            assert "<form" in officer.get(f"/gov/orders/new?kind={kind}&target_id={target}")

    def test_one_proposes_and_another_carries_it_out(
        self, app: Flask, runtime: Runtime, chain_id: UUID
    ) -> None:
        order = proposed(entered(app, "centre.officer"), "SUSPEND", chain_id, use_frozen="true")
        assert state_of(runtime, chain_id) is ConsentState.ACTIVE
        checker = entered(app, "centre.checker")
        words = text_of(checker.get(order))
        assert "不再取数" in words

        unread = checker.post(f"{order}/confirmation", {}, order)
        done = checker.post(f"{order}/confirmation", {"read": "true"}, order)

        assert unread.status_code == 400
        assert done.status_code == 303, text_of(done.text)
        assert state_of(runtime, chain_id) is ConsentState.SUSPENDED
        assert "已执行" in text_of(checker.get("/gov/orders"))

    def test_turned_down_nothing_happens(
        self, app: Flask, runtime: Runtime, chain_id: UUID, firm: Firm
    ) -> None:
        officer = entered(app, "centre.officer")
        order = proposed(
            officer,
            "VOID",
            chain_id,
            reason_class="SIGNATURE_FORGED",
            without=str(firm.rep.person_id),
        )
        checker = entered(app, "centre.checker")

        answer = checker.post(f"{order}/rejection", {"read": "true"}, order)

        assert answer.status_code == 303
        assert state_of(runtime, chain_id) is ConsentState.ACTIVE

    def test_the_first_person_finds_no_button(self, app: Flask, chain_id: UUID) -> None:
        officer = entered(app, "centre.officer")
        order = proposed(officer, "SUSPEND", chain_id)

        assert "/confirmation" not in officer.get(order)
        assert officer.post(f"{order}/confirmation", {"read": "true"}).status_code == 403

    @pytest.mark.parametrize("login", ["gov.viewer", "gov.auditor", "gov.operator"])
    def test_others_do_not_open_them(self, app: Flask, login: str) -> None:
        person = entered(app, login)

        assert person.client.get("/gov/orders").status_code == 403
        assert person.client.get("/gov/consents").status_code == 403

    def test_what_is_not_there_is_not_found(self, app: Flask) -> None:
        officer = entered(app, "centre.officer")

        assert officer.client.get(f"/gov/orders/{uuid7()}").status_code == 404
        path = f"/gov/orders/new?kind=SUSPEND&target_id={uuid7()}"
        assert officer.client.get(path).status_code == 404
        assert (
            officer.post(
                f"/gov/orders/SELL/{uuid7()}",
                {"case_number": "A-1", "reason_class": "OPERATOR_ORDER"},
            ).status_code
            == 400
        )


class TestClock:
    @pytest.mark.promise("R4")
    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    def test_the_log_says_that_it_fell_back_and_two_persons_clear_it(
        self, app: Flask, runtime: Runtime, language: str
    ) -> None:
        officer = entered(app, "centre.officer", language)
        link = f"/gov/orders/new?kind=CLEAR_CLOCK&amp;target_id={clocks.CLOCK}"
        ledger.step(runtime)
        assert link not in officer.get("/gov/ledger")
        fall_back(runtime, 3600)
        shown = officer.get("/gov/ledger")
        assert link in shown
        assert "两人" in shown or "two persons" in shown
        assert link not in entered(app, "gov.viewer", language).get("/gov/ledger")
        form = officer.get(link.replace("&amp;", "&"))
        found = re.search(r'name="head_at" value="([^"]+)"', form)
        assert found is not None

        order = proposed(
            officer,
            "CLEAR_CLOCK",
            clocks.CLOCK,
            reason_class="CLOCK_CORRECTED",
            head_at=unescape(found[1]),
        )
        assert not is_ready(runtime)
        checker = entered(app, "centre.checker", language)
        checker.get(order)
        assert checker.post(f"{order}/confirmation", {"read": "true"}, order).status_code == 303

        assert is_ready(runtime)
        checker.get(order)
        assert link not in officer.get("/gov/ledger")


class TestKek:
    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    def test_two_persons_destroy_a_version_nothing_rests_under(
        self, app: Flask, runtime: Runtime, language: str
    ) -> None:
        link = f"/gov/orders/new?kind=DESTROY_KEK&amp;target_id={keks.kek_id(1)}"
        officer = entered(app, "centre.officer", language)
        assert link not in officer.get("/gov/orders")
        runtime.crypto.keyring.provider = LocalKeks(Given({**runtime.settings.keks, 2: bytes(32)}))
        changing.next_version(runtime)
        changing.rewrap(runtime)
        with runtime.transaction(SYSTEM) as uow:
            uow.session.execute(text("UPDATE kek SET rewrapped_at = rewrapped_at - interval '8 d'"))
        assert link in officer.get("/gov/orders")
        assert link not in entered(app, "centre.checker", language).get("/gov/orders")
        assert 'name="version" value="1"' in officer.get(link.replace("&amp;", "&"))

        order = proposed(
            officer, "DESTROY_KEK", keks.kek_id(1), reason_class="KEK_RETIRED", version="1"
        )
        checker = entered(app, "centre.checker", language)
        checker.get(order)
        assert checker.post(f"{order}/confirmation", {"read": "true"}, order).status_code == 303

        checker.get(order)
        assert link not in officer.get("/gov/orders")
        with runtime.transaction(SYSTEM) as uow:
            assert keks.versions(uow)[0].destroyed_at is not None

    @pytest.mark.parametrize("version", ["", "x", "0", "7"])
    def test_what_is_no_version_is_refused(self, app: Flask, version: str) -> None:
        officer = entered(app, "centre.officer")
        form = {"case_number": "A-1", "reason_class": "KEK_RETIRED", "version": version}

        answer = officer.post(f"/gov/orders/DESTROY_KEK/{uuid7()}", form)

        assert answer.status_code in {400, 404}
