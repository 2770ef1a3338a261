"""What comes in: unknown members refused, one line is one line, amounts exact."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from yidaitong.kernel.schema import CommandSchema, Line, Paragraph, WanField, YuanField


@dataclass(frozen=True)
class Order:
    name: str
    note: str = ""
    amount: int = 0
    limit: int = 0


class OrderSchema(CommandSchema):
    command = Order

    name = Line(required=True, max_length=10)
    note = Paragraph(max_length=20)
    amount = YuanField(low=1, high=100_00)
    limit = WanField()


def problems(**given: object) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        OrderSchema().load(given)
    found: dict[str, list[str]] = refused.value.normalized_messages()  # type: ignore[no-untyped-call]
    return found


class TestCommandSchema:
    def test_it_makes_the_command(self) -> None:
        made = OrderSchema().load(
            {"name": " 甲 ", "note": "a\r\nb", "amount": "1.5", "limit": "0.5"}
        )

        assert made == Order(name="甲", note="a\nb", amount=150, limit=500_000)

    @pytest.mark.promise("T19")
    @pytest.mark.parametrize("member", ["id", "state", "bank_id", "__class__", "row_version"])
    def test_members_nobody_asked_for_are_refused(self, member: str) -> None:
        assert member in problems(name="x", **{member: "1"})

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"name": ""}, "MISSING"),
            ({"name": "  "}, "MISSING"),
            ({"name": "x" * 11}, "TOO_LONG"),
            ({"name": "a\nb"}, "SIGNS"),
            ({"name": "a\u202eb"}, "SIGNS"),
            ({"name": "a\x00"}, "SIGNS"),
            ({"name": "x", "note": "y" * 21}, "TOO_LONG"),
            ({"name": "x", "note": "\x1b[31m"}, "SIGNS"),
            ({"name": "x", "amount": 1.5}, "NOT_MONEY"),
            ({"name": "x", "amount": "1.005"}, "NOT_MONEY"),
            ({"name": "x", "amount": "0"}, "TOO_SMALL"),
            ({"name": "x", "amount": "100.01"}, "TOO_LARGE"),
            ({"name": "x", "limit": True}, "NOT_MONEY"),
        ],
    )
    def test_each_problem_has_its_code(self, given: dict[str, object], code: str) -> None:
        assert [code] in problems(**given).values()

    @given(st.text(max_size=12))
    def test_a_line_is_kept_or_refused_never_changed_inside(self, text: str) -> None:
        try:
            made = OrderSchema().load({"name": text})
        except ValidationError:
            return
        assert made.name == text.strip()
