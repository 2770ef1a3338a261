"""The designed firms tell their story on every day."""

from datetime import date

import pytest

from yidaitong.departments.answers import Answer
from yidaitong.departments.items import ITEMS, derive
from yidaitong.kernel.codes import id_problem, uscc_problem
from yidaitong.sandbox.data import PERSONAS, answer, firm, identity_result

DAYS = [
    date(2018, 6, 1),
    date(2018, 7, 17),
    date(2019, 1, 4),
    date(2020, 2, 29),
    date(2023, 12, 31),
    date(2026, 4, 15),
    date(2027, 8, 1),
]
TAX_PAYER = "91370199MA31U2DL73"
BELOW = "91370199MA3H40CL89"
IDLE = "92370199MA3HH7712T"
TECH = "91370199MA3MG93DX8"
EMPLOYER = "91370199MA3XMPL129"


def facts(uscc: str, on: date) -> dict[str, object]:
    """All derived items of a firm; none may be unknown."""
    found: dict[str, object] = {}
    for item in ITEMS.values():
        if item.resource is None:
            continue
        outcome, as_of, items = answer(item.resource, uscc, on)
        given = {item.resource: Answer(outcome=outcome, as_of=as_of, items=items)}
        derived = derive(item.name, given, on, own_consent=True)
        assert derived.why is None, (item.name, derived.why)
        found[item.name] = derived.value
    return found


def number(found: dict[str, object], name: str) -> int:
    value = found[name]
    assert isinstance(value, int)
    return value


@pytest.mark.parametrize("on", DAYS)
class TestPersonas:
    @pytest.mark.parametrize("uscc", list(PERSONAS))
    def test_all_are_sound_small_firms_of_the_city(self, uscc: str, on: date) -> None:
        found = facts(uscc, on)

        assert found["reg.in_city"] is True
        assert found["reg.status"] == "1"
        assert found["reg.size"] in ("S", "XS")
        assert found["reg.industry_class"] not in ("J", "K")
        assert 18 <= number(found, "reg.legal_rep_age") <= 65
        for clean in (
            "reg.abnormal_open",
            "reg.serious_open",
            "court.dishonest_open",
            "court.exec_open_fen",
            "tax.arrears_fen",
            "nre.seizure_open",
            "ss.arrears_fen",
        ):
            assert found[clean] == 0

    def test_the_tax_payer_passes_tax_credit(self, on: date) -> None:
        found = facts(TAX_PAYER, on)

        assert found["tax.rating"] == "B"
        assert found["tax.paid_12m_fen"] == found["tax.paid_prev12m_fen"] == 18_768_000
        assert found["tax.zero_months_12m"] == 0

    def test_the_second_lacks_exactly_two_thousand_yuan(self, on: date) -> None:
        found = facts(BELOW, on)

        assert 500_000 - number(found, "tax.paid_12m_fen") == 200_000
        assert found["tax.zero_months_12m"] == 0

    def test_the_third_is_idle_five_months_and_pays_enough(self, on: date) -> None:
        found = facts(IDLE, on)

        assert found["tax.zero_months_12m"] == 5
        assert number(found, "tax.paid_12m_fen") >= 500_000
        assert found["tax.rating"] in ("A", "B", "M")

    def test_the_tech_firm_passes_sci_tech(self, on: date) -> None:
        found = facts(TECH, on)

        assert found["sti.hte_valid"] is True
        assert number(found, "sti.hte_months_left") >= 6
        assert found["sti.research_default"] is False
        assert number(found, "sti.patents_live") >= 2
        assert number(found, "sti.rd_last_fen") * 100 >= number(found, "tax.sales_12m_fen") * 3
        assert found["tax.rating"] == "A"

    def test_the_employer_passes_payroll_fund(self, on: date) -> None:
        found = facts(EMPLOYER, on)

        assert found["ss.insured_now"] == found["ss.insured_avg12"] == 18
        assert found["ss.months_paid_24"] == 24
        assert found["hpf.status"] == "01"
        assert found["hpf.months_paid_24"] == 24
        assert number(found, "hpf.members_now") >= 3

    def test_the_employer_passes_power_flow(self, on: date) -> None:
        found = facts(EMPLOYER, on)

        assert found["util.ele_own_acct"] is True
        assert found["util.ele_tariff"] == "02"
        assert found["util.ele_months_24"] == 24
        assert number(found, "util.ele_fee_12m_fen") >= 2_400_000
        assert found["util.ele_kwh_12m"] == found["util.ele_kwh_prev12m"]
        assert found["util.ele_late_12m"] == found["util.ele_cut_12m"] == 0
        assert found["util.ele_theft"] is False


class TestPeople:
    @pytest.mark.parametrize("uscc", list(PERSONAS))
    def test_codes_and_people_are_valid(self, uscc: str) -> None:
        found = firm(uscc, DAYS[0])

        assert uscc_problem(uscc) is None
        assert id_problem(found.rep.id_no) is None
        assert identity_result(found.rep.name, found.rep.id_no, found.rep.mobile) == "VERIFIED"

    def test_the_first_representative_is_the_known_one(self) -> None:
        assert firm(TAX_PAYER, DAYS[0]).rep.id_no == "370199197403150015"

    def test_names_are_unlike(self) -> None:
        assert len({firm(uscc, DAYS[0]).name for uscc in PERSONAS}) == len(PERSONAS)
