"""Scope is derived: items to resources, fields and months; personal items stand apart."""

from datetime import date

import pytest

from yidaitong.authorizations.scope import scope_of, whole_scope

DAYS = (date(2026, 3, 2), date(2026, 4, 1))


class TestScopeOf:
    def test_items_become_their_resources_in_catalogue_order(self) -> None:
        scope = scope_of(["tax.paid_12m_fen", "reg.status", "app.amount_fen"], *DAYS)

        assert [dataset.resource for dataset in scope.enterprise] == ["SAMR.REG", "TAX.PAY"]
        assert scope.enterprise[0].items == ("reg.status",)
        assert scope.personal == ()

    def test_present_state_needs_no_range(self) -> None:
        (registry,) = scope_of(["reg.status"], *DAYS).enterprise

        assert registry.range is None

    def test_months_cover_a_source_as_late_as_it_may_be(self) -> None:
        (taxes,) = scope_of(["tax.paid_12m_fen", "tax.paid_prev12m_fen"], *DAYS).enterprise

        assert taxes.range is not None
        assert (taxes.range.from_on, taxes.range.to_on) == ("2024-01-01", "2026-04-01")

    def test_a_personal_item_stands_apart(self) -> None:
        scope = scope_of(["reg.status", "reg.legal_rep_age"], *DAYS)

        assert [dataset.items for dataset in scope.enterprise] == [("reg.status",)]
        assert [dataset.items for dataset in scope.personal] == [("reg.legal_rep_age",)]

    def test_an_unknown_item_is_refused(self) -> None:
        with pytest.raises(KeyError):
            scope_of(["reg.shoe_size"], *DAYS)


class TestWholeScope:
    def test_one_dataset_a_resource(self) -> None:
        scope = scope_of(["reg.status", "reg.legal_rep_age", "tax.rating"], *DAYS)

        whole = whole_scope(scope)

        assert [dataset.resource for dataset in whole] == ["SAMR.REG", "TAX.RATE"]
        assert whole[0].items == ("reg.legal_rep_age", "reg.status")
        assert set(whole[0].fields) == {
            *scope.enterprise[0].fields,
            *scope.personal[0].fields,
        }
