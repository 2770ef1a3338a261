"""Cells of an export: whatever they start with, no spreadsheet runs them."""

import csv
import io

import pytest

from yidaitong.kernel.tables import as_csv, quoted

PAYLOADS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\x00=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "\u3000=1",
    '=HYPERLINK("http://x","y")',
]


class TestQuoted:
    @pytest.mark.promise("T13")
    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_a_formula_becomes_text_and_is_restored(self, payload: str) -> None:
        table = as_csv(["a"], [[payload]]).decode("utf-8-sig")

        read = list(csv.reader(io.StringIO(table, newline="")))[1][0]

        assert read.startswith("'")
        assert read[1:] == payload.replace("\x00", "")

    @pytest.mark.parametrize(
        "plain", ["济南示例有限公司", "1,000.00", "12", "", "a=b", "2026-03-01", "(x)"]
    )
    def test_plain_text_stays(self, plain: str) -> None:
        assert quoted(plain) == plain

    def test_nothing_is_an_empty_cell(self) -> None:
        assert quoted(None) == ""
