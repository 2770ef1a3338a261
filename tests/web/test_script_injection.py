"""What people type comes back as text: no page gets a script, a style or a handler from it."""

import pytest

from tests.enterprise_portal.builders import a_firm, signed_in
from tests.web.conftest import Site
from tests.web.test_headers import odd

_CORES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<style>*{display:none}</style>",
    "<p style=position:fixed>",
    "<object data=x>",
    "<embed src=x>",
    "<base href=//evil.example>",
    "<form action=//evil.example><button>",
    "<details open ontoggle=alert(1)>",
    "<math><mi xlink:href=javascript:alert(1)>",
    "<input autofocus onfocus=alert(1)>",
]
_WRAPS = ["{}", '"{}', "'>{}", '">{}']
PAYLOADS = [wrap.format(core)[:100] for wrap in _WRAPS for core in _CORES]


@pytest.mark.promise("T10")
class TestTyped:
    def test_sixty_payloads_come_back_as_text(self, site: Site) -> None:
        someone = site.visitor()
        assert len(PAYLOADS) == 60
        for payload in PAYLOADS:
            answer = someone.post("/enterprise/register", {"uscc": "no", "name": payload})
            assert answer.status_code == 400
            assert odd(answer.text) == [], payload
            assert "alert(1)" not in answer.text or "&lt;" in answer.text or "&#3" in answer.text

    @pytest.mark.parametrize("field", ["login", "next"])
    def test_the_sign_in_form_shows_it_as_text(self, site: Site, field: str) -> None:
        for payload in PAYLOADS[::7]:
            form = {"login": "nobody", "password": "wrong wrong wrong"} | {field: payload}
            assert odd(site.visitor().post("/login", form).text) == [], payload

    def test_addresses_show_it_as_text(self, site: Site) -> None:
        rep = site.rep()
        for payload in PAYLOADS[::5]:
            for path in ("/login", "/enterprise/loans", "/language/en", "/nowhere"):
                answer = rep.client.get(path, query_string={"next": payload, "after": payload})
                assert odd(answer.text) == [], payload


@pytest.mark.promise("T10")
class TestStored:
    @pytest.mark.parametrize("n", [0, 16, 31])
    def test_a_firm_named_like_a_script_is_text_everywhere(self, site: Site, n: int) -> None:
        name = PAYLOADS[n]
        codes = {0: "91370199MA3H40CL89", 16: "91370199MA3MG93DX8", 31: "92370199MA3HH7712T"}
        login = f"1390000{n:04d}"
        a_firm(site.runtime, login, codes[n], name=name)
        rep = signed_in(site.app, login)

        for path in ("/", "/enterprise/", "/enterprise/profile", "/account"):
            page = rep.get(path)
            assert odd(page) == [], path
            assert name not in page
