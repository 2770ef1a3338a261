"""The lock: every requirement is in it, with hashes, and what is installed satisfies it."""

import configparser
import re
from importlib.metadata import PackageNotFoundError, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

_LINE = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)


def _wanted(*extras: str) -> list[Requirement]:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    texts = [parser["options"]["install_requires"]]
    texts += [parser["options.extras_require"][extra] for extra in extras]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("yidaitong")]


def _locked(file: str) -> dict[str, str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    return {canonicalize_name(found[1]): found[2] for found in _LINE.finditer(text)}


class TestLock:
    @pytest.mark.parametrize(
        ("file", "extras"),
        [
            ("requirements.txt", ("embedded", "demo")),
            ("requirements-dev.txt", ("embedded", "demo", "test", "dev", "load")),
        ],
    )
    def test_holds_every_requirement(self, file: str, extras: tuple[str, ...]) -> None:
        locked = _locked(file)

        missing = [
            str(wanted)
            for wanted in _wanted(*extras)
            if not wanted.specifier.contains(locked.get(canonicalize_name(wanted.name), "0"))
        ]

        assert missing == [], "run: python3 manage.py lock"

    @pytest.mark.promise("T29")
    @pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
    def test_holds_the_build_tool_and_hashes_only(self, file: str) -> None:
        text = (ROOT / file).read_text(encoding="utf-8")

        assert "setuptools" in _locked(file)
        assert len(_LINE.findall(text)) == len(re.findall(r"^[A-Za-z]", text, re.MULTILINE))
        assert "://" not in text
        for block in re.split(r"\n(?=[A-Za-z])", text.strip()):
            assert "--hash=sha256:" in block, block.splitlines()[0]

    def test_is_what_is_installed(self) -> None:
        wrong = {}
        for wanted in _wanted("embedded", "demo", "test"):
            try:
                found = version(wanted.name)
            except PackageNotFoundError:
                found = "missing"
            if found == "missing" or not wanted.specifier.contains(found, prereleases=True):
                wrong[wanted.name] = found

        assert wrong == {}
