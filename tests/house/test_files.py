"""Sizes, places and words of files."""

import re

from tests.house.tree import PACKAGES, ROOT, ending, files, name

_MAX_LINES = 400
# Texts of other people, and files made by tools.
_MADE = {"LICENSE", "requirements.txt", "requirements-dev.txt", "package-lock.json"}
_MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home|Users)/\w")
_INDEX = re.compile(r"https?://[^\s'\"]*(?:pypi|pythonhosted|npmjs|npmmirror|/simple\b)[^\s'\"]*")
_NOW = re.compile(r"\b(?:datetime\.(?:now|utcnow|today)|date\.today)\(")


class TestFiles:
    def test_are_short_enough_to_read(self) -> None:
        long = {
            name(path): lines
            for path in ending(".py", ".html", ".js", ".css", ".cfg", ".toml")
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > _MAX_LINES
        }

        assert long == {}, "over 400 lines: cut the file where it changes its subject"

    def test_name_no_machine(self) -> None:
        found = [
            f"{name(path)}: {hit[0]}"
            for path in files()
            if path.name not in _MADE and path.suffix not in {".png", ".woff2"}
            for hit in _MACHINE_PATH.finditer(path.read_text(encoding="utf-8", errors="ignore"))
        ]

        assert found == [], "a path of somebody's machine: it is nowhere else"

    def test_name_no_package_index(self) -> None:
        found = [
            f"{name(path)}: {hit[0]}"
            for path in files()
            if path.suffix not in {".png", ".woff2"}
            for hit in _INDEX.finditer(path.read_text(encoding="utf-8", errors="ignore"))
        ]

        assert found == [], "an index address: mirrors stop working"

    def test_ask_the_one_clock(self) -> None:
        allowed = {"yidaitong/kernel/clock.py"}
        found = [
            name(path)
            for path in ending(".py", under=PACKAGES)
            if name(path) not in allowed and _NOW.search(path.read_text(encoding="utf-8"))
        ]

        assert found == [], "time comes in through uow.now or kernel.clock"

    def test_empty_no_server_others_use(self) -> None:
        found = [
            name(path)
            for path in ending(".py")
            if re.search(r"\.flushall\(", path.read_text(encoding="utf-8"))
        ]

        assert found == [], "the queue's server is shared by the test workers: flushdb"

    def test_top_level_holds_only_what_is_agreed(self) -> None:
        tops = {path.relative_to(ROOT).parts[0] for path in files()}

        assert tops <= {
            *PACKAGES,
            "tests",
            "wsgi.py",
            "setup.cfg",
            "README.md",
            "manage.py",
            "pyproject.toml",
            "requirements.txt",
            "requirements-dev.txt",
            "LICENSE",
            ".ci",
            ".gitignore",
            ".ruff.toml",
            ".github",
        }
