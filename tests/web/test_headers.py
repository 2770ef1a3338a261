"""Headers on every answer, and pages that hold no script, style or handler of their own."""

from html.parser import HTMLParser

import pytest
from werkzeug.test import TestResponse

from tests.web.conftest import Site

_WANTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
_ANSWERS = [
    ("GET", "/", 200),
    ("GET", "/login", 200),
    ("GET", "/nowhere", 404),
    ("GET", "/api/nowhere", 404),
    ("GET", "/logout", 405),
    ("PUT", "/api/session/v1/sessions", 405),
    ("GET", "/static/ydt.css", 200),
    ("GET", "/static/nothing.css", 404),
    ("GET", "/enterprise/", 303),
    ("GET", "/api/enterprise/v1/applications", 401),
    ("GET", "/api/openapi.json", 200),
    ("GET", "/api/docs", 200),
    ("GET", "/health", 200),
    ("GET", "/ready", 200),
]


class _Odd(HTMLParser):
    """What the content security policy would block, or what an attacker would add."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self._script = tag == "script" and names.get("type") != "application/json"
        if tag == "style" or "style" in names:
            self.found.append(f"style in <{tag}>")
        if tag in {"iframe", "object", "embed", "base"}:
            self.found.append(f"<{tag}>")
        self.found.extend(f"{name} in <{tag}>" for name in names if name.startswith("on"))
        for name in ("href", "src", "action", "formaction"):
            if (names.get(name) or "").strip().lower().startswith(("javascript:", "data:")):
                self.found.append(f"{name} of <{tag}>")

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.found.append("inline script")

    def handle_endtag(self, tag: str) -> None:
        self._script = False


def odd(page: str) -> list[str]:
    """What a page should not hold."""
    reader = _Odd()
    reader.feed(page)
    return reader.found


def check(answer: TestResponse) -> None:
    for name, value in _WANTED.items():
        assert answer.headers.get(name) == value, name
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'"):
        assert part in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert len(answer.headers["X-Request-Id"]) == 32


@pytest.mark.promise("T10")
class TestHeaders:
    @pytest.mark.parametrize(("method", "path", "status"), _ANSWERS)
    def test_every_answer_carries_them(
        self, site: Site, method: str, path: str, status: int
    ) -> None:
        answer = site.visitor().client.open(path, method=method, buffered=True)

        assert answer.status_code == status
        check(answer)

    def test_a_body_that_is_too_large_is_told_so(self, site: Site) -> None:
        big = b"x" * (2 * 1024 * 1024 + 1)
        answer = site.visitor().client.post(
            "/api/session/v1/sessions", data=big, content_type="application/json"
        )

        assert answer.status_code == 413
        assert answer.get_json()["code"] == "BodyTooLarge"
        check(answer)

    def test_a_failure_carries_them_and_tells_nothing(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken() -> None:
            raise RuntimeError("secret 370199197403150015")

        monkeypatch.setitem(site.app.view_functions, "site.health", broken)
        answer = site.visitor().client.get("/health")

        assert answer.status_code == 500
        check(answer)
        assert "370199" not in answer.text
        assert "RuntimeError" not in answer.text

    def test_a_405_names_what_is_allowed(self, site: Site) -> None:
        assert "POST" in site.visitor().client.get("/logout").headers["Allow"]
        assert "POST" in site.visitor().client.get("/api/session/v1/sessions").headers["Allow"]

    def test_https_asks_browsers_to_stay_on_it(self, site: Site) -> None:
        assert "Strict-Transport-Security" not in site.visitor().client.get("/").headers


@pytest.mark.promise("T10")
class TestPages:
    @pytest.mark.parametrize("path", ["/", "/login", "/enterprise/register", "/api/docs", "/no"])
    def test_open_pages_run_nothing_inline(self, site: Site, path: str) -> None:
        assert odd(site.visitor().client.get(path).text) == []

    @pytest.mark.parametrize(
        "path",
        [
            "/account",
            "/enterprise/",
            "/enterprise/products",
            "/enterprise/applications",
            "/enterprise/authorizations",
            "/enterprise/loans",
            "/enterprise/profile",
        ],
    )
    def test_signed_in_pages_run_nothing_inline(self, site: Site, path: str) -> None:
        assert odd(site.rep().get(path)) == []

    def test_the_check_sees_what_it_should(self) -> None:
        page = '<a onclick="x()" href="javascript:y"></a><script>z</script><p style="a"></p>'

        assert len(odd(page)) == 4


@pytest.mark.promise("T20")
class TestCaching:
    def test_pages_and_answers_are_not_kept(self, site: Site) -> None:
        rep = site.rep()
        for path in ("/enterprise/", "/account", "/login"):
            assert rep.client.get(path).headers["Cache-Control"] == "no-store"
        assert rep.api("GET", "/consents").headers["Cache-Control"] == "no-store"

    def test_hashed_files_are_kept_for_a_year(self, site: Site) -> None:
        page = site.visitor().client.get("/login").text
        vendored = next(part for part in page.split('"') if "/static/vendor/" in part)

        answer = site.visitor().client.get(vendored, buffered=True)

        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
