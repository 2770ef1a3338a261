"""Tests that keep a promise name it right."""

import re

from tests.house.tree import ending, name

# Threats, promises of reliability, invariants: the last number of each.
_LAST = {"T": 34, "R": 15, "I": 16}
_MARK = re.compile(r"mark\.promise\(([^)]*)\)")
_ID = re.compile(r"\"([TRI])([1-9][0-9]*)\"")


class TestPromises:
    def test_marks_name_known_ones(self) -> None:
        wrong = []
        for path in ending(".py", under=("tests",)):
            for mark in _MARK.findall(path.read_text(encoding="utf-8")):
                ids = _ID.findall(mark)
                if not ids or any(int(number) > _LAST[kind] for kind, number in ids):
                    wrong.append(f"{name(path)}: {mark}")

        assert wrong == [], "see yidaitong/docs/promises.md"
