"""Codes of firms and people that do not exist."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yidaitong.kernel.codes import id_problem, uscc_problem
from yidaitong.sandbox.data import codes
from yidaitong.sandbox.data.codes import identity_result, make_id, make_uscc, mobile_of


class TestMakeUscc:
    @settings(max_examples=200, deadline=None)
    @given(st.integers(0, 10**7), st.text(max_size=20), st.integers(2018, 2033), st.booleans())
    def test_codes_are_valid_and_of_no_real_area(
        self, n: int, seed: str, era: int, individual: bool
    ) -> None:
        code = make_uscc(n, seed, era=era, individual=individual)

        assert uscc_problem(code) is None
        assert code[2:8] == "370199"
        assert code[:2] == ("92" if individual else "91")
        assert codes.era_of(code) == era

    def test_codes_of_one_seed_never_repeat(self) -> None:
        assert len({make_uscc(n, "seed") for n in range(20_000)}) == 20_000

    def test_known_answer(self) -> None:
        assert [make_uscc(n, "known") for n in range(3)] == KNOWN_CODES


KNOWN_CODES = ["91370199MA3TNRAX1Q", "91370199MA3MLEPG5M", "91370199MA3GJ35431"]


class TestIsSandbox:
    @pytest.mark.parametrize(
        ("code", "ours"),
        [
            ("91370199MA31U2DL73", True),
            ("92370199MA3HH7712T", True),
            ("91370199MA31U2DL74", False),
            ("91110000600037341L", False),
            ("11370199MB2101833L", False),
            ("", False),
        ],
    )
    def test_only_valid_codes_of_the_area_are_ours(self, code: str, ours: bool) -> None:
        assert codes.is_sandbox(code) is ours


class TestMakeId:
    def test_the_sandbox_number(self) -> None:
        assert make_id(date(1974, 3, 15), 1) == "370199197403150015"

    @given(st.dates(date(1930, 1, 1), date(2005, 1, 1)), st.integers(0, 999))
    def test_numbers_are_valid(self, born: date, serial: int) -> None:
        assert id_problem(make_id(born, serial)) is None


class TestIdentityResult:
    ID = "370199197403150015"

    def test_three_facts_of_one_person_are_verified(self) -> None:
        mobile = mobile_of("王建国", self.ID)

        assert identity_result("王建国", self.ID, mobile) == "VERIFIED"

    def test_a_fact_of_somebody_else_is_a_mismatch(self) -> None:
        mobile = mobile_of("王建国", self.ID)

        assert identity_result("王建军", self.ID, mobile) == "MISMATCH"
        assert identity_result("王建国", make_id(date(1974, 3, 15), 2), mobile) == "MISMATCH"
        assert identity_result("王建国", self.ID, "13800000000") == "MISMATCH"

    @pytest.mark.parametrize("number", ["11010519491231002X", "370199197403150016", ""])
    def test_real_and_wrong_numbers_are_not_on_record(self, number: str) -> None:
        assert identity_result("王建国", number, "13800000000") == "NO_RECORD"
