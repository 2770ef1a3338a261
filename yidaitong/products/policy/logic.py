"""Three-valued logic: a condition passes, fails or is unknown; doubt never passes."""

import operator
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from yidaitong.products.policy.arithmetic import Scope, compute
from yidaitong.products.policy.facts import Value, Why
from yidaitong.products.policy.grammar import Condition, Op, Row


# Wire format: append only.
class Truth(StrEnum):
    """What became of a condition."""

    PASS = "PASS"  # noqa: S105 - a result, not a password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


def _between(value: Any, target: Any) -> bool:
    return bool(target[0] <= value <= target[1])


_TESTS: Final[Mapping[Op, Callable[[Any, Any], bool]]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.BETWEEN: _between,
    Op.IN: lambda value, target: value in target,
    Op.NOT_IN: lambda value, target: value not in target,
    Op.IS_TRUE: lambda value, _: value is True,
    Op.IS_FALSE: lambda value, _: value is False,
}


class Tested(NamedTuple):
    """One tested condition: the value, the threshold after its expression, why it is unknown."""

    truth: Truth
    value: Value | None
    target: Any
    why: Why | None = None


def assess(condition: Condition, scope: Scope) -> Tested:
    """Test one condition; an unknown item, or one unknown item of its expression, is UNKNOWN."""
    value, why = scope.known(condition.item)
    target: Any = condition.target
    if condition.expr is not None:
        node = compute(condition.expr, scope)
        target, why = node.value, why or node.why
    if why is not None:
        return Tested(Truth.UNKNOWN, value, target, why)
    passed = _TESTS[condition.op](value, target)
    return Tested(Truth.PASS if passed else Truth.FAIL, value, target)


def gap(op: Op, value: Any, target: Any) -> int | None:
    """The change of ``value`` that would meet the threshold; None where no number says it."""
    if isinstance(value, str):
        return None
    match op:
        case Op.GE | Op.LE | Op.EQ:
            return int(target - value)
        case Op.GT:
            return int(target + 1 - value)
        case Op.LT:
            return int(target - 1 - value)
        case Op.BETWEEN:
            return int((target[0] if value < target[0] else target[1]) - value)
        case _:
            return None


def assess_row(row: Row, scope: Scope) -> tuple[Truth, Why | None]:
    """A row is the AND of its conditions: one FAIL fails it, else one UNKNOWN is UNKNOWN."""
    unknown: Why | None = None
    for condition in row.when:
        truth, _value, _target, why = assess(condition, scope)
        if truth is Truth.FAIL:
            return Truth.FAIL, None
        unknown = unknown or why
    return (Truth.PASS, None) if unknown is None else (Truth.UNKNOWN, unknown)
