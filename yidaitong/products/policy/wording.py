"""A policy in plain words, for a civil servant and for a borrower; Chinese and English."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final

from yidaitong.departments.items import ITEMS, ItemType
from yidaitong.departments.reading import Value
from yidaitong.kernel.text import Text
from yidaitong.products.policy.grammar import (
    BP_PER_WHOLE,
    FLAGS,
    LISTS,
    Call,
    Condition,
    Expr,
    Fn,
    ItemRef,
    Number,
    OnFail,
    Op,
    Output,
    Policy,
    Row,
    Rule,
)
from yidaitong.products.policy.labels import item_text, value_text, yuan_text

_BP_PER_PERCENT: Final = 100
_BP: Final = "_bp"
# Outputs every launch table has; a bank's own names stand for themselves.
_OUTPUTS: Final = {"k_bp": Text("系数", "multiple"), "spread_bp": Text("加点", "spread")}


class Unit(StrEnum):
    """What the whole numbers of an expression count."""

    FEN = "fen"
    BP = "bp"
    PLAIN = "plain"


_WORDS: Final = {
    Op.EQ: Text("等于", "equals"),
    Op.NE: Text("不等于", "differs from"),
    Op.GT: Text("大于", "is more than"),
    Op.GE: Text("不低于", "is at least"),
    Op.LT: Text("小于", "is less than"),
    Op.LE: Text("不超过", "is at most"),
    Op.BETWEEN: Text("介于", "is between"),
    Op.IN: Text("属于", "is one of"),
    Op.NOT_IN: Text("不属于", "is none of"),
    Op.IS_TRUE: Text("为“是”", "is “yes”"),
    Op.IS_FALSE: Text("为“否”", "is “no”"),
}
_ON_FAIL: Final = {
    OnFail.REJECT: Text("不满足则不予准入", "otherwise rejected"),
    OnFail.REFER: Text("不满足则转人工审核", "otherwise a person looks"),
}


def rule_text(rule: Rule) -> Text:
    """``近12个月缴税 不低于 5,000.00 元;不满足则不予准入``."""
    what, otherwise = condition_text(rule.condition), _ON_FAIL[rule.on_fail]
    return Text(f"{what.zh};{otherwise.zh}", f"{what.en}; {otherwise.en}")


def condition_text(condition: Condition) -> Text:
    """One condition in words."""
    name = item_text(condition.item)
    op = _WORDS[condition.op]
    if condition.op in FLAGS:
        return Text(f"{name.zh} {op.zh}", f"{name.en} {op.en}")
    target = threshold_text(condition)
    return Text(f"{name.zh} {op.zh} {target.zh}", f"{name.en} {op.en} {target.en}")


def threshold_text(condition: Condition) -> Text:
    """What a condition compares with."""
    if condition.expr is not None:
        fen = ITEMS[condition.item].type is ItemType.FEN
        return expr_text(condition.expr, Unit.FEN if fen else Unit.PLAIN)
    return target_text(condition.item, condition.op, condition.target)


def target_text(item: str, op: Op, target: Any) -> Text:
    """A computed or constant threshold of an item, with its unit."""
    if op is Op.BETWEEN:
        low, high = (value_text(item, end) for end in target)
        return Text(f"{low.zh} 至 {high.zh}", f"{low.en} and {high.en}")
    if op in LISTS:
        return _listed([value_text(item, one) for one in target])
    return value_text(item, target)


def expr_text(expr: Expr, unit: Unit) -> Text:
    """An expression in words; ``unit`` is what its whole numbers count."""
    match expr:
        case Number():
            return _number_text(expr.value, unit)
        case ItemRef():
            return item_text(expr.item)
        case Output():
            return _OUTPUTS.get(expr.name, Text(f"表值 {expr.name}", f"table value {expr.name}"))
    return _call_text(expr, unit)


def row_text(row: Row) -> Text:
    """One row of the table: conditions, then outputs."""
    when = _joined([condition_text(condition) for condition in row.when], Text(" 且 ", " and "))
    then = outputs_text(row)
    return Text(f"{when.zh} → {then.zh}", f"{when.en} → {then.en}")


def outputs_text(row: Row) -> Text:
    """The outputs of a row: ``系数 800 %、加点 0.45 %``."""
    told = []
    for name, value in row.then.items():
        label = _OUTPUTS.get(name, Text(name, name))
        words = _number_text(value, Unit.BP if name.endswith(_BP) else Unit.PLAIN)
        told.append(Text(f"{label.zh} {words.zh}", f"{label.en} {words.en}"))
    return _listed(told)


def facts_text(facts: Iterable[tuple[str, Value]]) -> Text:
    """Facts in words: ``纳税信用级别 A 级、成立月数 60 个月``."""
    told = [(item_text(name), value_text(name, value)) for name, value in facts]
    return _listed([Text(f"{n.zh} {v.zh}", f"{n.en} {v.en}") for n, v in told])


def limit_text(policy: Policy) -> Text:
    """How the limit is computed."""
    return expr_text(policy.limit, Unit.FEN)


def rate_text(policy: Policy) -> Text:
    """How the yearly rate is computed."""
    return expr_text(policy.rate, Unit.BP)


def binding_text(policy: Policy, index: int) -> Text:
    """The argument ``index`` of the outer ``min`` of the limit: what held the limit down."""
    outer = _outer_min(policy.limit)
    if outer is None or not 0 <= index < len(outer.args):
        return Text("", "")
    return expr_text(outer.args[index], Unit.FEN)


def _outer_min(expr: Expr) -> Call | None:
    if not isinstance(expr, Call):
        return None
    if expr.fn is Fn.MIN:
        return expr
    return next((one for one in map(_outer_min, expr.args) if one is not None), None)


def _call_text(call: Call, unit: Unit) -> Text:
    first, last = call.args[0], call.args[-1]
    match call.fn:
        case Fn.MIN:
            return _wrapped(Text("取小", "least of "), _list_of(call.args, unit))
        case Fn.MAX:
            return _wrapped(Text("取大", "most of "), _list_of(call.args, unit))
        case Fn.ADD:
            return _joined([_inner(arg, unit) for arg in call.args], Text(" + ", " + "))
        case Fn.SUB:
            return _joined([_inner(arg, unit) for arg in call.args], Text(" − ", " − "))
        case Fn.MUL:
            # One factor carries the unit; the other is a plain count.
            units = (unit, Unit.PLAIN) if isinstance(first, Number) else (Unit.PLAIN, unit)
            sides = [_inner(first, units[0]), _inner(last, units[1])]
            return _joined(sides, Text(" × ", " × "))
        case Fn.BP:
            return _joined([_inner(first, unit), _share(last)], Text(" × ", " × "))
    what, step = expr_text(first, unit), expr_text(last, unit)  # Fn.FLOOR_TO
    return Text(f"({what.zh}),按 {step.zh} 向下取整", f"({what.en}), rounded down to {step.en}")


def _number_text(value: int, unit: Unit) -> Text:
    if unit is Unit.FEN:
        return yuan_text(value)
    if unit is Unit.PLAIN:
        return Text(f"{value:,}", f"{value:,}")
    whole, rest = divmod(abs(value), _BP_PER_PERCENT)
    sign = "-" if value < 0 else ""
    percent = f"{sign}{whole:,}.{rest:02d} %" if rest else f"{sign}{whole:,} %"
    return Text(percent, percent)


def _share(expr: Expr) -> Text:
    """The second factor of ``bp``: a percentage; anything else counts ten-thousandths."""
    if isinstance(expr, Number) or (isinstance(expr, Output) and expr.name.endswith(_BP)):
        return expr_text(expr, Unit.BP)
    words = _inner(expr, Unit.PLAIN)
    return Text(f"{words.zh} ÷ {BP_PER_WHOLE}", f"{words.en} ÷ {BP_PER_WHOLE}")


def _inner(expr: Expr, unit: Unit) -> Text:
    """An argument beside an operator sign; sums and differences need brackets there."""
    words = expr_text(expr, unit)
    if isinstance(expr, Call) and expr.fn in {Fn.ADD, Fn.SUB, Fn.FLOOR_TO}:
        return Text(f"({words.zh})", f"({words.en})")
    return words


def _list_of(args: Sequence[Expr], unit: Unit) -> Text:
    return _listed([expr_text(arg, unit) for arg in args])


def _wrapped(word: Text, inside: Text) -> Text:
    return Text(f"{word.zh}({inside.zh})", f"{word.en}({inside.en})")


def _listed(words: Sequence[Text]) -> Text:
    return _joined(words, Text("、", ", "))


def _joined(words: Sequence[Text], by: Text) -> Text:
    return Text(by.zh.join(one.zh for one in words), by.en.join(one.en for one in words))
