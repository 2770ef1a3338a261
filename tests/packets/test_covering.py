"""What an amendment leaves of a packet that was released before it."""

from dataclasses import replace
from typing import Any

import pytest

from consent.artefact import DataFilter, DateRange
from tests.packets.offline import an_artefact
from yidaitong.packets.covering import covers

OLD = an_artefact()
MONTHS = next(one for one in OLD.datasets if one.range is not None)


def changed(**changes: Any) -> Any:
    """The artefact with its dataset of months changed."""
    rest = [replace(one, **changes) if one is MONTHS else one for one in OLD.datasets]
    return replace(OLD, datasets=tuple(rest))


class TestCovers:
    def test_the_same_and_more(self) -> None:
        assert covers(OLD, OLD)
        assert covers(changed(fields=(*MONTHS.fields, "more"), items=(*MONTHS.items, "x")), OLD)
        assert covers(changed(range=DateRange(from_on="2000-01-01", to_on="2100-01-01")), OLD)

    @pytest.mark.parametrize(
        "less",
        [
            replace(OLD, datasets=OLD.datasets[1:]),
            changed(fields=()),
            changed(items=()),
            changed(range=None),
            changed(range=DateRange(from_on="2026-01-01", to_on="2100-01-01")),
        ],
        ids=["resource", "field", "item", "range", "months"],
    )
    def test_less(self, less: Any) -> None:
        assert not covers(less, OLD)

    def test_a_new_filter(self) -> None:
        rule = DataFilter(resource="TAX.PAY", field="paid.code", op="ne", value="10101")

        assert not covers(replace(OLD, data_filter=(*OLD.data_filter, rule)), OLD)
        assert covers(OLD, replace(OLD, data_filter=(*OLD.data_filter, rule)))
