"""The form of the three facts of a person."""

import pytest

from yidaitong.enterprises.identity import Identity, identity_problems

GOOD_ID = "370199197403150015"


class TestIdentityProblems:
    def test_three_good_facts_have_none(self) -> None:
        assert identity_problems(Identity("王建国", GOOD_ID, "13805310000")) == {}

    @pytest.mark.parametrize(
        ("number", "problem"),
        [
            ("", "LENGTH"),
            (GOOD_ID[:-1], "LENGTH"),
            (GOOD_ID + "1", "LENGTH"),
            ("37019919740315001x", "SIGNS"),
            ("３７０１９９197403150015", "SIGNS"),
            ("370199197402300015", "BIRTHDAY"),
            ("370199197403150016", "CHECK_DIGIT"),
        ],
    )
    def test_a_wrong_id_number_is_named(self, number: str, problem: str) -> None:
        found = identity_problems(Identity("王建国", number, "13805310000"))
        assert found == {"id_number": problem}

    @pytest.mark.parametrize("mobile", ["", "12345678901", "1380531000", "138053100000", "１38"])
    def test_a_wrong_mobile_is_named(self, mobile: str) -> None:
        assert identity_problems(Identity("王建国", GOOD_ID, mobile)) == {"mobile": "SIGNS"}

    def test_a_blank_name_is_missing(self) -> None:
        assert identity_problems(Identity("  ", GOOD_ID, "13805310000")) == {"name": "MISSING"}

    def test_facts_never_show_in_a_repr(self) -> None:
        assert repr(Identity("王建国", GOOD_ID, "13805310000")) == "Identity()"
