"""Matching with the business registry."""

from datetime import date

import pytest

from yidaitong.enterprises.registry import MatchResult, RegistryRecord, compare

NAME = "济南齐云精密制造有限公司"


def a_record(**changes: object) -> RegistryRecord:
    values: dict[str, object] = {
        "known": True,
        "serial": "SAMR-1",
        "sha256": "0" * 64,
        "as_of": date(2018, 6, 29),
        "name": NAME,
        "status": "1",
        "district": "370102",
        "rep_name": "王建国",
    }
    return RegistryRecord(**(values | changes))  # type: ignore[arg-type]


class TestCompare:
    def test_an_exact_name_in_operation_in_the_city_matches(self) -> None:
        assert compare(NAME, a_record()) is MatchResult.MATCHED

    @pytest.mark.parametrize(
        "typed",
        ["济南齐云(高新)有限公司", "济南齐云（高新）有限公司", " 济南齐云 (高新) 有限公司 "],
    )
    def test_width_brackets_and_blanks_do_not_count(self, typed: str) -> None:
        record = a_record(name="济南齐云（高新）有限公司")
        assert compare(typed, record) is MatchResult.MATCHED

    @pytest.mark.parametrize("typed", ["", NAME[:-1], NAME + "分公司", "济南齐云精密制造公司"])
    def test_any_other_name_differs(self, typed: str) -> None:
        assert compare(typed, a_record()) is MatchResult.NAME

    @pytest.mark.parametrize("status", ["", "2", "3", "4", "5", "6", "9"])
    def test_only_a_firm_in_operation_may_register(self, status: str) -> None:
        assert compare(NAME, a_record(status=status)) is MatchResult.STATUS

    @pytest.mark.parametrize("district", ["", "370202", "3702", "110101"])
    def test_only_a_firm_in_the_city_may_register(self, district: str) -> None:
        assert compare(NAME, a_record(district=district)) is MatchResult.ADDRESS

    def test_an_unknown_firm_is_no_record(self) -> None:
        assert compare(NAME, a_record(known=False)) is MatchResult.NO_RECORD
