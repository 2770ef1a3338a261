"""Computing expressions on whole numbers; every node keeps its value, an overflow is UNKNOWN."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from yidaitong.departments.items import ITEMS, Item, ItemType, in_domain
from yidaitong.kernel.money import MAX_FEN
from yidaitong.products.policy.facts import Fact, Value, Why
from yidaitong.products.policy.grammar import (
    BP_PER_WHOLE,
    MAX_INTEGER,
    Call,
    Expr,
    Fn,
    ItemRef,
    Number,
)

_ABSENT: Final = Fact()


class Node(NamedTuple):
    """One computed node: a number, or None and why; ``trace`` is its JSON form.

    A tuple, as there are dozens in each evaluation and frozen classes are slow to make.
    """

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
    if isinstance(expr, Call):
        return _call(expr, scope)
    if isinstance(expr, ItemRef):
        value, why = scope.known(expr.item)
        # The grammar lets only numeric items in here.
        return _node({"item": expr.item}, value, why)  # type: ignore[arg-type]
    if isinstance(expr, Number):
        return Node(expr.value, None, {"int": expr.value})
    return _node({"t": expr.name}, scope.outputs[expr.name], None)


def _check(item: str, fact: Fact) -> tuple[Value | None, Why | None]:
    value, why = fact.value, fact.why
    if why is not None:
        return None, why
    if value is None:
        return None, Why.MISSING
    if _FITS[item](value):
        return value, None
    return None, in_domain(ITEMS[item], value)


def _fits(item: Item) -> Callable[[object], bool]:
    """``in_domain`` for the usual case, made once: facts are checked in every evaluation."""
    if item.type is ItemType.BOOL:
        return lambda value: value is True or value is False
    if item.type is ItemType.CODE:
        codes = frozenset(item.codes)
        return lambda value: type(value) is str and value in codes
    low = 0 if item.low is None else item.low
    high = MAX_FEN if item.high is None else item.high
    return lambda value: type(value) is int and low <= value <= high


_FITS: Final[Mapping[str, Callable[[object], bool]]] = {
    name: _fits(item) for name, item in ITEMS.items()
}


def _node(trace: dict[str, Any], value: int | None, why: Why | None) -> Node:
    trace["v"] = value
    if why is not None:
        trace["why"] = why._value_
    return Node(value, why, trace)


def _call(expr: Call, scope: Scope) -> Node:
    nodes = [compute(arg, scope) for arg in expr.args]
    trace: dict[str, Any] = {"fn": expr.fn._value_, "args": [node.trace for node in nodes]}
    values: list[int] = []
    for value, why, _trace in nodes:
        if value is None:
            return _node(trace, None, why)
        values.append(value)
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
