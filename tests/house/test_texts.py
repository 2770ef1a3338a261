"""Everything a person reads is there in both languages."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.house.tree import PACKAGES, ROOT

_METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
_OPTIONS = {"**/templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
_KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "_l": None}
_HOLE = re.compile(r"%\((\w+)\)[sd]")
_CHINESE = re.compile(r"[一-鿿]")


@cache
def _catalogue() -> dict[str, tuple[str, ...]]:
    """Every translation of all parts: English text to Chinese."""
    found: dict[str, tuple[str, ...]] = {}
    for path in _files():
        for message in _read(path):
            if message.id:
                key = message.id if isinstance(message.id, str) else message.id[0]
                said = message.string or ""
                found[key] = (said,) if isinstance(said, str) else tuple(said)
    return found


def _files() -> list[Path]:
    return sorted(ROOT.glob("*/locale/zh_Hans_CN/LC_MESSAGES/messages.po"))


def _read(path: Path) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale="zh_Hans_CN", abort_invalid=True)


def _asked(package: str) -> Iterator[tuple[str, str]]:
    found = extract_from_dir(
        ROOT / package, _METHODS, options_map=_OPTIONS, keywords=_KEYWORDS, comment_tags=()
    )
    for file, line, message, _comments, _context in found:
        text = message if isinstance(message, str) else message[0]
        if text:
            yield text, f"{package}/{file}:{line}"


class TestTexts:
    @pytest.mark.parametrize("package", PACKAGES)
    def test_every_text_is_translated(self, package: str) -> None:
        known = _catalogue()
        missing = {text: where for text, where in _asked(package) if not any(known.get(text, ()))}

        assert missing == {}, "add the Chinese to the part's messages.po"

    def test_translations_keep_the_holes(self) -> None:
        wrong = {
            text: said
            for text, said in _catalogue().items()
            if any(set(_HOLE.findall(one)) - set(_HOLE.findall(text)) for one in said)
        }

        assert wrong == {}

    def test_nothing_is_fuzzy(self) -> None:
        fuzzy = [str(m.id) for path in _files() for m in _read(path) if m.fuzzy and m.id]

        assert fuzzy == []

    def test_english_is_english(self) -> None:
        chinese = [
            f"{where}: {text}"
            for package in PACKAGES
            for text, where in _asked(package)
            if _CHINESE.search(text)
        ]

        assert chinese == [], "the text in code is the English one"
