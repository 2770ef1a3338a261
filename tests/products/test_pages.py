"""Products on pages of bank and centre: a version's whole life by hand, refusals, languages."""

import json
import re
from dataclasses import dataclass
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

import bank_portal
import gov_portal
from tests.bank_portal.builders import Banker
from tests.enterprise_portal.builders import Person, visitor
from tests.products.people import launched
from tests.signing import a_key, token_for
from yidaitong.app import create_app
from yidaitong.kernel.actor import SYSTEM
from yidaitong.products.lifecycle import ProductState
from yidaitong.products.models import ProductVersion
from yidaitong.products.queries import effective
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import PASSWORD, hire

_INPUT = re.compile(r"<input[^>]*>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_AREA = re.compile(r'<textarea[^>]* name="(\w+)"[^>]*>(.*?)</textarea>', re.DOTALL)


@dataclass
class Office:
    """The app and what is on its shelf."""

    app: Flask
    runtime: Runtime
    version_id: UUID

    def enter(self, login: str, language: str = "zh-CN") -> Person:
        person = visitor(self.app, language)
        assert person.post("/login", {"login": login, "password": PASSWORD}).status_code == 303
        person.login = login
        return person

    def version(self, version_id: UUID) -> ProductVersion:
        with self.runtime.transaction(SYSTEM) as uow:
            return uow.session.get_one(ProductVersion, version_id)

    def newest(self) -> ProductVersion:
        query = select(ProductVersion).where(ProductVersion.product_id == "TAX-CREDIT")
        with self.runtime.transaction(SYSTEM) as uow:
            return uow.session.scalars(query.order_by(ProductVersion.version.desc())).all()[0]


@pytest.fixture
def office(runtime: Runtime) -> Office:
    hire(runtime)
    with runtime.transaction(SYSTEM) as uow:
        launched(uow)
    with runtime.transaction(SYSTEM) as uow:
        current = effective(uow, "TAX-CREDIT")
    assert current is not None
    return Office(create_app(runtime, [bank_portal, gov_portal]), runtime, current.id)


def form_of(page: str) -> dict[str, str]:
    """What the form of a page holds, as a browser would send it."""
    inputs = [dict(_ATTRIBUTE.findall(one)) for one in _INPUT.findall(page)]
    found = {one["name"]: unescape(one.get("value", "")) for one in inputs if "name" in one}
    found |= {name: unescape(text) for name, text in _AREA.findall(page)}
    found.pop("csrf_token", None)
    found.pop("language", None)
    return found


class TestLife:
    def test_a_second_version_goes_from_hand_to_hand(self, office: Office) -> None:
        maker = office.enter("qilu.product")
        first = f"/bank/products/{office.version_id}"
        assert maker.post(f"{first}/successor", {}).status_code == 303
        draft = office.newest()
        path = f"/bank/products/{draft.id}"
        form = form_of(maker.get(f"{path}/edit"))
        policy = json.loads(form["policy"])
        next(rule for rule in policy["rules"] if rule["id"] == "A4")["value"] = 800000
        form |= {"policy": json.dumps(policy), "repayment": "INTEREST_MONTHLY"}

        answer = maker.post(f"{path}/content", form)

        assert answer.status_code == 303
        assert "近12个月缴税 5,000.00 元 → 8,000.00 元" in maker.get(path)
        self._decided(office, draft.id)
        assert office.version(draft.id).state is ProductState.EFFECTIVE
        assert office.version(office.version_id).state is ProductState.RETIRED
        shown = maker.get(path)
        assert "赵立新" in shown
        assert "钱慧" in shown

    def _decided(self, office: Office, version_id: UUID) -> None:
        digest = {"digest": office.version(version_id).content_sha256}
        bank, centre = f"/bank/products/{version_id}", f"/gov/products/versions/{version_id}"
        noted = digest | {"note": "均为必需"}
        for login, path, form in (
            ("qilu.product", f"{bank}/submission", digest),
            ("qilu.checker", f"{bank}/check", digest),
            ("centre.officer", f"{centre}/review", noted),
            ("centre.checker", f"{centre}/admission", digest),
            ("qilu.product", f"{bank}/effect", {}),
        ):
            assert office.enter(login).post(path, form).status_code == 303, path

    def test_the_centre_sends_back_with_a_reason(self, office: Office) -> None:
        office.enter("qilu.product").post(f"/bank/products/{office.version_id}/successor", {})
        draft = office.newest()
        digest = {"digest": draft.content_sha256}
        bank, centre = f"/bank/products/{draft.id}", f"/gov/products/versions/{draft.id}"
        office.enter("qilu.product").post(f"{bank}/submission", digest)
        office.enter("qilu.checker").post(f"{bank}/check", digest)

        reason = digest | {"reason": "缺少回测报告"}
        answer = office.enter("centre.officer").post(f"{centre}/return-by-reviewer", reason)

        assert answer.status_code == 303
        assert office.version(draft.id).state is ProductState.RETURNED
        assert office.newest().state is ProductState.DRAFT
        assert "缺少回测报告" in office.enter("qilu.product").get(bank)


class TestForm:
    def test_mistakes_are_told_with_their_place_and_nothing_is_lost(self, office: Office) -> None:
        maker = office.enter("qilu.product")
        form = form_of(maker.get("/bank/products/new"))
        document = office.version(office.version_id).policy
        broken = document | {"rules": [document["rules"][0] | {"op": "like"}]}
        form |= dict.fromkeys(form, "5") | {
            "product_id": "NEW-LOAN",
            "repayment": "AT_ONCE",
            "policy": json.dumps(broken),
            "trials": "{}",
        }

        answer = maker.post("/bank/products/drafts", form)

        assert answer.status_code == 400
        assert "$.rules[0].op" in answer.text
        assert "NEW-LOAN" in answer.text

    def test_a_new_product_starts_as_a_draft_of_its_bank(self, office: Office) -> None:
        maker = office.enter("qilu.product")
        known = form_of(maker.get("/bank/products/new"))
        version = office.version(office.version_id)
        form = dict.fromkeys(known, "测试") | {
            "product_id": "NEW-LOAN",
            "cap": "300",
            "rate_min_bp": "480",
            "rate_max_bp": "610",
            "term_min": "3",
            "term_max": "12",
            "guarantee_bp": "0",
            "assessment_bp": "0",
            "bridge_bp": "0",
            "repayment": "AT_ONCE",
            "confidential_rules": "A4",
            "policy": json.dumps(version.policy | {"product": "NEW-LOAN"}),
            "trials": json.dumps(version.trials),
        }

        answer = maker.post("/bank/products/drafts", form)

        assert answer.status_code == 303
        assert "NEW-LOAN" in maker.get("/bank/products")
        assert "NEW-LOAN" not in office.enter("centre.officer").get("/gov/products")


class TestReach:
    def test_a_product_manager_lands_on_the_products(self, office: Office) -> None:
        person = visitor(office.app)

        answer = person.post("/login", {"login": "qilu.product", "password": PASSWORD})

        assert answer.headers["Location"] == "/bank/products"

    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    def test_pages_open_in_both_languages(self, office: Office, language: str) -> None:
        maker = office.enter("qilu.product", language)
        officer = office.enter("centre.officer", language)

        for page in ("/bank/products", f"/bank/products/{office.version_id}"):
            assert f'lang="{language}"' in maker.get(page)
        for page in ("/gov/products", f"/gov/products/versions/{office.version_id}"):
            assert f'lang="{language}"' in officer.get(page)

    @pytest.mark.promise("T5")
    def test_another_banks_version_is_not_found(self, office: Office) -> None:
        stranger = office.enter("quancheng.product")

        stranger.get(f"/bank/products/{office.version_id}", 404)
        stranger.get(f"/bank/products/{office.version_id}/edit", 404)
        assert (
            stranger.post(f"/bank/products/{office.version_id}/retirement", {}).status_code == 404
        )

    @pytest.mark.promise("T2")
    def test_a_viewer_decides_nothing(self, office: Office) -> None:
        viewer = office.enter("gov.viewer")
        path = f"/gov/products/versions/{office.version_id}"

        viewer.get(path)
        digest = {"digest": "x"}
        for act in ("review", "admission", "return", "return-by-reviewer", "retirement"):
            assert viewer.post(f"{path}/{act}", digest).status_code == 403

    def test_the_api_lists_and_reads_with_the_policy(self, office: Office) -> None:
        maker = office.enter("qilu.product")
        signer = a_key(office.runtime, "bank-qilu")
        token = token_for(maker.client, signer, "qilu.product", PASSWORD)
        banker = Banker(maker.client, token, signer)

        listed = banker.api("GET", "/products").get_json()
        one = banker.api("GET", f"/products/{office.version_id}").get_json()

        assert [each["product_id"] for each in listed] == ["SCI-TECH", "TAX-CREDIT"]
        assert one["policy"]["product"] == "TAX-CREDIT"
