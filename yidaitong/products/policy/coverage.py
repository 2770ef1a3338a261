"""The table check: every firm the rules let through hits exactly one row."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from math import prod
from typing import Final

from yidaitong.departments.items import ITEMS, ItemType
from yidaitong.departments.reading import Value
from yidaitong.kernel.money import MAX_FEN
from yidaitong.products.policy.arithmetic import Scope
from yidaitong.products.policy.facts import Fact
from yidaitong.products.policy.grammar import Condition, OnFail, Policy
from yidaitong.products.policy.logic import Truth, assess, assess_row

# More combinations than a person could ever follow, and a second of work.
MAX_COMBINATIONS: Final = 20_000
_MAX_TOLD: Final = 10


# Wire format: append only.
class Hole(StrEnum):
    """What is wrong with a table."""

    GAP = "GAP"
    OVERLAP = "OVERLAP"
    TOO_MANY = "TOO_MANY"


@dataclass(frozen=True, slots=True)
class Finding:
    """One combination of facts that hits no row, or the ``rows`` it hits at once."""

    hole: Hole
    facts: tuple[tuple[str, Value], ...] = ()
    rows: tuple[int, ...] = ()


def check(policy: Policy) -> list[Finding]:
    """Gaps and overlaps of the table, at most 10; empty when it is clean.

    Tried are all codes, and each bound and its neighbours beside the ends of the domain, of table
    and constant rejecting rules alike; what such a rule rejects never reaches the table.
    """
    names = dict.fromkeys(condition.item for row in policy.rows for condition in row.when)
    guards = [
        rule.condition
        for rule in policy.rules
        if rule.on_fail is OnFail.REJECT and rule.condition.expr is None
    ]
    choices = {name: _points(name, policy, guards) for name in names}
    if prod(len(points) for points in choices.values()) > MAX_COMBINATIONS:
        return [Finding(Hole.TOO_MANY)]
    found: list[Finding] = []
    for finding in _holes(policy, choices):
        found.append(finding)
        if len(found) == _MAX_TOLD:
            break
    return found


def _holes(policy: Policy, choices: dict[str, list[Value]]) -> Iterator[Finding]:
    for values in product(*choices.values()):
        facts = dict(zip(choices, values, strict=True))
        scope = Scope({name: Fact(value=value) for name, value in facts.items()})
        hits = tuple(
            index
            for index, row in enumerate(policy.rows)
            if assess_row(row, scope)[0] is Truth.PASS
        )
        if len(hits) != 1:
            yield Finding(Hole.OVERLAP if hits else Hole.GAP, tuple(facts.items()), hits)


def _points(name: str, policy: Policy, guards: list[Condition]) -> list[Value]:
    """Values of one item worth trying that no constant rule rejects."""
    mine = [guard for guard in guards if guard.item == name]
    tested = [c for row in policy.rows for c in row.when if c.item == name]
    return [value for value in _candidates(name, [*tested, *mine]) if _let_through(value, mine)]


def _candidates(name: str, conditions: list[Condition]) -> list[Value]:
    item = ITEMS[name]
    if item.type is ItemType.BOOL:
        return [False, True]
    if item.type is ItemType.CODE:
        return list(item.codes)
    low = 0 if item.low is None else item.low
    high = MAX_FEN if item.high is None else item.high
    near = {low, high}
    for condition in conditions:
        for bound in _bounds(condition):
            near |= {bound - 1, bound, bound + 1}
    return sorted(value for value in near if low <= value <= high)


def _bounds(condition: Condition) -> list[int]:
    target = condition.target
    many = target if isinstance(target, tuple) else (target,)
    return [one for one in many if isinstance(one, int)]


def _let_through(value: Value, guards: list[Condition]) -> bool:
    return all(
        assess(guard, Scope({guard.item: Fact(value=value)})).truth is Truth.PASS
        for guard in guards
    )
