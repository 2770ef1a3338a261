"""How formulas meet answers: doubt never becomes a value."""

from datetime import date

import pytest

from tests.departments.recorded import FROM_ANSWERS, JUNE, MONTHS, ON, derived, payment, said
from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.definitions import ItemType
from yidaitong.departments.items import ITEMS, Why, derive, in_domain
from yidaitong.departments.reading import last_full_month, month_text
from yidaitong.departments.registry import RESOURCES


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
