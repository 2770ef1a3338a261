"""Each formula on recorded answers, and doubt that never becomes a value."""

from collections.abc import Mapping
from datetime import date

import pytest

from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.definitions import ItemType
from yidaitong.departments.items import ITEMS, Derived, Why, derive, in_domain
from yidaitong.departments.reading import last_full_month, month_text, parse_month
from yidaitong.departments.registry import RESOURCES

ON = date(2018, 7, 17)
JUNE = date(2018, 6, 30)
MONTHS = [month_text(parse_month("2018-06") - back) for back in range(24)]  # Newest first.
FROM_ANSWERS = [item.name for item in ITEMS.values() if item.resource is not None]


def said(items: Mapping[str, object], outcome: Outcome = Outcome.DATA) -> Answer:
    return Answer(outcome=outcome, as_of=JUNE, items=items)


def derived(name: str, items: Mapping[str, object], **registry: object) -> Derived:
    answers = {ITEMS[name].resource or "": said(items)}
    if registry:
        answers["SAMR.REG"] = said(registry)
    return derive(name, answers, ON, own_consent=True)


def value(name: str, items: Mapping[str, object], **registry: object) -> object:
    found = derived(name, items, **registry)
    assert found.why is None
    return found.value


def why(name: str, items: Mapping[str, object], **registry: object) -> Why | None:
    found = derived(name, items, **registry)
    assert found.value is None
    return found.why


def payment(month: str, yuan: str, code: str = "10101", kind: str = "1") -> dict[str, object]:
    return {"month": month, "code": code, "kind": kind, "amount_fen": yuan, "in_date": None}


def filing(month: str, yuan: str, tax: str = "10101") -> dict[str, object]:
    return {"month": month, "tax": tax, "sales_fen": yuan}


def insured(month: str, count: int, due: str = "100.00", paid: str = "100.00") -> dict[str, object]:
    return {"month": month, "insured": count, "due_fen": due, "paid_fen": paid}


def deposit(
    month: str, yuan: str, remitted: str | None = "2018-06-18", back: bool = False
) -> dict[str, object]:
    return {"month": month, "amount_fen": yuan, "remitted_on": remitted, "back_pay": back}


def bill(
    month: str, qty: str = "10.5", fee: str = "8.00", paid: str | None = None
) -> dict[str, object]:
    due = f"{month}-25"
    return {"month": month, "qty": qty, "fee_fen": fee, "due": due, "paid_on": paid or due}


def account(
    bills: list[dict[str, object]], acct: str = "1", own: bool = True, **more: object
) -> dict[str, object]:
    facts = {"tariff": "02", "arrears_fen": "0.00", "cut_12m": 0, "theft": False}
    return {"acct": acct, "holder_matches": own, "bills": bills, **facts, **more}


class TestLastFullMonth:
    @pytest.mark.parametrize(
        ("as_of", "month"),
        [
            (date(2018, 6, 30), "2018-06"),
            (date(2018, 6, 29), "2018-05"),
            (date(2018, 7, 1), "2018-06"),
            (date(2018, 1, 1), "2017-12"),
            (date(2016, 2, 29), "2016-02"),
            (date(2016, 2, 28), "2016-01"),
        ],
    )
    def test_m0_is_the_last_month_fully_covered(self, as_of: date, month: str) -> None:
        assert month_text(last_full_month(as_of)) == month


class TestOutcomes:
    @pytest.mark.parametrize("name", FROM_ANSWERS)
    def test_no_record_gives_the_value_of_the_dictionary(self, name: str) -> None:
        item = ITEMS[name]
        answers = {item.resource or "": said({}, Outcome.NO_RECORD)}

        found = derive(name, answers, ON, own_consent=True)

        assert found.value == item.on_no_record
        assert type(found.value) is type(item.on_no_record)
        assert found.why == (Why.MISSING if item.on_no_record is None else None)

    @pytest.mark.parametrize("name", FROM_ANSWERS)
    def test_no_record_without_a_date_says_nothing(self, name: str) -> None:
        resource = ITEMS[name].resource or ""
        answer = Answer(outcome=Outcome.NO_RECORD, as_of=None, items={})

        assert derive(name, {resource: answer}, ON, own_consent=True).why is Why.BAD_ANSWER

    @pytest.mark.parametrize("name", FROM_ANSWERS)
    @pytest.mark.parametrize(
        ("outcome", "reason"),
        [
            (Outcome.NOT_AUTHORISED, Why.NO_CONSENT),
            (Outcome.SUBJECT_MISMATCH, Why.MISMATCH),
            (Outcome.STALE, Why.STALE),
            (Outcome.UNAVAILABLE, Why.UNAVAILABLE),
            (Outcome.RATE_LIMITED, Why.UNAVAILABLE),
        ],
    )
    def test_other_outcomes_are_unknown(self, name: str, outcome: Outcome, reason: Why) -> None:
        resource = ITEMS[name].resource or ""

        found = derive(name, {resource: said({}, outcome)}, ON, own_consent=True)

        assert (found.value, found.why) == (None, reason)

    @pytest.mark.parametrize("name", FROM_ANSWERS)
    def test_no_answer_and_an_empty_one_are_missing(self, name: str) -> None:
        resource = ITEMS[name].resource or ""

        assert derive(name, {}, ON, own_consent=True).why is Why.MISSING
        assert derive(name, {resource: said({})}, ON, own_consent=True).why is Why.MISSING

    @pytest.mark.parametrize("name", FROM_ANSWERS)
    @pytest.mark.parametrize("wrong", [None, 1.5, "x", {}, [None], 3, [], True])
    def test_wrong_types_are_never_a_value_of_another_type(self, name: str, wrong: object) -> None:
        item = ITEMS[name]

        found = derived(name, dict.fromkeys(item.fields, wrong))

        assert (found.value is None) != (found.why is None)
        if found.value is not None:
            assert in_domain(item, found.value) is None

    def test_an_answer_that_may_not_be_used_keeps_its_reason(self) -> None:
        answer = Answer(outcome=Outcome.DATA, as_of=JUNE, items={}, why="BAD_ANSWER")

        assert derive("reg.status", {"SAMR.REG": answer}, ON).why is Why.BAD_ANSWER

    def test_partial_counts_when_the_whole_window_is_there(self) -> None:
        rows = {"paid": [payment(month, "10.00") for month in MONTHS[:12]]}
        answers = {"TAX.PAY": said(rows, Outcome.PARTIAL)}

        assert derive("tax.paid_12m_fen", answers, ON).value == 12_000
        assert derive("tax.paid_prev12m_fen", answers, ON).why is Why.PARTIAL

    @pytest.mark.parametrize("name", [n for n in FROM_ANSWERS if ITEMS[n].months == 0])
    def test_partial_never_counts_without_a_window(self, name: str) -> None:
        answers = {ITEMS[name].resource or "": said({"arrears_fen": "0"}, Outcome.PARTIAL)}

        assert derive(name, answers, ON, own_consent=True).why is Why.PARTIAL

    def test_negative_lists_have_no_window(self) -> None:
        listed = [i for i in ITEMS.values() if i.resource and RESOURCES[i.resource].negative_list]

        assert [item.months for item in listed] == [0] * 6

    def test_an_old_answer_is_used_and_marked_late(self) -> None:
        answers = {"TAX.VIO": said({"arrears_fen": "0.00"})}

        on_time = derive("tax.arrears_fen", answers, date(2018, 8, 19))
        late = derive("tax.arrears_fen", answers, date(2018, 8, 20))

        assert (on_time.value, on_time.late) == (0, False)
        assert (late.value, late.late) == (0, True)

    def test_the_result_names_its_source(self) -> None:
        found = derive("tax.arrears_fen", {"TAX.VIO": said({"arrears_fen": "0.00"})}, ON)

        assert found.as_of == JUNE
        assert found.resources == ("TAX.VIO",)
        assert found.version == 1

    @pytest.mark.parametrize("name", ["app.amount_fen", "nobody.knows"])
    def test_only_items_of_departments_can_be_derived(self, name: str) -> None:
        with pytest.raises(KeyError):
            derive(name, {}, ON)


class TestInDomain:
    @pytest.mark.parametrize(
        ("name", "given", "reason"),
        [
            ("reg.in_city", True, None),
            ("reg.in_city", 1, Why.TYPE),
            ("reg.status", "1", None),
            ("reg.status", "7", Why.TYPE),
            ("reg.age_months", 2400, None),
            ("reg.age_months", 2401, Why.OVERFLOW),
            ("reg.age_months", -1, Why.OVERFLOW),
            ("reg.age_months", True, Why.TYPE),
            ("reg.age_months", "5", Why.TYPE),
            ("tax.paid_12m_fen", 10**18, None),
            ("tax.paid_12m_fen", 10**18 + 1, Why.OVERFLOW),
            ("tax.paid_12m_fen", -1, Why.OVERFLOW),
            ("app.term_months", 0, Why.OVERFLOW),
        ],
    )
    def test_values_outside_are_refused(self, name: str, given: object, reason: Why | None) -> None:
        assert in_domain(ITEMS[name], given) is reason

    def test_there_are_four_types(self) -> None:
        assert {item.type for item in ITEMS.values()} == set(ItemType)


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


class TestFundItems:
    def test_the_account(self) -> None:
        assert value("hpf.status", {"status": "04"}) == "04"
        assert why("hpf.status", {"status": "00"}) is Why.TYPE
        assert value("hpf.members_now", {"members_now": 12}) == 12

    def test_deposits_count_when_remitted(self) -> None:
        rows = [deposit(month, "1000.00") for month in MONTHS]
        rows[0] = deposit(MONTHS[0], "1000.00", remitted=None)
        rows[1] = deposit(MONTHS[1], "0.00")

        assert value("hpf.months_paid_24", {"months": rows}) == 22
        assert value("hpf.paid_12m_fen", {"months": rows}) == 10 * 100_000

    @pytest.mark.parametrize(("months", "counted"), [(3, 24), (4, 20)])
    def test_more_than_three_months_back_paid_at_once_do_not_count(
        self, months: int, counted: int
    ) -> None:
        rows = [
            deposit(month, "1.00", remitted="2018-06-20", back=True)
            if place < months
            else deposit(month, "1.00")
            for place, month in enumerate(MONTHS)
        ]

        assert value("hpf.months_paid_24", {"months": rows}) == counted


class TestCourtItems:
    def test_only_open_entries_of_the_firm_count(self) -> None:
        entry: dict[str, object] = {"subject": "1", "removed": None, "expire": "2020-01-01"}
        rows = [
            entry,
            {**entry, "expire": None},
            {**entry, "expire": "2018-07-17"},
            {**entry, "expire": "2018-07-16"},
            {**entry, "removed": "2018-05-01"},
            {**entry, "subject": "2"},
        ]

        assert value("court.dishonest_open", {"dishonest": rows}) == 3

    def test_open_enforcement_is_what_is_left(self) -> None:
        case: dict[str, object] = {
            "subject": "1",
            "state": "1",
            "target_fen": "100.00",
            "done_fen": "30",
        }
        rows = [
            case,
            {**case, "state": "2"},
            {**case, "state": "3"},
            {**case, "done_fen": "130"},
            {**case, "subject": "2"},
        ]

        assert value("court.exec_open_fen", {"exec": rows}) == 14_000


class TestEstateItems:
    def test_seizures_are_open_until_their_end(self) -> None:
        rows = [{"to": None}, {"to": "2018-07-17"}, {"to": "2018-07-16"}]

        assert value("nre.seizure_open", {"seizure": rows}) == 2


class TestScienceItems:
    @pytest.mark.parametrize(
        ("since", "until", "valid", "left"),
        [
            ("2016-08-01", "2019-07-31", True, 12),
            ("2016-08-01", "2018-07-17", True, 0),
            ("2015-07-16", "2018-07-16", False, 0),
            ("2018-07-18", "2021-07-17", False, 0),
            ("2018-07-17", "2021-07-17", True, 36),
        ],
    )
    def test_a_certificate_is_valid_between_its_days(
        self, since: str, until: str, valid: bool, left: int
    ) -> None:
        rows = {"hte": [{"hte_no": "GR201837000001", "hte_from": since, "hte_to": until}]}

        assert value("sti.hte_valid", rows) is valid
        assert value("sti.hte_months_left", rows) == left

    def test_no_certificate_is_a_fact(self) -> None:
        assert value("sti.hte_valid", {"hte": []}) is False
        assert why("sti.hte_valid", {"hte": None}) is Why.MISSING

    def test_the_highest_live_level_counts(self) -> None:
        row: dict[str, object] = {"from_on": "2017-01-01", "to": None}
        rows = [
            {**row, "level": "1"},
            {**row, "level": "3", "to": "2018-01-01"},
            {**row, "level": "2"},
        ]

        assert value("sti.srdi", {"srdi": rows}) == "2"
        assert value("sti.srdi", {"srdi": []}) == "0"

    def test_misconduct(self) -> None:
        assert value("sti.research_default", {"defaults": True}) is True
        assert why("sti.research_default", {"defaults": 0}) is Why.TYPE

    def test_patents_live_when_granted_in_force_and_free(self) -> None:
        patent: dict[str, object] = {
            "kind": "1",
            "granted": "2017-01-01",
            "legal_state": "1",
            "pledged": False,
        }
        rows = [
            patent,
            {**patent, "kind": "2"},
            {**patent, "kind": "3"},
            {**patent, "pledged": True},
            {**patent, "legal_state": "3"},
            {**patent, "granted": None},
            {**patent, "granted": "2018-07-18"},
        ]

        assert value("sti.inventions_live", {"patents": rows}) == 1
        assert value("sti.patents_live", {"patents": rows}) == 2

    def test_research_is_of_the_last_full_year(self) -> None:
        rows = {"rd": [{"year": 2017, "rd_fen": "620000.00"}, {"year": 2016, "rd_fen": "1"}]}

        assert value("sti.rd_last_fen", rows) == 62_000_000
        assert why("sti.rd_last_fen", {"rd": [{"year": 2016, "rd_fen": "1"}]}) is Why.MISSING
        assert value("sti.rd_last_fen", {"rd": []}, est_date="2018-01-02") == 0

    def test_on_the_last_day_of_a_year_that_year_is_full(self) -> None:
        rows = {"rd": [{"year": 2017, "rd_fen": "2"}]}
        answer = Answer(outcome=Outcome.DATA, as_of=date(2017, 12, 31), items=rows)

        assert derive("sti.rd_last_fen", {"STI.RD": answer}, ON).value == 200


class TestPowerItems:
    def test_only_own_accounts_count(self) -> None:
        mine = account([bill(month) for month in MONTHS])
        theirs = account([bill(month, fee="999.00") for month in MONTHS], own=False)

        assert value("util.ele_own_acct", {"accounts": [mine, theirs]}) is True
        assert value("util.ele_fee_12m_fen", {"accounts": [mine, theirs]}) == 12 * 800
        assert value("util.ele_own_acct", {"accounts": [theirs]}) is False
        assert value("util.ele_tariff", {"accounts": [theirs]}) == "00"
        assert value("util.ele_months_24", {"accounts": [theirs]}) == 0

    def test_the_tariff_is_of_the_largest_account(self) -> None:
        small = account([bill(m, fee="1.00") for m in MONTHS], acct="1", tariff="02")
        large = account([bill(m, fee="2.00") for m in MONTHS], acct="2", tariff="01")
        equal = account([bill(m, fee="2.00") for m in MONTHS], acct="0", tariff="03")

        assert value("util.ele_tariff", {"accounts": [small, large]}) == "01"
        assert value("util.ele_tariff", {"accounts": [large, equal]}) == "03"

    def test_power_is_floored_once(self) -> None:
        accounts = {"accounts": [account([bill(month, qty="10.57") for month in MONTHS])]}

        assert value("util.ele_kwh_12m", accounts) == 126  # 12 x 10.57 = 126.84
        assert value("util.ele_kwh_prev12m", accounts) == 126
        assert value("util.ele_fee_prev12m_fen", accounts) == 9600

    def test_months_with_power_count_once(self) -> None:
        first = [bill(month, qty="0" if place < 3 else "1") for place, month in enumerate(MONTHS)]
        second = [bill(month, qty="1" if place == 0 else "0") for place, month in enumerate(MONTHS)]

        accounts = [account(first), account(second, acct="2")]

        assert value("util.ele_months_24", {"accounts": accounts}) == 22

    def test_every_own_account_must_cover_the_window(self) -> None:
        full, gap = [bill(m) for m in MONTHS], [bill(m) for m in MONTHS if m != "2018-04"]

        accounts = {"accounts": [account(full), account(gap, acct="2")]}

        assert why("util.ele_fee_12m_fen", accounts) is Why.MISSING

    @pytest.mark.parametrize("qty", [10, 1.5, "-1", "1e3", "１", "1.", ""])
    def test_a_quantity_that_is_no_plain_decimal_is_unknown(self, qty: object) -> None:
        bills = [{**bill(month), "qty": qty} for month in MONTHS]

        assert why("util.ele_kwh_12m", {"accounts": [account(bills)]}) is Why.TYPE

    def test_late_means_paid_after_the_due_day(self) -> None:
        bills = [bill(month) for month in MONTHS]
        bills[0]["paid_on"] = "2018-06-26"
        bills[1]["paid_on"] = None
        bills[13]["paid_on"] = "2019-01-01"

        assert value("util.ele_late_12m", {"accounts": [account(bills)]}) == 1

    def test_the_rest_adds_up_over_accounts(self) -> None:
        accounts = [
            account([], arrears_fen="1.50", cut_12m=1, theft=False),
            account([], acct="2", arrears_fen="2.00", cut_12m=2, theft=True),
        ]

        assert value("util.ele_arrears_fen", {"accounts": accounts}) == 350
        assert value("util.ele_cut_12m", {"accounts": accounts}) == 3
        assert value("util.ele_theft", {"accounts": accounts}) is True
