"""Checking expressions: known functions, numeric items, outputs of the table, bounded depth."""

from dataclasses import dataclass

from yidaitong.departments.items import ITEMS
from yidaitong.products.policy.grammar import (
    ARGUMENTS,
    MAX_DEPTH,
    NUMERIC,
    OUTPUT_PREFIX,
    Call,
    Expr,
    Fn,
    ItemRef,
    Number,
    Output,
)
from yidaitong.products.policy.problems import Flaw
from yidaitong.products.policy.reading import Place, is_integer

_NOTHING = Number(0)  # Stands where a mistake was noted; no such policy leaves the parser.


@dataclass(frozen=True, slots=True)
class ExpressionReader:
    """Reads expressions that may name ``outputs`` of the table."""

    outputs: frozenset[str] = frozenset()

    def read(self, place: Place, depth: int = 1) -> Expr:
        """The expression at ``place``; mistakes are noted there."""
        value = place.value
        if is_integer(value):
            return Number(value)
        if isinstance(value, str):
            return self._named(place, value)
        if isinstance(value, dict) and len(value) == 1:
            return self._call(place, next(iter(value)), depth)
        place.flaw(Flaw.EXPR)
        return _NOTHING

    def _named(self, place: Place, name: str) -> Expr:
        if name.startswith(OUTPUT_PREFIX):
            output = name.removeprefix(OUTPUT_PREFIX)
            if output not in self.outputs:
                place.flaw(Flaw.OUTPUT)
            return Output(output)
        item = ITEMS.get(name)
        if item is None:
            place.flaw(Flaw.ITEM)
        elif item.type not in NUMERIC:
            place.flaw(Flaw.NOT_NUMERIC)
        return ItemRef(name)

    def _call(self, place: Place, name: str, depth: int) -> Expr:
        if depth > MAX_DEPTH:
            place.flaw(Flaw.DEPTH)
            return _NOTHING
        called = place.member(name)
        if name not in {fn.value for fn in Fn}:
            called.flaw(Flaw.FN)
            return _NOTHING
        fn = Fn(name)
        low, high = ARGUMENTS[fn]
        if not isinstance(called.value, list) or not low <= len(called.value) <= high:
            called.flaw(Flaw.FN)
            return _NOTHING
        args = tuple(self.read(arg, depth + 1) for arg in called.elements(low, high))
        if fn is Fn.FLOOR_TO and isinstance(args[1], Number) and args[1].value < 1:
            called.flaw(Flaw.STEP)
        return Call(fn, args)
