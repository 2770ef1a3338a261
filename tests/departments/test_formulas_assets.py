"""Each formula of funds, court, estate, science and power on recorded answers."""

from datetime import date

import pytest

from tests.departments.recorded import MONTHS, ON, account, bill, deposit, value, why
from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.items import Why, derive


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
