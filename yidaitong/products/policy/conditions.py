"""Checking conditions: a known item, an operator that fits it, a value in its domain."""

from yidaitong.departments.items import ITEMS, Item, ItemType, Why, in_domain
from yidaitong.products.policy.expressions import ExpressionReader
from yidaitong.products.policy.grammar import (
    COMPARING,
    FLAGS,
    ITEM_TYPES,
    LISTS,
    MAX_LIST,
    Condition,
    Op,
    Target,
)
from yidaitong.products.policy.problems import Flaw
from yidaitong.products.policy.reading import Place

_EXPRESSIONS = ExpressionReader()  # Rules never see the outputs of the table.


def read_condition(place: Place, *, with_expr: bool) -> Condition | None:
    """The condition at ``place`` (its keys are checked already); None: mistakes are noted."""
    before = len(place.problems)
    item = ITEMS.get(place.value["item"]) if isinstance(place.value["item"], str) else None
    op = _op(place.member("op"))
    if item is None:
        place.member("item").flaw(Flaw.ITEM)
    if item is None or op is None:
        return None
    if item.type not in ITEM_TYPES[op]:
        place.member("op").flaw(Flaw.OP_TYPE)
        return None
    found = _with_target(place, item, op, with_expr=with_expr)
    return None if len(place.problems) > before else found


def _op(place: Place) -> Op | None:
    if place.value in {op.value for op in Op} if isinstance(place.value, str) else False:
        return Op(place.value)
    place.flaw(Flaw.OP)
    return None


def _with_target(place: Place, item: Item, op: Op, *, with_expr: bool) -> Condition | None:
    has_value, has_expr = "value" in place.value, "expr" in place.value
    if op in FLAGS:
        if has_value or has_expr:
            place.flaw(Flaw.THRESHOLD)
        return Condition(item=item.name, op=op)
    may_compute = with_expr and op in COMPARING and item.type is not ItemType.CODE
    if has_value == has_expr or (has_expr and not may_compute):
        place.flaw(Flaw.THRESHOLD)
        return None
    if has_expr:
        expr = _EXPRESSIONS.read(place.member("expr"))
        return Condition(item=item.name, op=op, expr=expr)
    return Condition(item=item.name, op=op, target=_target(place.member("value"), item, op))


def _target(place: Place, item: Item, op: Op) -> Target:
    if op is Op.BETWEEN:
        return _bounds(place, item)
    if op in LISTS:
        listed = place.elements(1, MAX_LIST)
        return tuple(one.value for one in listed if _is_value(one, item))
    return place.value if _is_value(place, item) else None


def _bounds(place: Place, item: Item) -> Target:
    ends = place.elements(2, 2)
    values = tuple(end.value for end in ends if _is_value(end, item))
    if len(values) == len(ends) and ends and values[0] > values[1]:
        place.flaw(Flaw.BOUNDS)
    return values


def _is_value(place: Place, item: Item) -> bool:
    wrong = in_domain(item, place.value)
    if wrong is None:
        return True
    outside = wrong is Why.OVERFLOW or (item.type is ItemType.CODE and isinstance(place.value, str))
    place.flaw(Flaw.DOMAIN if outside else Flaw.VALUE_TYPE)
    return False
