"""Signing in tells nobody who has an account, and costs everybody the same."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from argon2 import PasswordHasher

import enterprise_portal
from tests.enterprise_portal.builders import PASSWORD, a_firm, an_agent, text_of, visitor
from tests.web.conftest import Site
from yidaitong.accounts import passwords
from yidaitong.app import create_app
from yidaitong.runtime import Runtime

UNKNOWN = "13900000000"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Each comparison that was computed: parameters of its hash, and memory."""
    found: list[tuple[str, int]] = []
    real = passwords.matches

    def spy(stored: str, password: str, memory_kib: int) -> bool:
        found.append((stored.rsplit("$", 2)[0], memory_kib))
        return real(stored, password, memory_kib)

    monkeypatch.setattr(passwords, "matches", spy)
    return found


def _noting(computed: list[Any]) -> Callable[..., bool]:
    def verify(*given: Any) -> bool:
        computed.append(given)
        return False

    return verify


@pytest.mark.promise("T17")
class TestAnswer:
    def test_unknown_name_and_wrong_password_read_the_same(self, site: Site) -> None:
        answers = [
            site.visitor().post("/login", {"login": name, "password": "wrong wrong wrong"})
            for name in (UNKNOWN, site.login)
        ]

        assert [one.status_code for one in answers] == [401, 401]
        unknown, known = (text_of(one.text) for one in answers)
        assert unknown == known
        assert "登录名或密码不正确" in known

    def test_the_api_answers_the_same(self, site: Site) -> None:
        bodies = []
        for name in (UNKNOWN, site.login):
            answer = site.visitor().client.post(
                "/api/session/v1/sessions", json={"login": name, "password": "wrong wrong"}
            )
            assert answer.status_code == 401
            body = answer.get_json()
            body.pop("trace_id")
            bodies.append(body)

        assert bodies[0] == bodies[1]

    def test_both_cost_one_hash_of_the_same_kind(
        self, site: Site, hashed: list[tuple[str, int]]
    ) -> None:
        for name in (UNKNOWN, site.login, UNKNOWN, site.login):
            site.visitor().post("/login", {"login": name, "password": "wrong wrong wrong"})

        assert len(hashed) == 4
        assert len(set(hashed)) == 1

    def test_what_was_typed_is_kept_but_never_the_password(self, site: Site) -> None:
        answer = site.visitor().post("/login", {"login": "who.is.it", "password": "s3cret-phrase"})

        assert 'value="who.is.it"' in answer.text
        assert "s3cret-phrase" not in answer.text


@pytest.mark.promise("T18")
class TestThrottle:
    def test_a_name_without_tries_is_refused_and_others_are_not(self, runtime: Runtime) -> None:
        runtime.settings = replace(runtime.settings, login_failures_per_quarter=3)
        firm = a_firm(runtime)
        other = an_agent(runtime, firm)
        app = create_app(runtime, [enterprise_portal])
        form = {"login": "13805310000", "password": "wrong wrong wrong"}
        tries = [visitor(app).post("/login", form) for _ in range(4)]

        right = visitor(app).post("/login", form | {"password": PASSWORD})
        colleague = visitor(app).post("/login", {"login": other, "password": PASSWORD})

        assert [one.status_code for one in tries] == [401, 401, 401, 429]
        assert right.status_code == 429
        assert "操作过于频繁" in right.text
        assert colleague.status_code == 303

    def test_an_endless_password_is_never_hashed(
        self, site: Site, hashed: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        computed: list[Any] = []
        monkeypatch.setattr(PasswordHasher, "verify", _noting(computed))

        answer = site.visitor().post("/login", {"login": site.login, "password": "x" * 100_000})

        assert answer.status_code == 401
        assert all(len(given[2]) <= passwords.MAX_BYTES for given in computed)
