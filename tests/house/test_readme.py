"""What the README tells people to type works."""

import re

import pytest

from tests.house.tree import ROOT
from yidaitong.cli.main import COMMANDS

_BOOTSTRAP = {"test", "assets", "lock"}
_COMMAND = re.compile(r"python3 manage\.py ([a-z-]+(?: [a-z-]+)?)")


class TestReadme:
    @pytest.mark.parametrize("document", ["README.md", "yidaitong/docs/runbook.md"])
    def test_names_commands_that_exist(self, document: str) -> None:
        text = (ROOT / document).read_text(encoding="utf-8")
        unknown = [
            words
            for words in _COMMAND.findall(text)
            if (first := words.split()[0]) not in _BOOTSTRAP and first not in COMMANDS
        ]

        assert unknown == []

    def test_says_how_to_start_and_how_to_test(self) -> None:
        text = (ROOT / "README.md").read_text(encoding="utf-8")

        assert "python3 manage.py demo" in text
        assert "python3 manage.py test" in text
