"""The registry holds what the data dictionary promises."""

import pytest

from yidaitong.departments.definitions import Field, FieldType, ItemType, PiClass, Unit
from yidaitong.departments.items import ITEMS
from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.kernel.codes import uscc_problem

# Resource: (negative list, freshness in days, look-back in months).
EXPECTED: dict[str, tuple[bool, int, int | None]] = {
    "SAMR.REG": (False, 2, 60),
    "SAMR.CHG": (False, 2, 36),
    "SAMR.ABN": (True, 2, 60),
    "SAMR.SVI": (True, 2, 60),
    "SAMR.PEN": (False, 2, 60),
    "SAMR.PLG": (False, 2, 60),
    "SAMR.ANN": (False, 400, 36),
    "TAX.ID": (False, 50, 36),
    "TAX.RATE": (False, 400, 24),
    "TAX.PAY": (False, 50, 36),
    "TAX.FILE": (False, 50, 36),
    "TAX.INV": (False, 50, 36),
    "TAX.VIO": (True, 50, 60),
    "TAX.FIN": (False, 130, 24),
    "HRSS.SUM": (False, 40, 36),
    "HRSS.MON": (False, 40, 36),
    "HRSS.LAB": (False, 40, 60),
    "HPF.ACC": (False, 3, 36),
    "HPF.MON": (False, 3, 36),
    "COURT.DIS": (True, 2, 60),
    "COURT.EXE": (True, 2, 60),
    "COURT.LIM": (False, 2, 60),
    "COURT.SUIT": (False, 2, 60),
    "NRE.OWN": (False, 1, None),
    "NRE.MTG": (False, 1, None),
    "NRE.SEI": (True, 1, None),
    "UTIL.ELE": (False, 40, 24),
    "UTIL.WAT": (False, 40, 24),
    "UTIL.GAS": (False, 40, 24),
    "UTIL.HEAT": (False, 40, 24),
    "STI.QUAL": (False, 400, None),
    "STI.IP": (False, 400, None),
    "STI.RD": (False, 400, 36),
}

_S = ("1", "2", "3", "4", "5", "6", "9")
# Item: (resource, type, low, high or codes, value on NO_RECORD).
ITEM_TABLE: dict[str, tuple[str, str, object, object]] = {
    "reg.in_city": ("SAMR.REG", "bool", None, None),
    "reg.status": ("SAMR.REG", "code", _S, None),
    "reg.size": ("SAMR.REG", "code", ("L", "M", "S", "XS"), None),
    "reg.industry_class": ("SAMR.REG", "code", tuple("ABCDEFGHIJKLMNOPQRST"), None),
    "reg.age_months": ("SAMR.REG", "int", (0, 2400), None),
    "reg.legal_rep_age": ("SAMR.REG", "int", (0, 120), None),
    "reg.abnormal_open": ("SAMR.ABN", "int", (0, 999), 0),
    "reg.serious_open": ("SAMR.SVI", "int", (0, 999), 0),
    "tax.rating": ("TAX.RATE", "code", ("A", "B", "M", "C", "D"), None),
    "tax.paid_12m_fen": ("TAX.PAY", "fen", None, 0),
    "tax.paid_prev12m_fen": ("TAX.PAY", "fen", None, 0),
    "tax.zero_months_12m": ("TAX.FILE", "int", (0, 12), 12),
    "tax.sales_12m_fen": ("TAX.FILE", "fen", None, 0),
    "tax.arrears_fen": ("TAX.VIO", "fen", None, 0),
    "court.dishonest_open": ("COURT.DIS", "int", (0, 999), 0),
    "court.exec_open_fen": ("COURT.EXE", "fen", None, 0),
    "ss.insured_now": ("HRSS.MON", "int", (0, 99999), 0),
    "ss.insured_avg12": ("HRSS.MON", "int", (0, 99999), 0),
    "ss.months_paid_24": ("HRSS.MON", "int", (0, 24), 0),
    "ss.arrears_fen": ("HRSS.SUM", "fen", None, 0),
    "hpf.status": ("HPF.ACC", "code", ("00", "01", "02", "03", "04", "09"), "00"),
    "hpf.members_now": ("HPF.ACC", "int", (0, 99999), 0),
    "hpf.months_paid_24": ("HPF.MON", "int", (0, 24), 0),
    "hpf.paid_12m_fen": ("HPF.MON", "fen", None, 0),
    "nre.seizure_open": ("NRE.SEI", "int", (0, 999), 0),
    "sti.hte_valid": ("STI.QUAL", "bool", None, False),
    "sti.hte_months_left": ("STI.QUAL", "int", (0, 36), 0),
    "sti.srdi": ("STI.QUAL", "code", ("0", "1", "2", "3"), "0"),
    "sti.research_default": ("STI.QUAL", "bool", None, False),
    "sti.inventions_live": ("STI.IP", "int", (0, 999), 0),
    "sti.patents_live": ("STI.IP", "int", (0, 999), 0),
    "sti.rd_last_fen": ("STI.RD", "fen", None, 0),
    "util.ele_own_acct": ("UTIL.ELE", "bool", None, False),
    "util.ele_tariff": ("UTIL.ELE", "code", ("00", "01", "02", "03"), "00"),
    "util.ele_months_24": ("UTIL.ELE", "int", (0, 24), 0),
    "util.ele_fee_12m_fen": ("UTIL.ELE", "fen", None, 0),
    "util.ele_fee_prev12m_fen": ("UTIL.ELE", "fen", None, 0),
    "util.ele_kwh_12m": ("UTIL.ELE", "int", (0, 999_999_999), 0),
    "util.ele_kwh_prev12m": ("UTIL.ELE", "int", (0, 999_999_999), 0),
    "util.ele_arrears_fen": ("UTIL.ELE", "fen", None, 0),
    "util.ele_late_12m": ("UTIL.ELE", "int", (0, 99), 0),
    "util.ele_cut_12m": ("UTIL.ELE", "int", (0, 99), 0),
    "util.ele_theft": ("UTIL.ELE", "bool", None, False),
}


def _all_fields() -> list[Field]:
    found: list[Field] = []
    todo = [field for resource in RESOURCES.values() for field in resource.fields]
    while todo:
        field = todo.pop()
        found.append(field)
        todo += field.rows
    return found


class TestDepartments:
    def test_there_are_eight_in_order(self) -> None:
        assert list(DEPARTMENTS) == ["SAMR", "TAX", "HRSS", "HPF", "COURT", "NRE", "UTIL", "STI"]

    def test_their_codes_are_valid_and_unlike(self) -> None:
        codes = [department.uscc for department in DEPARTMENTS.values()]

        assert [uscc_problem(code) for code in codes] == [None] * 8
        assert len(set(codes)) == 8


class TestResources:
    def test_the_33_resources_are_as_the_dictionary_says(self) -> None:
        found = {
            code: (r.negative_list, r.freshness_sla_days, r.look_back_months)
            for code, r in RESOURCES.items()
        }

        assert found == EXPECTED
        assert len(found) == 33

    def test_each_belongs_to_the_department_of_its_code(self) -> None:
        for department in DEPARTMENTS.values():
            assert {r.department for r in department.resources} == {department.code}

    def test_what_items_read_may_be_passed_to_banks(self) -> None:
        read = {item.resource for item in ITEMS.values() if item.resource is not None}

        assert all(RESOURCES[code].onward_release for code in read)

    def test_some_may_not_be_passed_on(self) -> None:
        kept = [code for code, r in RESOURCES.items() if not r.onward_release]

        assert kept == ["TAX.INV", "HRSS.LAB", "COURT.SUIT"]

    def test_sensitivity_follows_the_sharing_rule(self) -> None:
        assert RESOURCES["SAMR.REG"].sensitivity == "NORMAL"
        assert RESOURCES["COURT.DIS"].sensitivity == "NORMAL"
        assert RESOURCES["TAX.PAY"].sensitivity == "CONFIDENTIAL"


class TestFields:
    def test_names_of_one_level_are_unlike(self) -> None:
        groups = [resource.fields for resource in RESOURCES.values()]
        groups += [field.rows for field in _all_fields()]

        for group in groups:
            names = [field.name for field in group]
            assert len(names) == len(set(names))

    def test_every_field_has_both_names(self) -> None:
        assert all(field.text.zh and field.text.en for field in _all_fields())

    def test_only_lists_have_rows_and_every_list_has(self) -> None:
        assert all(bool(f.rows) == (f.type is FieldType.LIST) for f in _all_fields())

    def test_money_always_says_its_unit(self) -> None:
        units = {Unit.FEN, Unit.YUAN, Unit.WAN}

        assert all((f.unit in units) == (f.type is FieldType.FEN) for f in _all_fields())
        assert all((f.type is FieldType.FEN) == f.name.endswith("_fen") for f in _all_fields())

    def test_registries_send_ten_thousands_and_tax_sends_yuan(self) -> None:
        registration = {f.name: f.unit for f in RESOURCES["SAMR.REG"].fields}
        mortgage = {f.name: f.unit for f in RESOURCES["NRE.MTG"].field("mortgage").rows}
        paid = {f.name: f.unit for f in RESOURCES["TAX.PAY"].field("paid").rows}

        assert registration["reg_cap_fen"] is Unit.WAN
        assert mortgage["claim_fen"] is Unit.WAN
        assert paid["amount_fen"] is Unit.YUAN

    def test_sensitive_fields_never_leave_the_department(self) -> None:
        sensitive = [f for f in _all_fields() if f.pi_class is PiClass.SENSITIVE]

        assert {f.name for f in sensitive} == {"rep_id", "rep_mobile"}
        assert all(f.match_only for f in sensitive)


class TestItems:
    def test_all_items_are_as_the_dictionary_says(self) -> None:
        found = {}
        for item in ITEMS.values():
            if item.resource is None:
                continue
            domain: object = None
            if item.type is ItemType.INT:
                domain = (item.low, item.high)
            elif item.type is ItemType.CODE:
                domain = item.codes
            found[item.name] = (item.resource, item.type.value, domain, item.on_no_record)

        assert found == ITEM_TABLE

    def test_false_is_not_zero_on_no_record(self) -> None:
        flags = [item for item in ITEMS.values() if item.type is ItemType.BOOL]

        assert all(item.on_no_record in (None, False) for item in flags)
        assert not any(
            isinstance(item.on_no_record, int) and item.on_no_record == 1 for item in flags
        )

    def test_the_platform_adds_three(self) -> None:
        own = {
            item.name: (item.type.value, item.low, item.high)
            for item in ITEMS.values()
            if item.resource is None
        }

        assert own == {
            "exp.platform_fen": ("fen", None, None),
            "app.amount_fen": ("fen", None, None),
            "app.term_months": ("int", 1, 120),
        }

    def test_each_reads_fields_that_exist_and_may_leave(self) -> None:
        for item in ITEMS.values():
            if item.resource is None:
                continue
            fields = {field.name: field for field in RESOURCES[item.resource].fields}
            assert item.fields
            assert not any(fields[name].match_only for name in item.fields)

    def test_only_the_age_of_the_representative_is_personal(self) -> None:
        assert [item.name for item in ITEMS.values() if item.personal] == ["reg.legal_rep_age"]

    @pytest.mark.parametrize("name", list(ITEM_TABLE))
    def test_the_window_fits_the_look_back(self, name: str) -> None:
        item = ITEMS[name]
        look_back = RESOURCES[item.resource or ""].look_back_months

        assert look_back is None or item.months <= look_back
