"""Every static check and limit, each mistake at its place; any bytes give our error."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.products.policy.builders import NAMES, document, launch_policy, with_rule
from yidaitong.products.policy import Flaw, InvalidPolicyError, canonical, parse
from yidaitong.products.policy.grammar import Call


def flaws(source: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidPolicyError) as caught:
        parse(source)
    return [(problem.path, problem.flaw.name) for problem in caught.value.problems]


def calls(depth: int) -> Any:
    return {"add": [1, calls(depth - 1)]} if depth else 1


def row(**changes: Any) -> list[dict[str, Any]]:
    when = [{"item": "reg.age_months", "op": "ge", "value": 0}]
    return [{"when": when, "then": {"k": 2, "spread": 5}} | changes]


class TestGood:
    @pytest.mark.parametrize("product", NAMES)
    def test_text_bytes_and_object_are_the_same_policy(self, product: str) -> None:
        policy = launch_policy(product)
        text = json.dumps(policy.document)

        assert parse(text) == parse(text.encode()) == policy
        assert len(policy.sha256) == 43

    def test_the_hash_is_of_the_canonical_text(self) -> None:
        plain = document()
        turned = dict(reversed(plain.items()))

        assert parse(plain).sha256 == parse(turned).sha256
        assert json.loads(canonical(plain)) == plain

    def test_a_known_text_has_a_known_hash(self) -> None:
        assert parse(document()).sha256 == "9tUHT_03DsalLSwf1KSRyViSb6-5cpQqewLbfUbOf1Y"

    @pytest.mark.parametrize("depth", [1, 12])
    def test_twelve_calls_may_stand_in_each_other(self, depth: int) -> None:
        assert isinstance(parse(document(limit=calls(depth))).limit, Call)

    def test_items_are_named_once(self) -> None:
        assert parse(document()).items == ("reg.age_months", "tax.paid_12m_fen")


class TestText:
    @pytest.mark.parametrize(
        ("source", "flaw"),
        [
            (" " * (64 * 1024) + "{}", "SIZE"),
            (b"\xff\xfe", "ENCODING"),
            ('{"a":"\ud800"}', "ENCODING"),
            ("{", "SYNTAX"),
            ("", "SYNTAX"),
            ("{'a': 1}", "SYNTAX"),
            ('{"a": 1, "a": 2}', "DUPLICATE"),
            ('{"a": 1.0}', "NUMBER"),
            ('{"a": 1e3}', "NUMBER"),
            ('{"a": NaN}', "NUMBER"),
            ('{"a": 9007199254740992}', "NUMBER"),
            ("[" * 41 + "]" * 41, "NESTING"),
            ({"a": {1, 2}}, "SYNTAX"),
            ({"a": 1.5}, "NUMBER"),
            ("[]", "NOT_OBJECT"),
            ("7", "NOT_OBJECT"),
            ("null", "NULL"),
        ],
    )
    def test_what_is_no_policy_text(self, source: Any, flaw: str) -> None:
        assert flaws(source) == [("$", flaw)]

    def test_an_endless_object_is_refused(self) -> None:
        endless: dict[str, Any] = {}
        endless["a"] = endless
        deep: Any = 1
        for _ in range(100_000):
            deep = [deep]

        assert flaws(endless) == [("$", "SYNTAX")]
        assert flaws({"a": deep}) == [("$", "NESTING")]


class TestMembers:
    @pytest.mark.parametrize("name", ["product", "min_limit_fen", "rules", "tables", "limit"])
    def test_each_is_needed(self, name: str) -> None:
        assert flaws(document(**{name: None})) == [(f"$.{name}", "MISSING_KEY")]

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"note": "x"}, [("$.note", "UNKNOWN_KEY")]),
            ({"a b": 1}, [("$['a b']", "UNKNOWN_KEY")]),
            ({"product": "tax"}, [("$.product", "NAME")]),
            ({"product": 7}, [("$.product", "NAME")]),
            ({"product": "A" * 33}, [("$.product", "NAME")]),
            ({"min_limit_fen": -1}, [("$.min_limit_fen", "NEGATIVE")]),
            ({"min_limit_fen": True}, [("$.min_limit_fen", "NOT_INTEGER")]),
            ({"min_limit_fen": "5"}, [("$.min_limit_fen", "NOT_INTEGER")]),
            ({"rules": []}, [("$.rules", "COUNT")]),
            ({"rules": {}}, [("$.rules", "NOT_LIST")]),
            ({"rules": ["A1"]}, [("$.rules[0]", "NOT_OBJECT")]),
            ({"tables": []}, [("$.tables", "COUNT"), ("$.limit.mul[1]", "OUTPUT")]),
        ],
    )
    def test_top_level(self, changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
        assert flaws(document(**changes))[: len(expected)] == expected

    def test_null_is_never_nothing(self) -> None:
        assert flaws(json.dumps(document() | {"rules": None})) == [("$.rules", "NULL")]

    def test_sixty_rules_and_no_more(self) -> None:
        def rules(count: int) -> list[dict[str, Any]]:
            one = {"item": "reg.age_months", "op": "ge", "value": 24}
            return [{"id": f"A{n}", **one} for n in range(count)]

        assert len(parse(document(rules=rules(60))).rules) == 60
        assert flaws(document(rules=rules(61))) == [("$.rules", "COUNT")]


class TestRules:
    @pytest.mark.parametrize(
        ("changes", "place", "flaw"),
        [
            ({"id": "a1"}, ".id", "NAME"),
            ({"id": 1}, ".id", "NAME"),
            ({"id": "LMIN"}, ".id", "RESERVED"),
            ({"item": "reg.gender"}, ".item", "ITEM"),
            ({"item": 7}, ".item", "ITEM"),
            ({"op": "like"}, ".op", "OP"),
            ({"op": ["ge"]}, ".op", "OP"),
            ({"op": "is_true"}, ".op", "OP_TYPE"),
            ({"item": "tax.rating"}, ".op", "OP_TYPE"),
            ({"item": "tax.arrears_fen", "op": "in", "value": [1]}, ".op", "OP_TYPE"),
            ({"value": "24"}, ".value", "VALUE_TYPE"),
            ({"value": True}, ".value", "VALUE_TYPE"),
            ({"value": -1}, ".value", "DOMAIN"),
            ({"value": 2401}, ".value", "DOMAIN"),
            ({"value": None}, ".value", "NULL"),
            ({"item": "tax.rating", "op": "eq", "value": "E"}, ".value", "DOMAIN"),
            ({"item": "tax.rating", "op": "eq", "value": 1}, ".value", "VALUE_TYPE"),
            ({"op": "between", "value": [65, 18]}, ".value", "BOUNDS"),
            ({"op": "between", "value": [18]}, ".value", "COUNT"),
            ({"op": "between", "value": 18}, ".value", "NOT_LIST"),
            ({"op": "between", "value": [18, "x"]}, ".value[1]", "VALUE_TYPE"),
            ({"op": "in", "value": []}, ".value", "COUNT"),
            ({"op": "in", "value": [1] * 51}, ".value", "COUNT"),
            ({"op": "in", "value": [1, None]}, ".value[1]", "VALUE_TYPE"),
            ({"expr": 24}, "", "THRESHOLD"),
            ({"on_fail": "PASS"}, ".on_fail", "ON_FAIL"),
            ({"on_fail": ["REJECT"]}, ".on_fail", "ON_FAIL"),
            ({"more": 1}, ".more", "UNKNOWN_KEY"),
        ],
    )
    def test_one_mistake_at_its_place(self, changes: dict[str, Any], place: str, flaw: str) -> None:
        rule = {"id": "A1", "item": "reg.age_months", "op": "ge", "value": 24} | changes

        assert flaws(document(rules=[rule])) == [(f"$.rules[0]{place}", flaw)]

    @pytest.mark.parametrize(
        ("item", "op", "more", "place", "flaw"),
        [
            ("reg.age_months", "ge", {}, "", "THRESHOLD"),
            ("sti.hte_valid", "is_true", {"value": True}, "", "THRESHOLD"),
            ("sti.hte_valid", "is_false", {"expr": 1}, "", "THRESHOLD"),
            ("tax.rating", "eq", {"expr": 1}, "", "THRESHOLD"),
            ("reg.age_months", "between", {"expr": 1}, "", "THRESHOLD"),
            ("reg.age_months", "in", {"expr": 1}, "", "THRESHOLD"),
            ("reg.age_months", "ge", {"expr": "t.k"}, ".expr", "OUTPUT"),
            ("reg.age_months", "ge", {"expr": "tax.rating"}, ".expr", "NOT_NUMERIC"),
            ("reg.age_months", "ge", {"expr": "no.item"}, ".expr", "ITEM"),
        ],
    )
    def test_thresholds(
        self, item: str, op: str, more: dict[str, Any], place: str, flaw: str
    ) -> None:
        assert flaws(with_rule(item, op, **more)) == [(f"$.rules[0]{place}", flaw)]

    def test_ids_are_unique(self) -> None:
        rule = {"id": "A1", "item": "reg.age_months", "op": "ge", "value": 24}

        assert flaws(document(rules=[rule, rule])) == [("$.rules[1].id", "REPEATED")]

    def test_all_mistakes_are_told_at_once_up_to_fifty(self) -> None:
        rule = {"id": "a", "item": "x", "op": "y", "value": 24, "on_fail": "z"}

        assert len(flaws(document(rules=[rule]))) == 4
        assert len(flaws(document(rules=[rule] * 60))) == 50


class TestRows:
    @pytest.mark.parametrize(
        ("rows", "place", "flaw"),
        [
            (row(more=1), "$.tables[0].more", "UNKNOWN_KEY"),
            (row(when=[]), "$.tables[0].when", "COUNT"),
            (row(when=row()[0]["when"] * 7), "$.tables[0].when", "COUNT"),
            (
                row(when=[{"item": "reg.age_months", "op": "ge", "expr": 1}]),
                "$.tables[0].when[0].expr",
                "UNKNOWN_KEY",
            ),
            (
                row(when=[{"item": "reg.age_months", "op": "ge", "value": "x"}]),
                "$.tables[0].when[0].value",
                "VALUE_TYPE",
            ),
            (row(then=[]), "$.tables[0].then", "NOT_OBJECT"),
            (row(then={}), "$.tables[0].then", "COUNT"),
            (row(then={"K": 1}), "$.tables[0].then.K", "NAME"),
            (row(then={"k": "1"}), "$.tables[0].then.k", "NOT_INTEGER"),
            (row(then={"k": True}), "$.tables[0].then.k", "NOT_INTEGER"),
            (row() + row(then={"k": 1}), "$.tables", "OUTPUTS"),
        ],
    )
    def test_one_mistake_at_its_place(
        self, rows: list[dict[str, Any]], place: str, flaw: str
    ) -> None:
        assert flaws(document(tables=rows, limit=1, rate=1)) == [(place, flaw)]


class TestExpressions:
    @pytest.mark.parametrize(
        ("expr", "place", "flaw"),
        [
            (True, "", "EXPR"),
            ([], "", "EXPR"),
            ({}, "", "EXPR"),
            ({"add": [1, 2], "sub": [1, 2]}, "", "EXPR"),
            ({"pow": [1, 2]}, ".pow", "FN"),
            ({"__import__('os')": [1, 2]}, "[\"__import__('os')\"]", "FN"),
            ({"add": [1]}, ".add", "FN"),
            ({"add": [1] * 10}, ".add", "FN"),
            ({"add": 1}, ".add", "FN"),
            ({"sub": [1, 2, 3]}, ".sub", "FN"),
            ({"floor_to": [1, 0]}, ".floor_to", "STEP"),
            ("t.none", "", "OUTPUT"),
            ("tax.none", "", "ITEM"),
            ("reg.in_city", "", "NOT_NUMERIC"),
            ({"add": [1, None]}, ".add[1]", "EXPR"),
            (calls(13), ".add[1]" * 12, "DEPTH"),
        ],
    )
    def test_one_mistake_at_its_place(self, expr: Any, place: str, flaw: str) -> None:
        assert flaws(document(limit=expr)) == [(f"$.limit{place}", flaw)]

    def test_a_depth_beyond_the_text_is_told_for_the_whole(self) -> None:
        assert flaws(document(limit=calls(30))) == [("$", "NESTING")]


class TestProblems:
    def test_every_flaw_has_words_in_both_languages(self) -> None:
        for flaw in Flaw:
            assert flaw.text.zh
            assert flaw.text.en

    def test_a_problem_names_its_place(self) -> None:
        with pytest.raises(InvalidPolicyError) as caught:
            parse(document(product="x"))

        words = caught.value.problems[0].text
        assert words.en == "$.product: Not a well-formed name"
        assert caught.value.fields == {"$.product": words}
        assert caught.value.details["problems"] == ["$.product POLICY_NAME"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def mutated(draw: Callable[[Any], Any]) -> Any:
    """A valid policy with one part of it replaced by anything."""
    written: Any = json.loads(json.dumps(document()))
    place, key = written, draw(st.sampled_from(sorted(written)))
    while isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
        place = place[key]
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = draw(anything)
    return written


@pytest.mark.promise("T16")
class TestFuzz:
    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.binary(max_size=200) | st.text(max_size=200) | st.dictionaries(st.text(), anything))
    def test_any_input_is_a_policy_or_our_error(self, source: Any) -> None:
        with pytest.raises(InvalidPolicyError):
            parse(source)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.composite(mutated)())
    def test_any_mutation_is_a_policy_or_our_error(self, source: Any) -> None:
        with suppress(InvalidPolicyError):
            policy = parse(source)
            assert parse(policy.document) == policy
