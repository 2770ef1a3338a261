"""Applying from the shelf to the offer, as people do it on pages and as machines do by API."""

from uuid import UUID

import pytest
from sqlalchemy import func, select

from tests.enterprise_portal.builders import PASSWORD, Person, an_agent, signed_in, text_of
from tests.enterprise_portal.world import (
    PASSING,
    REFUSED,
    TAX_CREDIT,
    World,
    another,
    applied,
    authorized,
    registered,
    submitted,
)
from yidaitong.kernel.actor import SYSTEM
from yidaitong.lending import underwriting
from yidaitong.lending.models import Application

# An individual business: its owner is the person and the firm.
_OWNER = "92370199MA3HH7712T"
_SHELF = f"/enterprise/products/{TAX_CREDIT}"


def follow(person: Person, answer: object) -> tuple[str, str]:
    """Where a form led, and the words there."""
    location = answer.headers["Location"]  # type: ignore[attr-defined]
    return location, text_of(person.get(location))


def page_of(person: Person, request_id: str) -> str:
    """The words of the page that asks."""
    return text_of(person.get(f"/enterprise/asks/{request_id}"))


def how_many(world: World) -> int:
    with world.runtime.transaction(SYSTEM) as uow:
        return uow.session.scalar(select(func.count(Application.id))) or 0


class TestWholeWay:
    def test_from_the_shelf_to_an_accepted_offer_on_pages(self, world: World) -> None:
        person = registered(world, PASSING)
        shelf = text_of(person.get("/enterprise/products"))
        assert "全包年化成本" in shelf
        form = {"amount": "50", "term_months": "12"}
        page, words = follow(person, person.post(f"{_SHELF}/application", form))
        assert "企业信息查询授权书" in words
        assert "checked" not in person.get(page)
        sign = {"password": PASSWORD, "digest": digest_of(person, page)}

        personal, words = follow(person, person.post(f"{page}/signature", sign))
        assert "个人信息单独同意" in words
        sign = {"password": PASSWORD, "digest": digest_of(person, personal)}
        application, words = follow(person, person.post(f"{personal}/signature", sign))
        assert "提交给银行" in words
        person.post(f"{application}/submission", {})
        assert 'hx-trigger="every 1s"' in person.get(application)
        world.work()

        words = text_of(person.get(f"{application}/progress"))
        assert "已答复 9 / 9" in words
        assert "全部条件满足" in words
        assert "hx-trigger" not in person.get(f"{application}/progress")
        world.approve(UUID(application.rsplit("/", 1)[1]), 40_000_000, 540)
        offer = next(part for part in person.get(application).split('"') if "/offers/" in part)
        assert "5.40%" in person.get(offer)
        assert "¥21,600.00" in person.get(offer)
        accept = {"password": PASSWORD, "digest": digest_of(person, offer)}
        _, words = follow(person, person.post(f"{offer}/acceptance", accept))
        assert "已接受,银行正在准备合同" in words

    def test_a_refusal_says_rule_value_threshold_gap_source_and_date(self, world: World) -> None:
        person = registered(world, REFUSED)
        application_id, _ = submitted(world, person)
        with world.runtime.transaction(world.banker("qilu.maker")) as uow:
            underwriting.screen_out(uow, UUID(application_id))

        words = text_of(person.get(f"/enterprise/applications/{application_id}/explanation"))
        told = person.api("GET", f"/applications/{application_id}").get_json()

        for part in (
            "近12个月缴税",
            "3,000.00 元",
            "5,000.00 元",
            "2,000.00 元",
            "税务局",
            "20 日",
        ):
            assert part in words, part
        assert told["state"] == "DECLINED_SCREEN"
        assert "2,000.00" in told["reasons"][0]["zh"]
        assert "difference" in told["reasons"][0]["en"]


def digest_of(person: Person, page: str) -> str:
    """The digest hidden in a page's form."""
    return person.get(page).split('name="digest" value="')[1].split('"')[0]


class TestRefusing:
    def test_refusing_takes_one_press_and_agreeing_no_less(self, world: World) -> None:
        """Promise T32: no dark pattern."""
        person = registered(world, another())
        _, asks = applied(person)
        page = f"/enterprise/asks/{asks[0]['request_id']}"
        shown = person.get(page)

        assert shown.count('form="agree"') == shown.count('form="refuse"') == 1
        location, words = follow(person, person.post(f"{page}/denial", {}))

        assert "已拒绝" in words
        assert location.startswith("/enterprise/")
        assert person.api("GET", f"/asks/{asks[0]['request_id']}").get_json()["state"] == "DENIED"
        # What only accompanied it is gone with it.
        assert (
            person.api("GET", f"/asks/{asks[1]['request_id']}").get_json()["state"] == "CANCELLED"
        )

    def test_the_personal_part_can_be_refused_alone(self, world: World) -> None:
        person = registered(world, another())
        application_id, asks = applied(person)
        authorized(person, asks[:1])

        answer = person.api("POST", f"/asks/{asks[1]['request_id']}/denial", {"reason": "私事"})

        assert answer.status_code == 204
        answer = person.api("POST", f"/applications/{application_id}/submission", {})
        assert answer.get_json()["state"] == "SUBMITTED"

    def test_each_signer_reads_what_refusing_costs(self, world: World) -> None:
        firm, owner = registered(world, another()), registered(world, _OWNER)
        _, asks = applied(firm)
        _, own = applied(owner)

        enterprise, companion = (page_of(firm, ask["request_id"]) for ask in asks)
        (alone,) = (page_of(owner, ask["request_id"]) for ask in own)

        assert "无法办理本产品" in enterprise
        assert "本产品转人工审核或无法办理" in companion
        assert "不影响企业授权" in companion
        assert "经营者授权" in alone
        assert "无法办理本产品" in alone
        # It stands beside no other consent, so it must not speak of one.
        assert "个人信息单独同意" not in alone
        assert "不影响企业授权" not in alone

    def test_without_the_authorization_it_cannot_be_submitted(self, world: World) -> None:
        person = registered(world, another())
        application_id, _ = applied(person)

        answer = person.api("POST", f"/applications/{application_id}/submission", {})
        page = person.post(f"/enterprise/applications/{application_id}/submission", {})

        assert (answer.status_code, answer.get_json()["code"]) == (409, "ConsentMissing")
        assert page.status_code == 409
        assert "请先完成企业信息查询授权" in page.text


class TestProof:
    def test_a_signature_needs_the_right_password_for_this_text(self, world: World) -> None:
        person = registered(world, another())
        _, asks = applied(person)
        first, second = asks
        page = f"/enterprise/asks/{first['request_id']}"
        token = person.step_up(second["digest"])

        wrong = person.post(
            f"{page}/signature", {"password": "wrong wrong wrong", "digest": first["digest"]}
        )
        other = person.post(f"{page}/signature", {"password": PASSWORD, "digest": second["digest"]})
        bare = person.api(
            "POST", f"/asks/{first['request_id']}/signature", {"digest": first["digest"]}
        )
        foreign = person.api(
            "POST",
            f"/asks/{first['request_id']}/signature",
            {"digest": first["digest"]},
            **{"Step-Up-Token": token},
        )

        assert wrong.status_code == 401
        assert "密码不正确,请重新输入" in wrong.text
        assert other.status_code == 409
        assert [bare.status_code, foreign.status_code] == [401, 401]
        assert bare.get_json()["code"] == "StepUpRequired"
        assert person.api("GET", "/consents").get_json() == []

    def test_a_proof_counts_once(self, world: World) -> None:
        person = registered(world, another())
        _, asks = applied(person)
        path, digest = f"/asks/{asks[0]['request_id']}/signature", asks[0]["digest"]
        token = {"Step-Up-Token": person.step_up(digest)}

        answers = [person.api("POST", path, {"digest": digest}, **token) for _ in range(2)]

        assert [one.status_code for one in answers] == [200, 401]

    def test_an_agent_may_prepare_but_not_sign(self, world: World) -> None:
        person = registered(world, another())
        assert person.enterprise_id is not None
        agent = signed_in(world.app, an_agent(world.runtime, person.enterprise_id))
        _, asks = applied(agent)
        page = f"/enterprise/asks/{asks[0]['request_id']}"

        shown = agent.get(page)
        answer = agent.post(
            f"{page}/signature", {"password": PASSWORD, "digest": asks[0]["digest"]}
        )

        assert "的经办人可以签署" in shown
        assert 'form="agree"' not in shown
        assert answer.status_code == 403


class TestInput:
    @pytest.mark.parametrize(
        ("form", "zh", "en"),
        [
            ({}, "请填写此项", "Please fill this in"),
            ({"amount": "abc", "term_months": "12"}, "金额不正确", "Not an amount"),
            ({"amount": "1e3", "term_months": "12"}, "金额不正确", "Not an amount"),
            ({"amount": "0", "term_months": "12"}, "数值过小", "Too small"),
            ({"amount": "-5", "term_months": "12"}, "数值过小", "Too small"),
            ({"amount": "99999", "term_months": "12"}, "数值过大", "Too large"),
            ({"amount": "50.0000001", "term_months": "12"}, "金额不正确", "Not an amount"),
            ({"amount": "50", "term_months": "x"}, "应为整数", "whole number"),
            ({"amount": "50", "term_months": "0"}, "数值过小", "Too small"),
            ({"amount": "50", "term_months": "999"}, "数值过大", "Too large"),
            ({"amount": "50", "term_months": "60"}, "数值过大", "Too large"),
            ({"amount": "50", "term_months": "12", "rate_bp": "1"}, "不支持", "Unknown"),
        ],
    )
    def test_the_form_says_what_is_wrong_and_nothing_is_drafted(
        self, world: World, firms: dict[str, Person], form: dict[str, str], zh: str, en: str
    ) -> None:
        before = how_many(world)
        for language, words in (("zh-CN", zh), ("en", en)):
            answer = firms[language].post(f"{_SHELF}/application", form)
            assert answer.status_code == 400
            assert words in answer.text
        assert how_many(world) == before

    @pytest.mark.parametrize(
        ("change", "field", "code"),
        [
            ({"amount": 500000}, "amount", "NOT_MONEY"),
            ({"amount": "0.001"}, "amount", "NOT_MONEY"),
            ({"amount": "99999999999999"}, "amount", "TOO_LARGE"),
            ({"amount": None}, "amount", "MISSING"),
            ({"term_months": "x"}, "term_months", "NOT_INTEGER"),
            ({"term_months": 1e30}, "term_months", "TOO_LARGE"),
            ({"term_months": []}, "term_months", "NOT_INTEGER"),
            ({"language": "fr"}, "language", "CHOICE"),
            ({"product_id": {}}, "product_id", "NOT_TEXT"),
            ({"product_id": "x" * 65}, "product_id", "TOO_LONG"),
            ({"approved": True}, "approved", "UNKNOWN"),
        ],
    )
    def test_the_api_names_the_field(
        self,
        world: World,
        firms: dict[str, Person],
        change: dict[str, object],
        field: str,
        code: str,
    ) -> None:
        before = how_many(world)
        body = {"product_id": TAX_CREDIT, "amount": "500000", "term_months": 12} | change

        answer = firms["zh-CN"].api("POST", "/applications", body)

        assert answer.status_code == 400, answer.text
        found = {one["name"]: one["code"] for one in answer.get_json()["fields"]}
        assert found == {field: code}
        assert how_many(world) == before

    @pytest.mark.parametrize("product", ["NO-SUCH", "'--", "TAX-CREDIT\u0000"])
    def test_a_product_nobody_offers_is_refused(
        self, world: World, firms: dict[str, Person], product: str
    ) -> None:
        body = {"product_id": product, "amount": "500000", "term_months": 12}

        answer = firms["zh-CN"].api("POST", "/applications", body)

        assert answer.status_code in {400, 409}


@pytest.fixture(scope="module")
def firms(world: World) -> dict[str, Person]:
    """A firm for each language."""
    return {language: registered(world, another(), language) for language in ("zh-CN", "en")}
