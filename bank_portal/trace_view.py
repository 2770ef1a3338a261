"""A policy's trace in words: rule, value, threshold, gap, source, date; how the limit came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yidaitong.departments.items import ITEMS
from yidaitong.kernel.text import Text
from yidaitong.lending.queries import ApplicationInFull
from yidaitong.products.explaining import source_text, why_text
from yidaitong.products.policy.grammar import Op
from yidaitong.products.policy.labels import item_text, value_text
from yidaitong.products.policy.wording import (
    binding_text,
    limit_text,
    rate_text,
    rule_text,
    target_text,
)
from yidaitong.products.queries import policy_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule as it went; ``sealed`` says that its value was withdrawn."""

    id: str
    result: str
    rule: Text
    value: Text | None
    threshold: Text | None
    gap: Text | None
    why: Text | None
    source: Text
    as_of: str | None
    sealed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRow:
    """One value the limit or the rate was computed from."""

    item: str
    name: Text
    value: Text
    why: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """How the limit and the rate came about."""

    limit: Text
    rate: Text
    row: Mapping[str, int] | None
    inputs: Sequence[InputRow]
    binding: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceView:
    """Everything a case page shows of a trace."""

    rules: Sequence[RuleRow]
    computation: Computation | None


def trace_view(full: ApplicationInFull) -> TraceView | None:
    """The trace of the newest evaluation in words; None where there is none to open."""
    if full.trace is None:
        return None
    policy = policy_of(full.product)
    words = {rule.id: rule_text(rule) for rule in policy.rules}
    rules = [_rule(rule, words[rule["id"]]) for rule in full.trace["rules"]]
    limit = full.trace.get("limit")
    if not limit:
        return TraceView(rules=rules, computation=None)
    binding = limit.get("binding")
    return TraceView(
        rules=rules,
        computation=Computation(
            limit=limit_text(policy),
            rate=rate_text(policy),
            row=(full.trace.get("table") or {}).get("then"),
            inputs=_inputs(limit["node"]),
            binding=None if binding is None else binding_text(policy, binding["arg"]),
        ),
    )


def _rule(rule: Mapping[str, Any], words: Text) -> RuleRow:
    item = str(rule["item"])
    value, target, gap = rule["v"], rule.get("t"), rule.get("gap")
    unknown = rule["r"] == "UNKNOWN"
    return RuleRow(
        id=str(rule["id"]),
        result=str(rule["r"]),
        rule=words,
        value=None if value is None else value_text(item, value),
        threshold=None if target is None else target_text(item, Op(rule["op"]), target),
        gap=None if gap is None else value_text(item, abs(gap)),
        why=why_text(rule.get("why")) if unknown else None,
        source=source_text(item),
        as_of=rule["as_of"],
        sealed=value is None and not unknown,
    )


def _inputs(node: Any) -> list[InputRow]:
    """Items of a computation, each once, in the order they are read."""
    found: dict[str, InputRow] = {}
    for leaf in _leaves(node):
        item = str(leaf["item"])
        if item in ITEMS and item not in found:
            value = leaf.get("v")
            found[item] = InputRow(
                item=item,
                name=item_text(item),
                value=value_text(item, value),
                why=why_text(leaf.get("why")) if value is None else None,
            )
    return list(found.values())


def _leaves(node: Any) -> list[Mapping[str, Any]]:
    if not isinstance(node, Mapping):
        return []
    own = [node] if "item" in node else []
    return own + [leaf for arg in node.get("args", ()) for leaf in _leaves(arg)]
