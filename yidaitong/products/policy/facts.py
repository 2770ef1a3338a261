"""What a policy is fed: facts, each a value or UNKNOWN with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from yidaitong.departments.items import Why
from yidaitong.departments.reading import Value

__all__ = ["Fact", "FactLike", "Value", "Why", "facts_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One item: a value, or None and why. ``as_of`` is the date its source was true.

    ``source`` names the resources it was computed from, ``formula_version`` the formula.
    """

    value: Value | None = None
    why: Why | None = None
    as_of: date | None = None
    source: str | None = None
    formula_version: int | None = None


class FactLike(Protocol):
    """A derived item as packets carry it."""

    @property
    def value(self) -> Value | None:
        """The value, None for UNKNOWN."""

    @property
    def why(self) -> str | None:
        """Why it is UNKNOWN."""

    @property
    def as_of(self) -> date | None:
        """The date its source was true."""

    @property
    def resources(self) -> Sequence[str]:
        """Where it comes from."""

    @property
    def version(self) -> int:
        """Version of its formula."""


def facts_of(derived: Mapping[str, FactLike]) -> dict[str, Fact]:
    """Derived items as facts; a reason we do not know becomes BAD_ANSWER, never a value."""
    return {name: _fact(one) for name, one in derived.items()}


def _fact(one: FactLike) -> Fact:
    known = one.why is None
    return Fact(
        value=one.value if known else None,
        why=None if one.why is None else _why(one.why),
        as_of=one.as_of,
        source=" ".join(one.resources),
        formula_version=one.version,
    )


def _why(code: str) -> Why:
    try:
        return Why(code)
    except ValueError:
        return Why.BAD_ANSWER
