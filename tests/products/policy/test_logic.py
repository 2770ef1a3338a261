"""Every operator on every type and on UNKNOWN; arithmetic; the table; the order of results."""

from typing import Any

import pytest

from tests.products.policy.builders import document, facts, with_rule
from yidaitong.departments.items import ITEMS
from yidaitong.products.policy import Evaluation, Fact, Result, Truth, Why, evaluate, parse
from yidaitong.products.policy.facts import facts_of
from yidaitong.products.policy.grammar import ITEM_TYPES, Op

INT, FEN, CODE, BOOL = "reg.age_months", "tax.arrears_fen", "tax.rating", "sti.hte_valid"
GOOD: dict[str, Any] = {"reg.age_months": 30, "tax.paid_12m_fen": 1000, "tax.arrears_fen": 5}


def rule_of(written: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = evaluate(parse(written), facts(given)).trace["rules"][0]
    return found


def truth(item: str, op: str, given: object, **target: Any) -> tuple[str, int | None]:
    rule = rule_of(with_rule(item, op, **target), {item: given})
    return rule["r"], rule.get("gap")


class TestOperators:
    @pytest.mark.parametrize("item", [INT, FEN])
    @pytest.mark.parametrize(
        ("op", "target", "value", "expected"),
        [
            ("eq", 24, 24, ("PASS", None)),
            ("eq", 24, 20, ("FAIL", 4)),
            ("eq", 24, 30, ("FAIL", -6)),
            ("ne", 24, 20, ("PASS", None)),
            ("ne", 24, 24, ("FAIL", None)),
            ("gt", 24, 25, ("PASS", None)),
            ("gt", 24, 24, ("FAIL", 1)),
            ("ge", 24, 24, ("PASS", None)),
            ("ge", 24, 23, ("FAIL", 1)),
            ("lt", 24, 23, ("PASS", None)),
            ("lt", 24, 24, ("FAIL", -1)),
            ("le", 24, 24, ("PASS", None)),
            ("le", 24, 25, ("FAIL", -1)),
            ("between", [18, 65], 18, ("PASS", None)),
            ("between", [18, 65], 65, ("PASS", None)),
            ("between", [18, 65], 17, ("FAIL", 1)),
            ("between", [18, 65], 70, ("FAIL", -5)),
        ],
    )
    def test_numbers(
        self, item: str, op: str, target: Any, value: int, expected: tuple[str, int | None]
    ) -> None:
        assert truth(item, op, value, value=target) == expected

    @pytest.mark.parametrize(
        ("item", "op", "target", "value", "expected"),
        [
            (CODE, "eq", "A", "A", "PASS"),
            (CODE, "eq", "A", "B", "FAIL"),
            (CODE, "ne", "A", "B", "PASS"),
            (CODE, "ne", "A", "A", "FAIL"),
            (CODE, "in", ["A", "B"], "B", "PASS"),
            (CODE, "in", ["A", "B"], "M", "FAIL"),
            (CODE, "not_in", ["A", "B"], "M", "PASS"),
            (CODE, "not_in", ["A", "B"], "A", "FAIL"),
            (INT, "in", [1, 2], 2, "PASS"),
            (INT, "in", [1, 2], 3, "FAIL"),
            (INT, "not_in", [1, 2], 3, "PASS"),
            (INT, "not_in", [1, 2], 1, "FAIL"),
        ],
    )
    def test_lists_and_codes_have_no_gap(
        self, item: str, op: str, target: Any, value: Any, expected: str
    ) -> None:
        assert truth(item, op, value, value=target) == (expected, None)

    @pytest.mark.parametrize(
        ("op", "value", "expected"),
        [
            ("is_true", True, "PASS"),
            ("is_true", False, "FAIL"),
            ("is_false", False, "PASS"),
            ("is_false", True, "FAIL"),
        ],
    )
    def test_flags(self, op: str, value: bool, expected: str) -> None:
        assert truth(BOOL, op, value) == (expected, None)


def _target(item: str, op: Op) -> dict[str, Any]:
    if op in {Op.IS_TRUE, Op.IS_FALSE}:
        return {}
    one: Any = "A" if item == CODE else 1
    if op is Op.BETWEEN:
        return {"value": [one, one]}
    return {"value": [one] if op in {Op.IN, Op.NOT_IN} else one}


PAIRS = [
    (item, op) for op in Op for item in (INT, FEN, CODE, BOOL) if ITEMS[item].type in ITEM_TYPES[op]
]
WRONG: dict[str, list[Any]] = {
    INT: [True, "5", 5.0, [5], {}],
    FEN: [False, "5", 5.5, (5,)],
    CODE: [1, True, "Z", "a", ""],
    BOOL: [0, 1, "true", "是"],
}


@pytest.mark.promise("T16")
class TestUnknown:
    @pytest.mark.parametrize(("item", "op"), PAIRS)
    def test_absent_null_and_explained(self, item: str, op: Op) -> None:
        policy = parse(with_rule(item, op.value, **_target(item, op)))

        absent = evaluate(policy, {}).trace["rules"][0]
        null = evaluate(policy, {item: Fact()}).trace["rules"][0]

        assert (absent["r"], absent["why"]) == ("UNKNOWN", "MISSING")
        assert (null["r"], null["why"]) == ("UNKNOWN", "MISSING")
        for why in Why:
            given = {item: Fact(why=why)}
            explained = evaluate(policy, given).trace["rules"][0]
            assert (explained["r"], explained["why"]) == ("UNKNOWN", why.value)

    @pytest.mark.parametrize(("item", "op"), PAIRS)
    def test_the_wrong_type_is_unknown(self, item: str, op: Op) -> None:
        policy = parse(with_rule(item, op.value, **_target(item, op)))

        for wrong in WRONG[item]:
            rule = evaluate(policy, {item: Fact(value=wrong)}).trace["rules"][0]
            assert (rule["r"], rule["why"]) == ("UNKNOWN", "TYPE"), wrong

    @pytest.mark.parametrize(
        ("item", "value"), [(INT, 2401), (INT, -1), (FEN, -1), (FEN, 10**18 + 1)]
    )
    def test_outside_its_domain_is_an_overflow(self, item: str, value: int) -> None:
        rule = rule_of(with_rule(item, "ge", value=0), {item: value})

        assert (rule["r"], rule["why"]) == ("UNKNOWN", "OVERFLOW")

    def test_a_value_beside_a_reason_is_not_used(self) -> None:
        policy = parse(with_rule(INT, "ge", value=0))

        rule = evaluate(policy, {INT: Fact(value=30, why=Why.STALE)}).trace["rules"][0]

        assert (rule["r"], rule["v"], rule["why"]) == ("UNKNOWN", None, "STALE")

    def test_an_unknown_item_of_the_expression_is_unknown(self) -> None:
        written = with_rule(FEN, "le", expr={"bp": ["tax.sales_12m_fen", 500]})

        rule = rule_of(written, {FEN: 0})

        assert (rule["r"], rule["v"], rule["t"], rule["why"]) == ("UNKNOWN", 0, None, "MISSING")

    def test_a_reason_nobody_knows_becomes_a_bad_answer(self) -> None:
        class Odd:
            value = 5
            why = "WEATHER"
            as_of = None
            resources = ("TAX.PAY",)
            version = 1

        found = facts_of({FEN: Odd()})[FEN]

        assert (found.value, found.why) == (None, Why.BAD_ANSWER)


class TestArithmetic:
    @pytest.mark.parametrize(
        ("expr", "expected"),
        [
            ({"min": [3, 1, 2]}, 1),
            ({"max": [3, 1, 2]}, 3),
            ({"add": [1, 2, 3]}, 6),
            ({"sub": [5, 7]}, 0),
            ({"mul": [6, 7]}, 42),
            ({"bp": [9999, 1]}, 0),
            ({"bp": [20000, 7500]}, 15000),
            ({"floor_to": [1_999_999, 1_000_000]}, 1_000_000),
            ({"max": [{"bp": [{"sub": [0, 1]}, 1]}, {"sub": [0, 9]}]}, 0),
            (17, 17),
            ("tax.paid_12m_fen", 1000),
            ({"add": ["t.k", "t.spread"]}, 7),
        ],
    )
    def test_values(self, expr: Any, expected: int) -> None:
        assert evaluate(parse(document(limit=expr)), facts(GOOD)).limit_fen == expected

    def test_bp_rounds_down_below_zero_too(self) -> None:
        written = document(limit={"add": [10, {"bp": [{"sub": [0, 1]}, 1]}]})

        assert evaluate(parse(written), facts(GOOD)).limit_fen == 9

    @pytest.mark.parametrize(
        "expr",
        [
            {"mul": ["tax.paid_12m_fen", 9_000_000_000_000_000]},
            {"sub": [0, {"mul": ["tax.paid_12m_fen", 9_000_000_000_000_000]}]},
            {"floor_to": ["tax.paid_12m_fen", {"sub": [1, 1]}]},
        ],
    )
    def test_what_cannot_be_held_is_unknown(self, expr: Any) -> None:
        found = evaluate(parse(document(limit=expr)), facts(GOOD))

        assert found.result is Result.REFER
        assert [(one.id, one.why) for one in found.reasons] == [("LIMIT", "OVERFLOW")]
        assert found.limit_fen is None

    def test_exactly_ten_to_the_eighteenth_still_fits(self) -> None:
        written = document(limit={"mul": [1_000_000_000, 1_000_000_000]})

        assert evaluate(parse(written), facts(GOOD)).limit_fen == 10**18


def _table(*rows: tuple[list[dict[str, Any]], int]) -> dict[str, Any]:
    return document(
        tables=[{"when": when, "then": {"k": k, "spread": 0}} for when, k in rows], limit="t.k"
    )


OLD = {"item": "reg.age_months", "op": "ge", "value": 30}
YOUNG = {"item": "reg.age_months", "op": "lt", "value": 30}
RATED = {"item": "tax.rating", "op": "eq", "value": "A"}


class TestTable:
    def test_exactly_one_row_is_hit(self) -> None:
        found = evaluate(parse(_table(([YOUNG], 1), ([OLD], 2))), facts(GOOD))

        assert (found.result, found.limit_fen, found.trace["table"]["hit"]) == (Result.PASS, 2, 1)

    @pytest.mark.parametrize(
        ("rows", "given", "why"),
        [
            ([([YOUNG], 1)], {}, "NO_ROW"),
            ([([OLD], 1), ([OLD], 2)], {}, "SEVERAL_ROWS"),
            ([([OLD], 1), ([RATED], 2)], {}, "MISSING"),
            ([([OLD, RATED], 1)], {}, "MISSING"),
        ],
    )
    def test_anything_else_is_unknown(
        self, rows: list[Any], given: dict[str, Any], why: str
    ) -> None:
        found = evaluate(parse(_table(*rows)), facts(GOOD | given))

        assert found.result is Result.REFER
        assert [(one.id, one.truth, one.why) for one in found.reasons] == [
            ("TABLE", Truth.UNKNOWN, why)
        ]
        assert (found.limit_fen, found.rate_bp, found.trace["limit"]) == (None, None, None)

    def test_one_failed_condition_outweighs_an_unknown_one(self) -> None:
        found = evaluate(parse(_table(([RATED, YOUNG], 1), ([OLD], 2))), facts(GOOD))

        assert found.limit_fen == 2


class TestOrder:
    def _both(self, first: str, second: str) -> Evaluation:
        written = document(
            rules=[
                {"id": "A1", "item": INT, "op": "ge", "value": 40, "on_fail": first},
                {"id": "A2", "item": FEN, "op": "eq", "value": 0, "on_fail": second},
            ]
        )
        return evaluate(parse(written), facts(GOOD))

    def test_one_rejection_outweighs_referrals(self) -> None:
        found = self._both("REFER", "REJECT")

        assert (found.result, found.main_reason) == (Result.REJECT, "A2")
        assert len(found.trace["rules"]) == 2

    def test_all_rejections_are_listed_the_first_is_the_main_one(self) -> None:
        found = self._both("REJECT", "REJECT")

        assert [one.id for one in found.reasons] == ["A1", "A2"]
        assert found.main_reason == "A1"

    def test_referrals_keep_their_order(self) -> None:
        found = self._both("REFER", "REFER")

        assert (found.result, [one.id for one in found.reasons]) == (Result.REFER, ["A1", "A2"])

    def test_a_rate_may_be_unknown_alone(self) -> None:
        found = evaluate(parse(document(rate="reg.abnormal_open")), facts(GOOD))

        assert [one.id for one in found.reasons] == ["RATE"]
        assert (found.limit_fen, found.rate_bp) == (2000, None)

    def test_without_min_nothing_binds(self) -> None:
        assert evaluate(parse(document(limit=5)), facts(GOOD)).trace["limit"]["binding"] is None

    def test_an_unknown_min_binds_nothing(self) -> None:
        written = document(limit={"min": [5, "tax.sales_12m_fen"]})

        assert evaluate(parse(written), facts(GOOD)).trace["limit"]["binding"] is None

    def test_the_outer_min_is_the_first_from_outside(self) -> None:
        written = document(limit={"add": [1, {"min": [9, {"min": [3, 4]}]}]})

        trace = evaluate(parse(written), facts(GOOD)).trace
        assert trace["limit"]["binding"] == {"arg": 1, "v": 3}
