"""The table check finds every gap and overlap, and only those rules let through."""

from typing import Any

import pytest

from tests.products.policy.builders import NAMES, document, launch_policy
from yidaitong.products.policy import parse
from yidaitong.products.policy.coverage import Finding, Hole, check


def when(item: str, op: str, *value: Any) -> dict[str, Any]:
    return {"item": item, "op": op} | ({"value": value[0]} if value else {})


def table(*rows: list[dict[str, Any]], rules: list[dict[str, Any]] | None = None) -> list[Finding]:
    written = document(
        tables=[{"when": conditions, "then": {"k": 1}} for conditions in rows],
        limit="t.k",
        rate="t.k",
        rules=rules or [{"id": "A1", "item": "reg.in_city", "op": "is_true"}],
    )
    return check(parse(written))


def rule(item: str, op: str, value: Any, on_fail: str = "REJECT") -> list[dict[str, Any]]:
    return [{"id": "A1", "item": item, "op": op, "value": value, "on_fail": on_fail}]


AGE = "reg.age_months"
FROM_24, BELOW_24 = when(AGE, "ge", 24), when(AGE, "lt", 24)


class TestClean:
    @pytest.mark.parametrize("product", NAMES)
    def test_the_launch_tables(self, product: str) -> None:
        assert check(launch_policy(product)) == []

    def test_two_halves(self) -> None:
        assert table([FROM_24], [BELOW_24]) == []

    def test_all_codes_and_flags(self) -> None:
        assert table([when("sti.hte_valid", "is_true")], [when("sti.hte_valid", "is_false")]) == []
        assert (
            table(
                [when("tax.rating", "in", ["A", "B"])], [when("tax.rating", "not_in", ["A", "B"])]
            )
            == []
        )

    def test_what_a_rule_rejects_needs_no_row(self) -> None:
        assert table([FROM_24], rules=rule(AGE, "ge", 24)) == []
        assert table([when("tax.rating", "eq", "A")], rules=rule("tax.rating", "in", ["A"])) == []


class TestHoles:
    def test_a_gap_of_one(self) -> None:
        found = table([when(AGE, "gt", 24)], [BELOW_24])

        assert found == [Finding(Hole.GAP, ((AGE, 24),))]

    def test_an_overlap_of_one(self) -> None:
        found = table([FROM_24], [when(AGE, "le", 24)])

        assert found == [Finding(Hole.OVERLAP, ((AGE, 24),), (0, 1))]

    def test_a_gap_at_the_end_of_the_domain(self) -> None:
        found = table([when(AGE, "between", [0, 2399])])

        assert found == [Finding(Hole.GAP, ((AGE, 2400),))]

    def test_a_missing_code(self) -> None:
        found = table([when("tax.rating", "in", ["A", "B", "M", "C"])])

        assert found == [Finding(Hole.GAP, (("tax.rating", "D"),))]

    def test_a_referring_rule_lets_through(self) -> None:
        assert table([FROM_24], rules=rule(AGE, "ge", 24, "REFER")) != []

    def test_a_computed_rule_is_not_counted_on(self) -> None:
        computed = [{"id": "A1", "item": AGE, "op": "ge", "expr": 24}]

        assert table([FROM_24], rules=computed) != []

    def test_a_gap_only_the_rules_bounds_reveal(self) -> None:
        rows = [when(AGE, "le", 10)], [when(AGE, "ge", 100)]

        assert table(*rows, rules=rule(AGE, "between", [50, 60])) != []

    def test_money_has_a_domain_without_a_written_end(self) -> None:
        found = table([when("tax.arrears_fen", "le", 5)])

        assert Finding(Hole.GAP, (("tax.arrears_fen", 6),)) in found

    def test_at_most_ten_are_told(self) -> None:
        rows = [[when(AGE, "eq", n), when("tax.rating", "eq", "A")] for n in range(20, 60, 2)]

        assert len(table(*rows)) == 10

    def test_a_table_nobody_could_follow_is_refused(self) -> None:
        items = ("reg.age_months", "ss.insured_now", "hpf.members_now", "sti.patents_live")
        rows = [[when(item, "ge", n) for item in items] for n in range(30, 90, 6)]

        assert table(*rows) == [Finding(Hole.TOO_MANY)]
