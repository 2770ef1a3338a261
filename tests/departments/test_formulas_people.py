"""Each formula of registry, tax and insurance on recorded answers."""

from datetime import date

import pytest

from tests.departments.recorded import MONTHS, ON, filing, insured, payment, said, value, why
from yidaitong.departments.items import Why, derive


class TestRegistryItems:
    def test_the_city_is_known_by_its_district(self) -> None:
        assert value("reg.in_city", {"district": "370102"}) is True
        assert value("reg.in_city", {"district": "370202"}) is False

    def test_codes_pass_only_if_listed(self) -> None:
        assert value("reg.status", {"status": "1"}) == "1"
        assert why("reg.status", {"status": "8"}) is Why.TYPE
        assert value("reg.size", {"size": "XS"}) == "XS"
        assert value("reg.industry_class", {"industry": "C3812"}) == "C"
        assert why("reg.industry_class", {"industry": "Z1"}) is Why.TYPE

    @pytest.mark.parametrize(
        ("day", "months"), [("2016-07-17", 24), ("2016-07-18", 23), ("2018-07-17", 0)]
    )
    def test_age_counts_whole_months(self, day: str, months: int) -> None:
        assert value("reg.age_months", {"est_date": day}) == months

    def test_a_firm_of_tomorrow_has_no_age(self) -> None:
        assert why("reg.age_months", {"est_date": "2018-07-18"}) is Why.OVERFLOW

    def test_the_age_of_a_person_needs_the_persons_consent(self) -> None:
        answers = {"SAMR.REG": said({"rep_age": 44})}

        assert derive("reg.legal_rep_age", answers, ON).why is Why.NO_CONSENT
        assert derive("reg.legal_rep_age", answers, ON, own_consent=True).value == 44

    @pytest.mark.parametrize(
        ("name", "field"), [("reg.abnormal_open", "abn"), ("reg.serious_open", "svi")]
    )
    def test_entries_are_open_until_a_removal_date(self, name: str, field: str) -> None:
        rows = [{"out_date": None}, {"out_date": "2018-01-01"}, {"out_date": None}]

        assert value(name, {field: rows}) == 2
        assert value(name, {field: []}) == 0
        assert why(name, {field: [{"in_date": "2018-01-01"}]}) is Why.MISSING


class TestTaxItems:
    def test_the_rating_passes(self) -> None:
        assert value("tax.rating", {"rating": "B", "year": 2017}) == "B"

    @pytest.mark.parametrize(
        ("on", "known"), [(date(2018, 12, 31), True), (date(2019, 1, 1), False)]
    )
    def test_a_rating_over_24_months_old_is_none(self, on: date, known: bool) -> None:
        answers = {"TAX.RATE": said({"rating": "B", "year": 2016})}

        found = derive("tax.rating", answers, on)

        assert found.why is (None if known else Why.STALE)

    def test_own_taxes_leave_out_withheld_fees_and_refunds(self) -> None:
        rows = [payment(month, "100.01") for month in MONTHS]
        rows += [
            payment("2018-06", "50.00", code="10106"),
            payment("2018-06", "5.00", kind="2"),
            payment("2018-06", "7.00", kind="3"),
            payment("2018-06", "1.00", code="10109"),
        ]

        assert value("tax.paid_12m_fen", {"paid": rows}) == 12 * 10_001 + 100
        assert value("tax.paid_prev12m_fen", {"paid": rows}) == 12 * 10_001

    def test_a_missing_month_is_unknown(self) -> None:
        rows = [payment(month, "1.00") for month in MONTHS if month != "2018-01"]

        assert why("tax.paid_12m_fen", {"paid": rows}) is Why.MISSING
        assert value("tax.paid_prev12m_fen", {"paid": rows}) == 1200

    def test_months_before_the_opening_count_zero(self) -> None:
        rows = {"paid": [payment(month, "1.00") for month in MONTHS[:5]]}

        assert value("tax.paid_12m_fen", rows, est_date="2018-02-20") == 500
        assert value("tax.paid_prev12m_fen", rows, est_date="2018-02-20") == 0
        assert why("tax.paid_12m_fen", rows, est_date="2018-01-31") is Why.MISSING
        assert why("tax.paid_12m_fen", rows) is Why.MISSING
        assert why("tax.paid_12m_fen", rows, est_date="soon") is Why.MISSING

    @pytest.mark.parametrize("raw", ["1.005", "1e3", 100, 1.0, "", "¥1", "1.00 元", "１"])
    def test_money_that_is_not_exact_is_unknown(self, raw: object) -> None:
        assert why("tax.arrears_fen", {"arrears_fen": raw}) is Why.TYPE

    @pytest.mark.parametrize(
        ("raw", "fen"), [("0", 0), ("12.3", 1230), ("12.30", 1230), ("7", 700)]
    )
    def test_yuan_become_fen(self, raw: str, fen: int) -> None:
        assert value("tax.arrears_fen", {"arrears_fen": raw}) == fen

    def test_negative_money_is_outside(self) -> None:
        assert why("tax.arrears_fen", {"arrears_fen": "-1.00"}) is Why.OVERFLOW

    def test_zero_filings_and_sales_look_at_vat_only(self) -> None:
        rows = [filing(month, "0" if month in MONTHS[:3] else "10.00") for month in MONTHS]
        rows.append(filing("2018-06", "99.00", tax="10104"))

        assert value("tax.zero_months_12m", {"filings": rows}) == 3
        assert value("tax.sales_12m_fen", {"filings": rows}) == 9_000

    def test_months_before_the_opening_are_no_zero_filings(self) -> None:
        rows = {"filings": [filing(month, "0") for month in MONTHS[:4]]}

        assert value("tax.zero_months_12m", rows, est_date="2018-03-01") == 4
        assert why("tax.zero_months_12m", rows) is Why.MISSING


class TestInsuranceItems:
    def test_insured_now_is_the_last_full_month(self) -> None:
        rows = {"months": [insured("2018-06", 14), insured("2018-07", 99)]}

        assert value("ss.insured_now", rows) == 14
        assert why("ss.insured_now", {"months": [insured("2018-05", 14)]}) is Why.MISSING

    def test_the_mean_is_floored(self) -> None:
        rows = [insured(month, 10 if place else 21) for place, month in enumerate(MONTHS[:12])]

        assert value("ss.insured_avg12", {"months": rows}) == (11 * 10 + 21) // 12

    def test_the_mean_begins_with_the_first_insured_month(self) -> None:
        rows = [insured(month, 9 if place < 4 else 0) for place, month in enumerate(MONTHS[:12])]

        assert value("ss.insured_avg12", {"months": rows}) == 9
        assert value("ss.insured_avg12", {"months": rows[:4]}) == 9

    def test_a_gap_after_the_first_month_is_unknown(self) -> None:
        rows = [insured(month, 9) for month in MONTHS[:12] if month != "2018-03"]

        assert why("ss.insured_avg12", {"months": rows}) is Why.MISSING

    def test_nobody_insured_is_zero(self) -> None:
        assert value("ss.insured_avg12", {"months": [insured(m, 0) for m in MONTHS[:12]]}) == 0

    def test_a_year_ago_insured_counts_a_full_window(self) -> None:
        rows = [insured(month, 0 if place < 6 else 12) for place, month in enumerate(MONTHS)]

        assert value("ss.insured_avg12", {"months": rows}) == 6

    def test_months_count_when_paid_in_full(self) -> None:
        rows = [insured(month, 3) for month in MONTHS]
        rows[0] = insured(MONTHS[0], 3, due="100.00", paid="99.99")
        rows[1] = insured(MONTHS[1], 0, due="0", paid="0")
        rows[2] = insured(MONTHS[2], 3, due="100.00", paid="100.01")

        assert value("ss.months_paid_24", {"months": rows}) == 22

    def test_arrears(self) -> None:
        assert value("ss.arrears_fen", {"arrears_fen": "3.50"}) == 350
