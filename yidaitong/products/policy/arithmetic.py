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
    traces: list[dict[str, Any]] = []
    values: list[int] = []
    unknown: Why | None = None
    for arg in expr.args:
        value, why, trace = compute(arg, scope)
        traces.append(trace)
        if value is None:
            unknown = unknown or why
        else:
            values.append(value)
    result: int | None = None
    if unknown is None:
        result = _apply(expr.fn, values)
        unknown = Why.OVERFLOW if result is None else None
    return _node({"fn": expr.fn._value_, "args": traces}, result, unknown)


def _apply(fn: Fn, values: list[int]) -> int | None:
    """The function's value; None where it has none, or none that can be held."""
    if fn is Fn.FLOOR_TO and values[1] < 1:
        return None
    result = _FUNCTIONS[fn](values)
    return result if -MAX_INTEGER <= result <= MAX_INTEGER else None


_FUNCTIONS: Final[Mapping[Fn, Callable[[Sequence[int]], int]]] = {
    Fn.MIN: min,
    Fn.MAX: max,
    Fn.ADD: sum,
    Fn.SUB: lambda args: args[0] - args[1],
    Fn.MUL: lambda args: args[0] * args[1],
    Fn.BP: lambda args: args[0] * args[1] // BP_PER_WHOLE,
    Fn.FLOOR_TO: lambda args: args[0] // args[1] * args[1],
}
