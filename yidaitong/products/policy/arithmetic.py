"""Computing expressions on whole numbers; every node keeps its value, an overflow is UNKNOWN."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from yidaitong.departments.items import ITEMS, in_domain
from yidaitong.products.policy.facts import Fact, Value, Why
from yidaitong.products.policy.grammar import (
    BP_PER_WHOLE,
    MAX_INTEGER,
    Call,
    Expr,
    Fn,
    ItemRef,
    Number,
    Output,
)

_ABSENT: Final = Fact()


@dataclass(frozen=True, slots=True)
class Node:
    """One computed node: a number, or None and why; ``trace`` is its JSON form."""

    value: int | None
    why: Why | None
    trace: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What expressions and conditions may read: facts, and outputs of the row that was hit.

    Each fact is checked once: absent, null, of the wrong type or outside its domain is UNKNOWN.
    """

    facts: Mapping[str, Fact]
    outputs: Mapping[str, int] = field(default_factory=dict)
    _checked: dict[str, tuple[Value | None, Why | None]] = field(default_factory=dict)

    def known(self, item: str) -> tuple[Value | None, Why | None]:
        """The value of an item, or None and why."""
        found = self._checked.get(item)
        if found is None:
            found = self._checked[item] = _check(item, self.facts.get(item, _ABSENT))
        return found

    def with_outputs(self, outputs: Mapping[str, int]) -> "Scope":
        """The same facts beside the outputs of a row."""
        return Scope(self.facts, outputs, self._checked)


def compute(expr: Expr, scope: Scope) -> Node:
    """The value of ``expr`` with the value of every node in it."""
    match expr:
        case Number():
            return Node(expr.value, None, {"int": expr.value})
        case ItemRef():
            value, why = scope.known(expr.item)
            number = value if why is None and isinstance(value, int) else None
            return _node({"item": expr.item}, number, why)
        case Output():
            return _node({"t": expr.name}, scope.outputs[expr.name], None)
    return _call(expr, scope)


def _check(item: str, fact: Fact) -> tuple[Value | None, Why | None]:
    if fact.why is not None:
        return None, fact.why
    if fact.value is None:
        return None, Why.MISSING
    why = in_domain(ITEMS[item], fact.value)
    return (fact.value, None) if why is None else (None, why)


def _node(trace: dict[str, Any], value: int | None, why: Why | None) -> Node:
    trace["v"] = value
    if why is not None:
        trace["why"] = why.value
    return Node(value, why, trace)


def _call(expr: Call, scope: Scope) -> Node:
    nodes = [compute(arg, scope) for arg in expr.args]
    trace: dict[str, Any] = {"fn": expr.fn.value, "args": [node.trace for node in nodes]}
    values: list[int] = []
    for node in nodes:
        if node.value is None:
            return _node(trace, None, node.why)
        values.append(node.value)
    if expr.fn is Fn.FLOOR_TO and values[1] < 1:
        return _node(trace, None, Why.OVERFLOW)
    value = _FUNCTIONS[expr.fn](values)
    if abs(value) > MAX_INTEGER:
        return _node(trace, None, Why.OVERFLOW)
    return _node(trace, value, None)


_FUNCTIONS: Final[Mapping[Fn, Callable[[Sequence[int]], int]]] = {
    Fn.MIN: min,
    Fn.MAX: max,
    Fn.ADD: sum,
    Fn.SUB: lambda args: args[0] - args[1],
    Fn.MUL: lambda args: args[0] * args[1],
    Fn.BP: lambda args: args[0] * args[1] // BP_PER_WHOLE,
    Fn.FLOOR_TO: lambda args: args[0] // args[1] * args[1],
}
