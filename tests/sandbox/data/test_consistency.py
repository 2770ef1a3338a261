"""The departments never contradict each other about one firm."""

import json
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given

from tests.sandbox.data.drawn import MANY, Case, cases
from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.items import ITEMS, Why, derive
from yidaitong.departments.reading import month_of, month_text
from yidaitong.departments.registry import RESOURCES
from yidaitong.departments.schema import schema_problem
from yidaitong.kernel.money import parse_yuan
from yidaitong.sandbox.data import (
    answer,
)
from yidaitong.sandbox.data.firms import SOURCES


class TestConsistency:
    @MANY
    @given(cases())
    def test_every_answer_keeps_to_its_definition(self, case: Case) -> None:
        for resource in RESOURCES:
            outcome, as_of, items = answer(resource, case.firm.uscc, case.on)
            age = case.on - as_of

            assert outcome in (Outcome.DATA, Outcome.NO_RECORD)
            assert (outcome is Outcome.DATA) == bool(items)
            assert schema_problem(resource, items) is None
            assert timedelta(0) <= age <= timedelta(days=RESOURCES[resource].freshness_sla_days)
            assert items == json.loads(json.dumps(items))

    @MANY
    @given(cases())
    def test_nothing_dates_from_before_the_opening(self, case: Case) -> None:
        opened = month_text(month_of(case.firm.est_date))
        insured = [r["month"] for r in case.rows("HRSS.MON", "months") if r["insured"]]

        assert all(row["month"] >= opened for row in case.rows("TAX.PAY", "paid"))
        assert all(row["month"] >= opened for row in case.rows("TAX.FILE", "filings"))
        assert all(month >= opened for month in insured)

    @MANY
    @given(cases())
    def test_nothing_dates_from_after_the_question(self, case: Case) -> None:
        text = json.dumps([answer(code, case.firm.uscc, case.on)[2] for code in SOURCES])
        foreseen = {"expire", "to", "hte_to", "term_to", "due"}

        def walk(value: Any, name: str = "") -> None:
            if isinstance(value, dict):
                for key, inner in value.items():
                    walk(inner, key)
            elif isinstance(value, list):
                for inner in value:
                    walk(inner, name)
            elif isinstance(value, str) and len(value) == 10 and value[4:8:3] == "--":
                assert name in foreseen or value <= case.on.isoformat(), (name, value)

        walk(json.loads(text))

    @MANY
    @given(cases())
    def test_a_closed_firm_has_no_later_months(self, case: Case) -> None:
        closed = case.profile.closed_on
        tax_closed = case.items("TAX.ID")["status"] == "07"
        if closed is None:
            assert case.firm.status == "1"
            assert not tax_closed
            return
        last = month_text(month_of(closed))
        for resource, name in (
            ("TAX.PAY", "paid"),
            ("TAX.FILE", "filings"),
            ("HRSS.MON", "months"),
            ("HPF.MON", "months"),
        ):
            assert all(row["month"] < last for row in case.rows(resource, name))

    @MANY
    @given(cases())
    def test_fund_members_are_insured_and_the_insured_are_staff(self, case: Case) -> None:
        insured = {r["month"]: r["insured"] for r in case.rows("HRSS.MON", "months")}
        staff = {row["year"]: row["staff"] for row in case.rows("SAMR.ANN", "annual")}

        for row in case.rows("HPF.MON", "months"):
            if row["month"] in insured:
                assert row["members"] <= insured[row["month"]]
        for month, count in insured.items():
            if int(month[:4]) in staff:
                assert count * 10 <= staff[int(month[:4])] * 11

    @MANY
    @given(cases())
    def test_taxes_are_between_half_and_eight_percent_of_sales(self, case: Case) -> None:
        filings = case.rows("TAX.FILE", "filings")
        sold = sum(parse_yuan(row["sales_fen"]) for row in filings)
        paid = sum(
            parse_yuan(row["amount_fen"])
            for row in case.rows("TAX.PAY", "paid")
            if row["kind"] == "1"
        )

        if sold == 0:
            assert paid == 0
        else:
            assert Fraction(5, 1000) <= Fraction(paid, sold) <= Fraction(80, 1000)

    @MANY
    @given(cases())
    def test_ratings_have_their_reasons(self, case: Case) -> None:
        rating = case.items("TAX.RATE").get("rating")
        filed = case.items("TAX.FILE")
        violations = case.rows("TAX.VIO", "violations")
        age = case.on - case.firm.est_date

        if rating == "D":
            assert violations or filed["late_12m"] >= 3
        if rating == "M":
            assert age < timedelta(days=732) or parse_yuan(filed.get("sales_12m_fen", "0")) == 0
        if case.on < date(2018, 4, 1):
            assert rating != "M"

    @MANY
    @given(cases())
    def test_dishonest_debtors_were_enforced_before(self, case: Case) -> None:
        filed = {row["basis_no"]: row["filed"] for row in case.rows("COURT.EXE", "exec")}

        for row in case.rows("COURT.DIS", "dishonest"):
            assert filed[row["basis_no"]] < row["publish"]

    @MANY
    @given(cases())
    def test_a_lost_contact_listing_means_a_stale_address(self, case: Case) -> None:
        reasons = {row["reason"] for row in case.rows("SAMR.ABN", "abn")}

        if "4" in reasons:
            assert case.firm.address_stale
            assert case.items("SAMR.REG")["address_state"] == "2"

    @MANY
    @given(cases())
    def test_a_seizure_follows_a_suit(self, case: Case) -> None:
        suits = {row["case_no"]: row["filed"] for row in case.rows("COURT.SUIT", "suits")}

        for row in case.rows("NRE.SEI", "seizure"):
            assert suits[row["doc_no"].removesuffix("之一")] < row["from_on"]

    @MANY
    @given(cases())
    def test_shares_of_holders_are_whole(self, case: Case) -> None:
        holders = case.rows("SAMR.REG", "holders")

        assert sum(row["ratio_bp"] for row in holders) == 10_000

    @MANY
    @given(cases())
    def test_source_totals_are_those_we_derive(self, case: Case) -> None:
        """What the department adds up itself and what we derive from its rows agree."""
        answers = {}
        for code in RESOURCES:
            outcome, as_of, items = answer(code, case.firm.uscc, case.on)
            answers[code] = Answer(outcome=outcome, as_of=as_of, items=items)
        for name, resource, field in (
            ("tax.zero_months_12m", "TAX.FILE", "zero_months_12m"),
            ("ss.insured_now", "HRSS.MON", "insured_now"),
            ("ss.insured_avg12", "HRSS.MON", "insured_avg12"),
            ("ss.months_paid_24", "HRSS.MON", "months_paid_24"),
            ("hpf.months_paid_24", "HPF.MON", "months_paid_24"),
        ):
            found = derive(name, answers, case.on)
            if found.value is not None and answers[resource].outcome is Outcome.DATA:
                assert found.value == answers[resource].items[field]

    @MANY
    @given(cases())
    def test_a_trading_firm_leaves_no_item_unknown(self, case: Case) -> None:
        answers = {}
        for code in RESOURCES:
            outcome, as_of, items = answer(code, case.firm.uscc, case.on)
            answers[code] = Answer(outcome=outcome, as_of=as_of, items=items)
        if case.profile.closed_on is not None:
            return
        for item in ITEMS.values():
            if item.resource is None:
                continue
            found = derive(item.name, answers, case.on, own_consent=True)
            if found.why is not None:
                assert (item.name, found.why) == ("tax.rating", Why.MISSING)
                assert case.on < date(2018, 4, 1)
