"""Policies and their changes in plain Chinese and English."""

from typing import Any

import pytest

from tests.products.policy.builders import NAMES, document, launch_policy
from yidaitong.departments.items import ITEMS, ItemType
from yidaitong.kernel.text import Text
from yidaitong.products.policy import items, parse
from yidaitong.products.policy.diffing import Change, ChangeKind, diff
from yidaitong.products.policy.labels import CODES, UNITS, value_text
from yidaitong.products.policy.wording import (
    Unit,
    binding_text,
    expr_text,
    facts_text,
    limit_text,
    rate_text,
    row_text,
    rule_text,
)


class TestLabels:
    def test_every_code_and_every_count_has_words(self) -> None:
        for item in ITEMS.values():
            if item.type is ItemType.CODE:
                assert set(CODES[item.name]) == set(item.codes)
            elif item.type is ItemType.INT:
                assert item.name in UNITS

    @pytest.mark.parametrize(
        ("item", "value", "words"),
        [
            ("tax.arrears_fen", 500000, Text("5,000.00 元", "5,000.00 yuan")),
            ("reg.age_months", 24, Text("24 个月", "24 months")),
            ("reg.status", "1", Text("存续", "trading")),
            ("sti.hte_valid", True, Text("是", "yes")),
            ("sti.hte_valid", False, Text("否", "no")),
            ("tax.rating", None, Text("未知", "unknown")),
            ("tax.rating", "?", Text("?", "?")),
        ],
    )
    def test_values(self, item: str, value: Any, words: Text) -> None:
        assert value_text(item, value) == words


class TestRules:
    @pytest.mark.parametrize(
        ("product", "rule", "zh"),
        [
            ("TAX-CREDIT", "C1", "在本市 为“是”;不满足则不予准入"),
            ("TAX-CREDIT", "C6", "法定代表人年龄 介于 18 周岁 至 65 周岁;不满足则不予准入"),
            ("TAX-CREDIT", "C8", "行业门类 不属于 金融业、房地产业;不满足则不予准入"),
            ("TAX-CREDIT", "A4", "近12个月缴税 不低于 5,000.00 元;不满足则不予准入"),
            ("TAX-CREDIT", "A6", "未结执行额 不超过 近12个月销售额 × 5 %;不满足则转人工审核"),
            ("SCI-TECH", "D4", "科研失信 为“否”;不满足则不予准入"),
        ],
    )
    def test_a_rule_is_one_sentence(self, product: str, rule: str, zh: str) -> None:
        found = next(one for one in launch_policy(product).rules if one.id == rule)

        assert rule_text(found).zh == zh
        assert rule_text(found).en

    def test_a_row_tells_conditions_and_outputs(self) -> None:
        row = launch_policy("TAX-CREDIT").rows[0]

        assert row_text(row) == Text(
            "纳税信用级别 等于 A 级 且 成立月数 不低于 60 个月 → 系数 800 %、加点 0.45 %",
            "Tax credit rating equals rating A and Months since establishment is at least "
            "60 months → multiple 800 %, spread 0.45 %",
        )

    def test_facts(self) -> None:
        told = facts_text([("tax.rating", "A"), ("reg.age_months", 60)])

        assert told.zh == "纳税信用级别 A 级、成立月数 60 个月"


class TestExpressions:
    def test_the_limit_of_a_launch_policy(self) -> None:
        assert limit_text(launch_policy("SCI-TECH")).zh == (
            "(取小(上年研发费用 × 系数 + 取小(有效发明专利、10) × 200,000.00 元、"
            "近12个月销售额 × 50 %、5,000,000.00 元、申请金额) − 平台敞口),按 10,000.00 元 向下取整"
        )
        assert rate_text(launch_policy("SCI-TECH")).zh == "4.35 % + 加点"

    @pytest.mark.parametrize(
        ("expr", "zh"),
        [
            ({"max": [1, 2]}, "取大(1、2)"),
            ({"mul": [3, {"add": [1, 2]}]}, "3 × (1 + 2)"),
            ({"bp": [{"sub": [9, 1]}, 1234]}, "(9 − 1) × 12.34 %"),
            ({"bp": [9, -50]}, "9 × -0.50 %"),
            ({"bp": [9, "reg.age_months"]}, "9 × 成立月数 ÷ 10000"),
            ({"add": [1, "t.spread"]}, "1 + 表值 spread"),
        ],
    )
    def test_plain_numbers(self, expr: Any, zh: str) -> None:
        policy = parse(document(rate=expr))

        assert expr_text(policy.rate, Unit.PLAIN).zh == zh

    def test_money_stands_on_the_side_that_carries_it(self) -> None:
        one = parse(document(limit={"mul": ["reg.age_months", 100]}))
        other = parse(document(limit={"mul": [100, "reg.age_months"]}))

        assert limit_text(one).zh == "成立月数 × 1.00 元"
        assert limit_text(other).zh == "1.00 元 × 成立月数"

    def test_the_binding_factor(self) -> None:
        policy = launch_policy("TAX-CREDIT")

        assert binding_text(policy, 2).zh == "申请金额"
        assert binding_text(policy, 9) == Text("", "")
        assert binding_text(parse(document(limit=5)), 0) == Text("", "")
        assert binding_text(parse(document(limit={"add": [1, 2]})), 0) == Text("", "")


def changed(**changes: Any) -> list[Change]:
    return diff(parse(document()), parse(document(**changes)))


def rules(*written: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": f"A{n + 1}"} | one for n, one in enumerate(written)]


OLD = {"item": "reg.age_months", "op": "ge", "value": 24}
PAID = {"item": "tax.paid_12m_fen", "op": "ge", "value": 500000}


class TestDiff:
    @pytest.mark.parametrize("product", NAMES)
    def test_the_same_policy_has_no_change(self, product: str) -> None:
        assert diff(launch_policy(product), launch_policy(product)) == []

    def test_a_threshold(self) -> None:
        old = parse(document(rules=rules(PAID)))
        new = parse(document(rules=rules(PAID | {"value": 800000})))

        assert diff(old, new) == [
            Change(
                "A1",
                ChangeKind.CHANGED,
                Text(
                    "近12个月缴税 5,000.00 元 → 8,000.00 元",
                    "Tax paid in the last 12 months 5,000.00 yuan → 8,000.00 yuan",
                ),
            )
        ]

    def test_only_the_outcome(self) -> None:
        found = changed(rules=rules(OLD | {"on_fail": "REFER"}))

        assert [one.text.zh for one in found] == ["成立月数 不低于 24 个月:不予准入 → 转人工审核"]

    def test_operator_and_threshold_are_told_in_full(self) -> None:
        found = changed(rules=rules(OLD | {"op": "gt", "value": 30}))

        assert found[0].text.zh == (
            "成立月数 不低于 24 个月;不满足则不予准入 → 成立月数 大于 30 个月;不满足则不予准入"
        )

    def test_added_and_removed_rules_change_the_scope(self) -> None:
        found = changed(rules=[{"id": "B1", "item": "tax.rating", "op": "eq", "value": "A"}])

        assert [(one.part, one.kind.name) for one in found] == [
            ("A1", "REMOVED"),
            ("B1", "ADDED"),
            ("SCOPE", "ADDED"),
        ]
        back = diff(
            parse(document(rules=rules(OLD, PAID))), parse(document(limit=1, rules=rules(OLD)))
        )
        assert ("SCOPE", "REMOVED") in [(one.part, one.kind.name) for one in back]

    def test_the_order_of_rules(self) -> None:
        old = parse(document(rules=rules(OLD, PAID)))
        new = parse(document(rules=list(reversed(rules(OLD, PAID)))))

        assert [one.text.zh for one in diff(old, new)] == ["A1 A2 → A2 A1"]

    def test_rows(self) -> None:
        when = {"item": "reg.age_months", "op": "ge", "value": 0}
        found = changed(tables=[{"when": [when], "then": {"k": 3, "spread": 5}}])
        other = changed(tables=[{"when": [when | {"value": 1}], "then": {"k": 2, "spread": 5}}])

        assert [one.text.zh for one in found] == [
            "成立月数 不低于 0 个月 → k 2、spread 5 → k 3、spread 5"
        ]
        assert [one.kind.name for one in other] == ["REMOVED", "ADDED"]

    def test_limit_rate_and_least(self) -> None:
        found = changed(
            min_limit_fen=100,
            limit={"mul": ["tax.paid_12m_fen", 3]},
            rate={"add": [440, "t.spread"]},
        )

        assert [one.part for one in found] == ["LMIN", "LIMIT", "RATE"]
        assert found[0].text.zh == "0.00 元 → 1.00 元"
        assert all(one.kind.text.zh for one in found)

    def test_a_formula_that_only_rounds_elsewhere_is_a_change(self) -> None:
        old = parse(document(limit={"mul": [7, {"bp": ["tax.paid_12m_fen", 50]}]}))
        new = parse(document(limit={"bp": [{"mul": [7, "tax.paid_12m_fen"]}, 50]}))

        assert [one.part for one in diff(old, new)] == ["LIMIT"]

    def test_nothing_of_a_launch_policy_is_left_without_words(self) -> None:
        for product in NAMES:
            policy = launch_policy(product)
            for name in items(policy):
                assert ITEMS[name].text.zh
