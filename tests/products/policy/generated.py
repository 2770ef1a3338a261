"""Policies and facts made by chance from a seed: valid by construction, wild in everything else."""

from dataclasses import dataclass
from random import Random
from typing import Any

from yidaitong.departments.items import ITEMS, Item, ItemType
from yidaitong.products.policy import Fact, Policy, Why, parse
from yidaitong.products.policy.grammar import COMPARING, FLAGS, ITEM_TYPES, LISTS, Op

NUMBERS = [name for name, item in ITEMS.items() if item.type in {ItemType.INT, ItemType.FEN}]
_TOP = 10**15
_OPS = {item.name: [op for op in Op if item.type in ITEM_TYPES[op]] for item in ITEMS.values()}
_PAIRS = ("sub", "mul", "bp", "floor_to")


@dataclass(frozen=True)
class Maker:
    """Draws from one random source."""

    random: Random

    def value(self, item: Item) -> Any:
        if item.type is ItemType.BOOL:
            return self.random.random() < 0.5
        if item.type is ItemType.CODE:
            return self.random.choice(item.codes)
        high = _TOP if item.high is None else item.high
        # Small numbers as often as any: rules and tables are about those.
        return self.random.randint(item.low or 0, self.random.choice([min(high, 100), high]))

    def expr(self, leaves: list[str], depth: int = 3) -> Any:
        if depth == 0 or self.random.random() < 0.4:
            number = self.random.randint(-_TOP, _TOP)
            return self.random.choice([number, abs(number) % 1000, self.random.choice(leaves)])
        fn = self.random.choice(["min", "max", "add", *_PAIRS])
        size = 2 if fn in _PAIRS else self.random.randint(2, 4)
        args = [self.expr(leaves, depth - 1) for _ in range(size)]
        return {fn: [args[0], self.random.randint(1, 10**6)] if fn == "floor_to" else args}

    def condition(self, *, with_expr: bool) -> dict[str, Any]:
        item = ITEMS[self.random.choice(list(ITEMS))]
        op = self.random.choice(_OPS[item.name])
        made: dict[str, Any] = {"item": item.name, "op": op.value}
        if op in FLAGS:
            return made
        if op is Op.BETWEEN:
            return made | {"value": sorted([self.value(item), self.value(item)])}
        if op in LISTS:
            return made | {"value": [self.value(item) for _ in range(self.random.randint(1, 4))]}
        computed = with_expr and op in COMPARING and item.type is not ItemType.CODE
        if computed and self.random.random() < 0.4:
            return made | {"expr": self.expr(NUMBERS)}
        return made | {"value": self.value(item)}

    def policy(self) -> Policy:
        rules = [
            {"id": f"R{n}", "on_fail": self.random.choice(["REJECT", "REFER"])}
            | self.condition(with_expr=True)
            for n in range(self.random.randint(1, 6))
        ]
        rows = [
            {
                "when": [self.condition(with_expr=False) for _ in range(self.random.randint(1, 2))],
                "then": {"k": self.random.randint(-_TOP, _TOP)},
            }
            for _ in range(self.random.randint(1, 3))
        ]
        leaves = [*NUMBERS, "t.k"]
        return parse(
            {
                "product": "GEN",
                "min_limit_fen": self.random.randint(0, 10**6),
                "rules": rules,
                "tables": rows,
                "limit": self.expr(leaves),
                "rate": self.expr(leaves),
            }
        )

    def facts(self, policy: Policy) -> dict[str, Fact]:
        """Mostly known: else nearly every policy would end at its first doubt."""
        given: dict[str, Fact] = {}
        doubt = self.random.choice([0.0, 0.2])
        for name in policy.items:
            if self.random.random() >= doubt:
                given[name] = Fact(value=self.value(ITEMS[name]))
            elif self.random.random() < 0.5:
                given[name] = Fact(why=self.random.choice(list(Why)))
        return given
