"""Test cases of a version, and what a loan costs in a year."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.products.builders import content
from yidaitong.products.costs import YearlyCost
from yidaitong.products.errors import InvalidTrialsError
from yidaitong.products.policy import parse
from yidaitong.products.trials import MOST, read_trials, run

CASE: dict[str, Any] = {"id": "T1", "changes": {}, "expect": {"result": "PASS"}}


def written(*cases: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"base": {"reg.age_months": 30}, "cases": list(cases)} | more


class TestRead:
    def test_what_is_left_out_is_nothing(self) -> None:
        case = read_trials(written(CASE)).cases[0]

        assert (case.title, case.limit_fen, case.rate_bp, case.reasons) == ("", None, None, ())

    @pytest.mark.parametrize(
        "source",
        [
            "",
            "[]",
            "{",
            "{}",
            {"base": {}},
            {"base": {}, "cases": [1]},
            {"base": {}, "cases": [{}]},
            {"base": {"no.item": 1}, "cases": []},
            {"base": [1], "cases": []},
            written(CASE | {"more": 1}),
            written(CASE | {"changes": {"no.item": 1}}),
            written(CASE | {"expect": {"result": "MAYBE"}}),
            written(CASE | {"expect": {"result": "PASS", "more": 1}}),
            written(CASE | {"expect": {"result": "PASS", "limit_fen": "1"}}),
            written(CASE, CASE),
            written(*[CASE | {"id": f"T{n}"} for n in range(MOST + 1)]),
            {"base": {1, 2}},
        ],
    )
    def test_what_cannot_be_read_is_our_error(self, source: Any) -> None:
        with pytest.raises(InvalidTrialsError):
            read_trials(source)

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(st.text() | st.dictionaries(st.text(), st.integers() | st.text()))
    def test_anything_is_our_error(self, source: Any) -> None:
        with pytest.raises(InvalidTrialsError):
            read_trials(source)


class TestRun:
    @pytest.mark.parametrize(
        "expect",
        [
            {"result": "REFER"},
            {"result": "PASS", "limit_fen": 1},
            {"result": "PASS", "limit_fen": 93000000, "rate_bp": 1},
            {"result": "PASS", "limit_fen": 93000000, "rate_bp": 540, "reasons": ["A1"]},
        ],
    )
    def test_each_part_of_what_was_expected_counts(self, expect: dict[str, Any]) -> None:
        draft = content()
        trials: Any = draft.trials
        cases = [CASE | {"expect": expect}]

        tried = run(parse(draft.policy), read_trials(trials | {"cases": cases}))

        assert [one.passed for one in tried] == [False]


class TestYearlyCost:
    def test_all_parts_make_one_number(self) -> None:
        cost = YearlyCost(interest_bp=540, guarantee_bp=100, assessment_bp=20, bridge_bp=5)

        assert cost.total_bp == 665
        assert cost.of(100_000_000) == 6_650_000

    def test_half_a_fen_counts_up(self) -> None:
        cost = YearlyCost(interest_bp=5000, guarantee_bp=0, assessment_bp=0, bridge_bp=0)

        assert [cost.of(amount) for amount in (1, 2, 3)] == [1, 1, 2]
