"""Strange values in every parameter: a clear refusal, never a failure, never somebody's row."""

from urllib.parse import quote

import pytest

from tests.web.conftest import Site
from tests.web.walking import UNSAFE, counts, routes

HOSTILE = [
    "'; DROP TABLE account; --",
    '" OR "1"="1',
    "1 UNION SELECT NULL--",
    "id DESC, (SELECT 1)",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "../../etc/passwd",
    "%2e%2e%2f",
    "\u202egnp.exe",
    "\U0001f600" * 50,
    "9" * 400,
    "-1",
    "1e999",
    "NaN",
    "null",
    "[]",
    "\u0000",
    "a\r\nSet-Cookie: x=1",
    "\u00e9\u0301" * 200,
    "0x7fffffffffffffff",
]
_PARAMETERS = ("after", "before", "q", "sort", "state", "page", "as_of", "next", "index", "group")


@pytest.mark.promise("T24")
class TestParameters:
    @pytest.mark.parametrize("turn", [0, 7, 13])
    def test_no_page_or_call_fails_on_them(self, site: Site, turn: int) -> None:
        rep = site.rep()
        before = counts(site.runtime)
        values = [HOSTILE[(n + turn) % len(HOSTILE)] for n in range(len(_PARAMETERS))]
        query = "&".join(
            f"{name}={quote(value, safe='')}"
            for name, value in zip(_PARAMETERS, values, strict=True)
        )
        failed = []

        for one in routes(site.app, frozenset({"GET"})):
            header = {"Authorization": f"Bearer {rep.token}"} if "/api/" in one.path else {}
            answer = rep.client.get(f"{one.path}?{query}", headers=header, buffered=True)
            if answer.status_code >= 500:
                failed.append((one.path, answer.status_code))

        assert failed == []
        assert counts(site.runtime) == before

    def test_words_in_paths_do_not_fail_either(self, site: Site) -> None:
        rep = site.rep()
        named = [
            one for one in routes(site.app, frozenset({"GET"}), words="W~W") if "W~W" in one.path
        ]

        failed = [
            path
            for one in named
            for path in (one.path.replace("W~W", quote(value, safe="")) for value in HOSTILE)
            if rep.client.get(path, buffered=True).status_code >= 500
        ]

        assert len(named) > 3
        assert failed == []

    def test_every_call_takes_any_json_without_failing(self, site: Site) -> None:
        rep = site.rep()
        bodies = ["[]", "1", '"x"', "{}", '{"a": 1, "a": 2}', "{", "", '{"a": NaN}', "[" * 5000]
        header = {"Authorization": f"Bearer {rep.token}"}
        failed = []
        for one in routes(site.app, UNSAFE):
            if not one.path.startswith("/api/") or "current" in one.path:
                continue
            for body in bodies:
                answer = rep.client.open(
                    one.path,
                    method=one.method,
                    data=body,
                    headers=header,
                    content_type="application/json",
                )
                if answer.status_code >= 500 or answer.status_code < 400:
                    failed.append((one.path, body[:10], answer.status_code))

        assert failed == []


@pytest.mark.promise("T25")
class TestRequests:
    def test_a_parameter_given_twice_is_refused(self, site: Site) -> None:
        rep = site.rep()

        assert rep.client.get("/enterprise/loans?after=1&after=2").status_code == 400

    def test_a_field_given_twice_is_refused(self, site: Site) -> None:
        answer = site.visitor().post("/login", {"login": ["a", "b"], "password": "x"})

        assert answer.status_code == 400
        assert "重复填写" in answer.text

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil"])
    def test_another_host_is_refused(self, site: Site, host: str) -> None:
        answer = site.app.test_client().get("/login", headers={"Host": host})

        assert answer.status_code == 400
        assert host not in answer.text

    @pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "TRACK"])
    def test_odd_verbs_are_refused(self, site: Site, method: str) -> None:
        answer = site.visitor().client.open("/login", method=method)

        assert answer.status_code in {400, 403, 405}
        assert "ydt=" not in answer.text

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            ('{"login": "a", "password": "b"}', "text/plain"),
            ('{"login": "a", "password": "b"}', "application/x-www-form-urlencoded"),
            (b"\xff\xfe", "application/json"),
            ('{"login": "\\ud800", "password": "b"}', "application/json"),
            ('{"login": "a\\u0000", "password": "b"}', "application/json"),
            ('{"login": 1, "password": "b"}', "application/json"),
        ],
    )
    def test_json_is_read_strictly(self, site: Site, body: str | bytes, kind: str) -> None:
        answer = site.visitor().client.post(
            "/api/session/v1/sessions", data=body, content_type=kind
        )

        assert answer.status_code == 400
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["code"] == "InvalidRequest"


@pytest.mark.promise("T19")
class TestUnknownMembers:
    def test_no_schema_takes_what_it_does_not_name(self, site: Site) -> None:
        rep = site.rep()
        header = {"Authorization": f"Bearer {rep.token}"}
        before = counts(site.runtime)
        taken = []
        for one in routes(site.app, UNSAFE):
            if not one.path.startswith("/api/enterprise/"):
                continue
            body = {"enterprise_id": "x", "state": "APPROVED", "bank_id": "x", "role": "operator"}
            answer = rep.client.open(one.path, method=one.method, json=body, headers=header)
            if answer.status_code < 400:
                taken.append(one.path)

        assert taken == []
        assert counts(site.runtime) == before

    def test_a_form_with_a_foreign_field_is_refused(self, site: Site) -> None:
        answer = site.visitor().post(
            "/login", {"login": site.login, "password": "x", "roles": "operator"}
        )

        assert answer.status_code == 400
        assert "不支持的字段" in answer.text
