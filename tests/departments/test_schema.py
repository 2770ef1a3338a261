"""Answers that break their definition are told by field."""

import pytest

from yidaitong.departments.schema import schema_problem


class TestSchemaProblem:
    @pytest.mark.parametrize(
        "items",
        [
            {},
            {"status": "1", "est_date": "2013-05-16", "reg_cap_fen": "500.000001"},
            {"open_to": None},
            {"holders": [{"name": "王建国", "ratio_bp": 10000}]},
        ],
    )
    def test_right_answers_have_no_problem(self, items: dict[str, object]) -> None:
        assert schema_problem("SAMR.REG", items) is None

    @pytest.mark.parametrize(
        ("items", "field"),
        [
            ({"status": "8"}, "status"),
            ({"est_date": "2013-02-30"}, "est_date"),
            ({"reg_cap_fen": 500}, "reg_cap_fen"),
            ({"reg_cap_fen": "1.0000001"}, "reg_cap_fen"),
            ({"rep_age": True}, "rep_age"),
            ({"surprise": 1}, "surprise"),
            ({"rep_id": "370199197403150015"}, "rep_id"),
            ({"rep_mobile": None}, "rep_mobile"),
            ({"holders": {}}, "holders"),
            ({"holders": [1]}, "holders"),
            ({"holders": [{"ratio_bp": "10000"}]}, "holders.ratio_bp"),
            ({"holders": [{"age": 3}]}, "holders.age"),
        ],
    )
    def test_wrong_answers_name_the_field(self, items: dict[str, object], field: str) -> None:
        assert schema_problem("SAMR.REG", items) == field

    def test_rows_of_rows_are_read(self) -> None:
        items = {"accounts": [{"bills": [{"month": "2018-13"}]}]}

        assert schema_problem("UTIL.ELE", items) == "accounts.bills.month"
