"""Forms of others change nothing; reading changes nothing."""

from typing import Any

import pytest

from tests.web.conftest import Site
from tests.web.walking import UNSAFE, counts, routes

_BODIES: list[tuple[str, dict[str, Any]]] = [
    ("no token", {"data": {"a": "1"}}),
    ("a foreign token", {"data": {"csrf_token": "ImFiYyI.aGVsbG8.signature"}}),
    ("JSON as text", {"data": '{"a": 1}', "content_type": "text/plain"}),
    ("JSON", {"json": {"a": 1}}),
]


@pytest.mark.promise("T9")
class TestForms:
    @pytest.mark.parametrize(("what", "body"), _BODIES, ids=[name for name, _ in _BODIES])
    def test_every_page_that_writes_refuses_a_form_without_our_token(
        self, site: Site, what: str, body: dict[str, Any]
    ) -> None:
        rep = site.rep()
        pages = [one for one in routes(site.app, UNSAFE) if not one.path.startswith("/api/")]
        before = counts(site.runtime)

        answers = {
            one.path: rep.client.open(one.path, method=one.method, **body).status_code
            for one in pages
        }

        assert len(pages) > 20
        assert {path: code for path, code in answers.items() if code != 403} == {}
        assert counts(site.runtime) == before

    def test_a_token_of_another_session_does_not_count(self, site: Site) -> None:
        other = site.rep()
        token = other.client.get("/account").text.split('name="csrf_token" value="')[1]

        answer = site.rep().client.post("/logout", data={"csrf_token": token.split('"')[0]})

        assert answer.status_code == 403

    def test_the_api_takes_no_cookie(self, site: Site) -> None:
        rep = site.rep()
        rep.token = ""

        assert rep.api("GET", "/applications").status_code == 401
        assert rep.api("POST", "/applications", {}).status_code == 401

    def test_pages_take_no_bearer_token(self, site: Site) -> None:
        rep = site.rep()
        bare = site.visitor()

        answer = bare.client.get(
            "/enterprise/profile", headers={"Authorization": f"Bearer {rep.token}"}
        )

        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/login")


@pytest.mark.promise("T9")
class TestReading:
    def test_reading_everything_writes_nothing(self, site: Site) -> None:
        rep = site.rep()
        before = counts(site.runtime)

        for one in routes(site.app, frozenset({"GET"})):
            rep.client.get(one.path, buffered=True)

        assert counts(site.runtime) == before
