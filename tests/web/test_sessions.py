"""Sessions end when they should, everywhere at once."""

from dataclasses import replace

import pytest
from sqlalchemy import update

import enterprise_portal
from tests.enterprise_portal.builders import PASSWORD, a_firm, an_agent, signed_in
from tests.web.conftest import Site
from yidaitong.accounts.models import Account, UserSession
from yidaitong.app import create_app
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime

_HOME = "/enterprise/profile"


@pytest.mark.promise("T8")
class TestCookie:
    def test_it_is_strict_and_hidden_from_scripts(self, site: Site) -> None:
        answer = site.visitor().client.get("/login")
        (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("ydt=")]

        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie

    def test_with_tls_it_is_bound_to_the_host(self, runtime: Runtime) -> None:
        runtime.settings = replace(runtime.settings, cookie_secure=True)
        app = create_app(runtime, [enterprise_portal])

        answer = app.test_client().get("/login", base_url="https://127.0.0.1")

        (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if "__Host-ydt" in one]
        assert "Secure" in cookie
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")

    def test_it_changes_when_somebody_signs_in(self, site: Site) -> None:
        someone = site.visitor()
        someone.client.get("/login")
        before = someone.client.get_cookie("ydt")

        someone.post("/login", {"login": site.login, "password": PASSWORD})

        after = someone.client.get_cookie("ydt")
        assert before is not None
        assert after is not None
        assert before.value != after.value


@pytest.mark.promise("T8")
class TestEnding:
    def test_a_cookie_is_worth_nothing_after_signing_out(self, site: Site) -> None:
        rep = site.rep()
        stolen = rep.client.get_cookie("ydt")
        assert stolen is not None
        rep.get(_HOME)

        rep.post("/logout", {})
        thief = site.visitor()
        thief.client.set_cookie("ydt", stolen.value)

        assert thief.client.get(_HOME).status_code == 303

    def test_a_token_is_worth_nothing_after_signing_out(self, site: Site) -> None:
        rep = site.rep()
        header = {"Authorization": f"Bearer {rep.token}"}

        assert (
            rep.client.delete("/api/session/v1/sessions/current", headers=header).status_code == 204
        )
        assert rep.api("GET", "/consents").status_code == 401

    def test_all_other_sessions_end_with_the_password(self, runtime: Runtime) -> None:
        a_firm(runtime)
        app = create_app(runtime, [enterprise_portal])
        here, there = signed_in(app, "13805310000"), signed_in(app, "13805310000")

        answer = here.post("/account/password", {"current": PASSWORD, "new": "another long phrase"})

        assert answer.status_code == 303
        here.get(_HOME)
        assert there.client.get(_HOME).status_code == 303
        assert there.api("GET", "/consents").status_code == 401
        assert here.api("GET", "/consents").status_code == 401

    def test_a_disabled_account_is_out_at_once(self, runtime: Runtime) -> None:
        firm = a_firm(runtime)
        login = an_agent(runtime, firm)
        app = create_app(runtime, [enterprise_portal])
        agent = signed_in(app, login)
        agent.get(_HOME)

        with runtime.transaction(SYSTEM) as uow:
            hint = Account.login_hint == login
            uow.session.execute(update(Account).where(hint).values(disabled_at=uow.now))

        assert agent.client.get(_HOME).status_code == 303
        assert agent.api("GET", "/consents").status_code == 401

    @pytest.mark.parametrize("edge", ["idle_ends_at", "ends_at"])
    def test_time_ends_it(self, runtime: Runtime, edge: str) -> None:
        a_firm(runtime)
        rep = signed_in(create_app(runtime, [enterprise_portal]), "13805310000")
        rep.get(_HOME)

        with runtime.transaction(SYSTEM) as uow:
            uow.session.execute(update(UserSession).values({edge: uow.now}))

        assert rep.client.get(_HOME).status_code == 303
        assert rep.api("GET", "/consents").status_code == 401

    def test_one_session_can_be_ended_from_another(self, site: Site) -> None:
        here, there = site.rep(), site.rep()
        page = here.get("/account")
        ends = [part for part in page.split('"') if part.endswith("/end")]

        for path in ends:
            here.post(path, {})

        here.get(_HOME)
        assert there.client.get(_HOME).status_code == 303


class TestSignIn:
    def test_it_comes_back_to_the_page_that_was_wanted(self, site: Site) -> None:
        someone = site.visitor()
        wanted = someone.client.get("/enterprise/loans?after=").headers["Location"]

        answer = someone.post(
            "/login", {"login": site.login, "password": PASSWORD, "next": "/enterprise/loans"}
        )

        assert wanted.startswith("/login?next=")
        assert answer.headers["Location"] == "/enterprise/loans"

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/bank/",
            "/enterprise/../bank/",
            "javascript:alert(1)",
            "/enterprise//evil.example",
            "/enterpris\u0435/",
        ],
    )
    def test_it_never_leads_elsewhere(self, site: Site, target: str) -> None:
        answer = site.visitor().post(
            "/login", {"login": site.login, "password": PASSWORD, "next": target}
        )

        assert answer.headers["Location"] == "/enterprise/"
