"""Policies and facts for tests: the smallest policy, and the launch policies with their base."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from yidaitong.departments.items import ITEMS
from yidaitong.products import launch
from yidaitong.products.policy import Evaluation, Fact, Policy, evaluate, parse
from yidaitong.products.policy.facts import Value

ON = date(2018, 6, 30)
NAMES = {"TAX-CREDIT": "tax_credit", "PAYROLL-FUND": "payroll_fund"} | {
    "SCI-TECH": "sci_tech",
    "POWER-FLOW": "power_flow",
}


def document(**changes: Any) -> dict[str, Any]:
    """The smallest valid policy, with some members replaced; one given as None is left out."""
    written = {
        "product": "TEST",
        "min_limit_fen": 0,
        "rules": [{"id": "A1", "item": "reg.age_months", "op": "ge", "value": 24}],
        "tables": [
            {
                "when": [{"item": "reg.age_months", "op": "ge", "value": 0}],
                "then": {"k": 2, "spread": 5},
            }
        ],
        "limit": {"mul": ["tax.paid_12m_fen", "t.k"]},
        "rate": {"add": [435, "t.spread"]},
    } | changes
    return {name: value for name, value in written.items() if value is not None}


def with_rule(item: str, op: str, **more: Any) -> dict[str, Any]:
    return document(rules=[{"id": "A1", "item": item, "op": op, **more}])


def launch_policy(product: str) -> Policy:
    return parse(launch.read(NAMES[product]).draft.policy)


def base(product: str) -> dict[str, Any]:
    trials = launch.read(NAMES[product]).draft.trials
    assert isinstance(trials, Mapping)
    return dict(trials["base"])


def fact(name: str, value: Value | None) -> Fact:
    return Fact(
        value=value, as_of=ON, source=ITEMS[name].resource, formula_version=ITEMS[name].version
    )


def facts(values: Mapping[str, Any]) -> dict[str, Fact]:
    return {name: fact(name, value) for name, value in values.items()}


def run(product: str, changes: Mapping[str, Any]) -> Evaluation:
    return evaluate(launch_policy(product), facts({**base(product), **changes}))
