"""Chinese unless the reader chose English; nothing untranslated; the switch leads nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask_babel import ngettext

import bank_portal
import gov_portal
from tests.enterprise_portal.builders import text_of
from tests.web.conftest import Site
from yidaitong.app import create_app
from yidaitong.runtime import Runtime

ROOT = Path(__file__).parent.parent.parent
PARTS = ("yidaitong", "enterprise_portal", "bank_portal", "gov_portal")
_JINJA = {"trim_blocks": "true", "lstrip_blocks": "true"}
_METHODS = [
    ("**/templates/**.html", "jinja2"),
    ("templates/**.html", "jinja2"),
    ("**.py", "python"),
]


def used(part: str) -> Iterator[tuple[str, str]]:
    """Every text of one part: its msgid and where it stands."""
    options = {pattern: _JINJA for pattern, method in _METHODS if method == "jinja2"}
    found = extract_from_dir(
        ROOT / part, _METHODS, options, keywords={"_": None, "gettext": None, "ngettext": (1, 2)}
    )
    for name, line, message, _comments, _context in found:
        yield (message if isinstance(message, str) else message[0]), f"{part}/{name}:{line}"


def translated() -> dict[str, str]:
    """All Chinese texts, of all parts."""
    found: dict[str, str] = {}
    for part in PARTS:
        path = ROOT / part / "locale" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
        with path.open("rb") as source:
            found |= {_first(one.id): _first(one.string) for one in read_po(source) if one.id}
    return found


def _first(text: object) -> str:
    """The singular of a text with a plural."""
    return str(text[0]) if isinstance(text, list | tuple) else str(text)


class TestTexts:
    @pytest.mark.parametrize("part", PARTS)
    def test_every_text_has_its_chinese(self, part: str) -> None:
        known = translated()

        missing = [where for text, where in used(part) if not known.get(text, "").strip()]

        assert missing == []

    def test_placeholders_are_the_same_in_both(self) -> None:
        def names(text: str) -> set[str]:
            return {part.split(")")[0] for part in text.split("%(")[1:]}

        differ = [text for text, chinese in translated().items() if names(text) != names(chinese)]

        assert differ == []


class TestChoice:
    def test_chinese_is_the_default(self, site: Site) -> None:
        page = site.app.test_client().get("/login", headers={"Accept-Language": "en"}).text

        assert '<html lang="zh-CN">' in page
        assert "登录名" in page

    def test_the_cookie_chooses(self, site: Site) -> None:
        page = site.visitor("en").get("/login")

        assert '<html lang="en">' in page
        assert "Login name" in page

    @pytest.mark.parametrize("name", ["fr", "zh", "", "zh_CN", "../en", "en;drop"])
    def test_anything_else_is_chinese(self, site: Site, name: str) -> None:
        assert '<html lang="zh-CN">' in site.visitor(name).get("/login")

    def test_machines_say_it_by_header(self, site: Site) -> None:
        client = site.app.test_client()
        titles = {
            language: client.get(
                "/api/enterprise/v1/loans", headers={"Accept-Language": language}
            ).get_json()["title"]
            for language in ("en", "zh-CN", "fr")
        }

        assert titles["en"] == "No valid credentials"
        assert titles["zh-CN"] == titles["fr"] == "未登录或凭证无效"

    def test_the_switch_comes_back(self, site: Site) -> None:
        answer = site.visitor().client.get("/language/en?next=/login")

        assert answer.headers["Location"] == "/login"
        assert "ydt_language=en" in answer.headers["Set-Cookie"]

    @pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil", "x"])
    def test_the_switch_leads_nowhere_else(self, site: Site, target: str) -> None:
        answer = site.visitor().client.get("/language/en", query_string={"next": target})

        assert answer.headers["Location"] == "/"

    def test_no_english_is_left_on_chinese_pages(self, site: Site) -> None:
        rep = site.rep()
        allowed = {"English", "Toggle"}
        for path in ("/", "/login", "/enterprise/register"):
            words = {w for w in text_of(site.visitor().get(path)).split() if w.isascii()}
            assert {w for w in words if w.isalpha()} <= allowed, path
        for path in ("/enterprise/", "/enterprise/products", "/enterprise/authorizations"):
            words = {w for w in text_of(rep.get(path)).split() if w.isascii()}
            assert {w for w in words if w.isalpha()} <= allowed, path


class TestPlurals:
    @pytest.mark.parametrize("n", [0, 1, 2, 7])
    def test_chinese_has_one_form_for_every_number(self, runtime: Runtime, n: int) -> None:
        app = create_app(runtime, [bank_portal, gov_portal])

        with app.test_request_context():
            assert ngettext("%(num)s hour ago", "%(num)s hours ago", n) == f"{n} 小时前"
            assert ngettext("Last %(num)s day", "Last %(num)s days", n) == f"最近 {n} 天"
