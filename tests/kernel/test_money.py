"""Money never rounds: what cannot be held exactly in fen is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yidaitong.kernel.money import MAX_FEN, MoneyError, format_yuan, parse_wan, parse_yuan


class TestParse:
    @pytest.mark.parametrize(
        ("text", "fen"),
        [
            ("0", 0),
            ("1", 100),
            ("1.5", 150),
            ("1.50", 150),
            ("1.500", 150),
            ("1,234,567.89", 123_456_789),
            (" 12 ", 1200),
            ("-3.05", -305),
        ],
    )
    def test_yuan(self, text: str, fen: int) -> None:
        assert parse_yuan(text) == fen

    @pytest.mark.parametrize(
        ("text", "fen"), [("1", 1_000_000), ("0.000001", 1), ("12.3456", 12_345_600)]
    )
    def test_wan(self, text: str, fen: int) -> None:
        assert parse_wan(text) == fen

    @pytest.mark.parametrize(
        "text",
        ["", "1.005", "1e3", "１", "٣", "+1", "01", ".5", "1.", "NaN", "Infinity", "0x1", "1_0"],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(MoneyError):
            parse_yuan(text)

    def test_beyond_the_range_is_refused(self) -> None:
        assert parse_yuan("9999999999999999") <= MAX_FEN
        with pytest.raises(MoneyError):
            parse_wan("9999999999999")

    @given(st.integers(-(10**17), 10**17))
    def test_what_is_written_reads_back(self, fen: int) -> None:
        assert parse_yuan(format_yuan(fen)) == fen

    @given(st.text(max_size=30))
    def test_any_text_gives_an_exact_amount_or_our_error(self, text: str) -> None:
        try:
            fen = parse_yuan(text)
        except MoneyError:
            return
        assert Decimal(text.strip().replace(",", "")) * 100 == fen
