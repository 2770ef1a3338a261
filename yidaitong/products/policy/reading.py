"""Reading one JSON value at one place, noting every mistake instead of stopping at the first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from yidaitong.products.policy.problems import Flaw, Problem

PRODUCT: Final = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*", re.ASCII)
RULE_ID: Final = re.compile(r"[A-Z][A-Z0-9_]{0,15}", re.ASCII)
OUTPUT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
MAX_NAME: Final = 32
_MEMBER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a document and where it stands; ``problems`` is shared by all places."""

    value: Any
    path: str = "$"
    problems: list[Problem] = field(default_factory=list)

    def flaw(self, flaw: Flaw) -> None:
        """Note a mistake here."""
        self.problems.append(Problem(self.path, flaw))

    def member(self, name: str) -> "Place":
        """The member ``name``; RFC 9535 names it in brackets where it is no plain word."""
        plain = len(name) <= MAX_NAME and _MEMBER.fullmatch(name) is not None
        path = f"{self.path}.{name}" if plain else f"{self.path}[{name[:MAX_NAME]!r}]"
        return Place(self.value.get(name), path, self.problems)

    def elements(self, low: int, high: int) -> list["Place"]:
        """The elements of a list of ``low`` to ``high``; none where it is no such list."""
        if not isinstance(self.value, list):
            self.flaw(Flaw.NULL if self.value is None else Flaw.NOT_LIST)
            return []
        if not low <= len(self.value) <= high:
            self.flaw(Flaw.COUNT)
            return []
        return [
            Place(value, f"{self.path}[{n}]", self.problems) for n, value in enumerate(self.value)
        ]

    def has(self, required: Sequence[str], optional: Sequence[str] = ()) -> bool:
        """Whether this is an object with these keys and no others."""
        if not isinstance(self.value, Mapping):
            self.flaw(Flaw.NULL if self.value is None else Flaw.NOT_OBJECT)
            return False
        before = len(self.problems)
        for name in self.value:
            if name not in required and name not in optional:
                self.member(name).flaw(Flaw.UNKNOWN_KEY)
            elif self.value[name] is None:
                self.member(name).flaw(Flaw.NULL)
        for name in required:
            if name not in self.value:
                self.member(name).flaw(Flaw.MISSING_KEY)
        return len(self.problems) == before

    def name(self, pattern: re.Pattern[str]) -> str:
        """A name of this form, or an empty text."""
        if (
            isinstance(self.value, str)
            and len(self.value) <= MAX_NAME
            and pattern.fullmatch(self.value)
        ):
            return self.value
        self.flaw(Flaw.NAME)
        return ""


def is_integer(value: object) -> bool:
    """Whether this is a whole number; true is not one."""
    return isinstance(value, int) and not isinstance(value, bool)
