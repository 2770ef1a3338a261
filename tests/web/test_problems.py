"""Refusals: problem+json for machines, a page or a fragment for people, a code that stays."""

import pytest

from tests.web.conftest import Site
from yidaitong.kernel.ids import uuid7
from yidaitong.web.field_texts import FIELD_TEXTS


class TestApi:
    @pytest.mark.parametrize(
        ("language", "title"),
        [("zh-CN", "请求格式有误,未作任何更改"), ("en", "Malformed request; nothing was changed")],
    )
    def test_it_names_each_field_in_the_language_asked_for(
        self, site: Site, language: str, title: str
    ) -> None:
        rep = site.rep(language)

        answer = rep.api("POST", "/applications", {"product_id": 1, "amount": "1.234", "x": 1})

        body = answer.get_json()
        assert answer.status_code == 400
        assert answer.content_type == "application/problem+json"
        assert (body["title"], body["code"], body["hop"]) == (title, "InvalidRequest", "client")
        told = {one["name"]: one["code"] for one in body["fields"]}
        assert told == {
            "product_id": "NOT_TEXT",
            "amount": "NOT_MONEY",
            "term_months": "MISSING",
            "x": "UNKNOWN",
        }
        locale = "en" if language == "en" else "zh"
        assert all(
            one["text"] == getattr(FIELD_TEXTS[one["code"]], locale) for one in body["fields"]
        )

    def test_a_missing_and_a_foreign_thing_look_the_same(self, site: Site) -> None:
        rep = site.rep()
        answers = [rep.api("GET", f"/applications/{uuid7()}").get_json() for _ in range(2)]
        for body in answers:
            body.pop("trace_id")

        assert answers[0] == answers[1]
        assert answers[0]["code"] == "NotFound"

    def test_nobody_is_told_to_sign_in(self, site: Site) -> None:
        answer = site.visitor().api("GET", "/consents")

        assert (answer.status_code, answer.get_json()["code"]) == (401, "Unauthorised")

    def test_another_realm_is_forbidden(self, site: Site) -> None:
        rep = site.rep()
        head = {"Authorization": f"Bearer {rep.token}"}
        gov = rep.client.get("/api/gov/v1/metrics", headers=head)
        bank = rep.client.get("/api/bank/v1/applications", headers=head)

        assert (gov.status_code, gov.get_json()["code"]) == (403, "Forbidden")
        # The banks' API hears nobody who signs with no key of a bank.
        assert (bank.status_code, bank.get_json()["code"]) == (401, "SignatureInvalid")


class TestPages:
    def test_a_page_that_is_not_there_says_so_in_both_languages(self, site: Site) -> None:
        assert "未找到" in site.visitor().get("/nowhere", 404)
        assert "Not found" in site.visitor("en").get("/nowhere", 404)

    def test_another_realm_is_forbidden(self, site: Site) -> None:
        assert "无权执行" in site.rep().get("/bank/", 403)

    def test_a_partial_update_gets_a_fragment(self, site: Site) -> None:
        answer = site.rep().client.get(
            f"/enterprise/applications/{uuid7()}/progress", headers={"HX-Request": "true"}
        )

        assert answer.status_code == 404
        assert answer.headers["HX-Retarget"] == "#problems"
        assert "<html" not in answer.text
        assert "未找到" in answer.text

    def test_nobody_is_sent_to_the_sign_in_page_and_back(self, site: Site) -> None:
        answer = site.visitor().client.get("/enterprise/loans")

        assert answer.status_code == 303
        assert answer.headers["Location"] == "/login?next=/enterprise/loans"


class TestDocuments:
    def test_the_api_describes_itself(self, site: Site) -> None:
        document = site.visitor().client.get("/api/openapi.json").get_json()

        assert document["openapi"] == "3.1.0"
        paths = document["paths"]
        for path in (
            "/api/enterprise/v1/registrations",
            "/api/enterprise/v1/applications",
            "/api/enterprise/v1/consents/{chain_id}/revocation",
            "/api/session/v1/sessions",
        ):
            assert path in paths
        assert paths["/api/oauth/token"]["post"]["security"] == []
        body = paths["/api/enterprise/v1/applications"]["post"]["requestBody"]
        assert "application/json" in body["content"]

    def test_it_says_how_calls_of_banks_are_signed(self, site: Site) -> None:
        document = site.visitor().client.get("/api/openapi.json").get_json()

        schemes = document["components"]["securitySchemes"]
        assert schemes["clientCredentials"]["flows"]["clientCredentials"]["tokenUrl"] == (
            "/api/oauth/token"
        )
        for path, verbs in document["paths"].items():
            for verb in verbs.keys() & {"get", "post", "put", "patch", "delete"}:
                told = verbs[verb]
                names = {one.get("name") for one in told.get("parameters", [])}
                signed = {"Signature", "Signature-Input", "Content-Digest"} <= names
                assert signed is path.startswith("/api/bank/"), (verb, path)
                answers = [one for code, one in told["responses"].items() if code[0] == "2"]
                assert all(("Ydt-Clock-Warning" in str(one)) is signed for one in answers)
                if signed:
                    assert {"bearer": [], "messageSignature": []} in told["security"]
