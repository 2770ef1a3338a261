"""Check digits of credit codes and ID numbers."""

from datetime import date

import pytest

from yidaitong.kernel import codes


class TestUsccProblem:
    @pytest.mark.parametrize(
        "code",
        [
            "91370199MA31U2DL73",
            "91370199MA3H40CL89",
            "91370199MA3MG93DX8",
            "92370199MA3HH7712T",
            "91370199MA3XMPL129",
        ],
    )
    def test_good_codes_have_no_problem(self, code: str) -> None:
        assert codes.uscc_problem(code) is None

    @pytest.mark.parametrize(
        ("code", "problem"),
        [
            ("91370199MA31U2DL74", "CHECK_DIGIT"),
            ("91370199MA31U2DL86", "BODY_CHECK_DIGIT"),
            ("91370199MA31U2DL7", "LENGTH"),
            ("", "LENGTH"),
            ("91370199MA31U2DL733", "LENGTH"),
            ("91370199MA31U2DI73", "SIGNS"),
            ("91370199ma31u2dl73", "SIGNS"),
            ("91370199MA31U2DL7 ", "SIGNS"),
            ("91370199MA31U2DL7３", "SIGNS"),
            ("9137019AMA31U2DL73", "SIGNS"),
        ],
    )
    def test_bad_codes_say_what_is_wrong(self, code: str, problem: str) -> None:
        assert codes.uscc_problem(code) == problem

    def test_every_single_wrong_sign_is_found(self) -> None:
        good = "91370199MA31U2DL73"

        for place in range(18):
            for sign in codes.USCC_ALPHABET:
                changed = good[:place] + sign + good[place + 1 :]
                assert (codes.uscc_problem(changed) is None) == (changed == good)


class TestBodyCheckSign:
    # GB 11714-1997 gives D2143569-X as its example.
    def test_a_remainder_of_ten_is_written_x(self) -> None:
        assert codes.body_check_sign("D2143569") == "X"


class TestIdProblem:
    def test_the_sandbox_number_is_good(self) -> None:
        assert codes.id_problem("370199197403150015") is None

    # The example of GB 11643-1999.
    def test_the_number_of_the_standard_is_good(self) -> None:
        assert codes.id_problem("11010519491231002X") is None

    @pytest.mark.parametrize(
        ("number", "problem"),
        [
            ("370199197403150016", "CHECK_DIGIT"),
            ("37019919740315001", "LENGTH"),
            ("37019919740230001X", "BIRTHDAY"),
            ("37019919740315001x", "SIGNS"),
            ("37019919740315００15", "SIGNS"),
        ],
    )
    def test_bad_numbers_say_what_is_wrong(self, number: str, problem: str) -> None:
        assert codes.id_problem(number) == problem


class TestWholeYears:
    @pytest.mark.parametrize(
        ("on", "years"),
        [
            (date(2018, 3, 14), 43),
            (date(2018, 3, 15), 44),
            (date(2018, 12, 31), 44),
        ],
    )
    def test_a_year_completes_on_the_birthday(self, on: date, years: int) -> None:
        assert codes.whole_years(date(1974, 3, 15), on) == years

    def test_a_leap_day_completes_on_the_first_of_march(self) -> None:
        assert codes.whole_years(date(2000, 2, 29), date(2018, 2, 28)) == 17
        assert codes.whole_years(date(2000, 2, 29), date(2018, 3, 1)) == 18


class TestWholeMonths:
    @pytest.mark.parametrize(
        ("start", "end", "months"),
        [
            (date(2016, 6, 5), date(2018, 6, 5), 24),
            (date(2016, 6, 6), date(2018, 6, 5), 23),
            (date(2018, 1, 31), date(2018, 2, 28), 0),
        ],
    )
    def test_a_month_completes_on_its_day(self, start: date, end: date, months: int) -> None:
        assert codes.whole_months(start, end) == months
