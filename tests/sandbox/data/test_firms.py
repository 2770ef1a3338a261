"""Made-up firms: the same for ever, and their departments never contradict each other."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.items import ITEMS, Why, derive
from yidaitong.departments.reading import month_of, month_text
from yidaitong.departments.registry import RESOURCES
from yidaitong.departments.schema import schema_problem
from yidaitong.kernel.codes import id_problem, uscc_problem
from yidaitong.kernel.money import parse_yuan
from yidaitong.sandbox.data import (
    Archetype,
    Firm,
    NoSuchFirmError,
    answer,
    find,
    firm,
    identity_result,
    make_uscc,
    matches_representative,
)
from yidaitong.sandbox.data.firms import SOURCES, profile_of
from yidaitong.sandbox.data.profile import Profile

ON = date(2018, 7, 17)
MANY = settings(max_examples=200, deadline=None, derandomize=True)


@dataclass(frozen=True)
class Case:
    """One firm on one day, and what the departments say."""

    firm: Firm
    profile: Profile
    on: date

    def items(self, resource: str) -> dict[str, Any]:
        return dict(answer(resource, self.firm.uscc, self.on)[2])

    def rows(self, resource: str, name: str) -> list[dict[str, Any]]:
        return list(self.items(resource).get(name, []))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Firms of several eras, seen from their era on or up to eight years later."""
    era = draw(st.sampled_from([2018, 2018, 2021, 2026]))
    uscc = make_uscc(
        draw(st.integers(0, 10**6)),
        draw(st.sampled_from(["a", "b", "c"])),
        era=era,
        individual=draw(st.integers(0, 5)) == 0,
    )
    on = date(era, 1, 1) + timedelta(days=draw(st.integers(0, 8 * 365)))
    profile = profile_of(uscc)
    assume(profile is not None and profile.est_date < on)
    assert profile is not None
    return Case(firm(uscc, on), profile, on)


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


class TestDistress:
    def distressed(self) -> list[Case]:
        found = islice(find("distress", ON, Archetype.DISTRESSED), 60)
        return [Case(f, profile_of(f.uscc), ON) for f in found]  # type: ignore[arg-type]

    def test_suits_come_three_to_nine_months_before_arrears(self) -> None:
        owing = 0
        for case in self.distressed():
            since = case.items("TAX.VIO").get("arrears_since")
            if since is None:
                continue
            owing += 1
            arrears = month_of(date.fromisoformat(since))
            filed = [
                month_of(date.fromisoformat(r["filed"])) for r in case.rows("COURT.SUIT", "suits")
            ]
            assert any(3 <= arrears - month <= 9 for month in filed)

        assert owing > 10


class TestShrinking:
    def test_power_falls_two_months_before_the_insured(self) -> None:
        seen = 0
        for found in islice(find("shrink", ON, Archetype.SHRINKING), 60):
            case = Case(found, profile_of(found.uscc), ON)  # type: ignore[arg-type]
            onset = case.profile.onset
            assert onset is not None
            accounts = case.rows("UTIL.ELE", "accounts")
            insured = {r["month"]: r["insured"] for r in case.rows("HRSS.MON", "months")}
            before = insured.get(month_text(onset + 1), 0)
            if not accounts or before < 3 or month_text(onset + 2) not in insured:
                continue
            seen += 1
            power = {bill["month"]: float(bill["qty"]) for bill in accounts[0]["bills"]}
            assert power[month_text(onset)] < 0.5 * power[month_text(onset - 1)]
            assert power[month_text(onset + 1)] < 0.5 * power[month_text(onset - 1)]
            assert insured[month_text(onset + 2)] <= 0.7 * before

        assert seen > 10


class TestFirm:
    @MANY
    @given(cases())
    def test_the_firm_is_what_the_registry_says(self, case: Case) -> None:
        said = case.items("SAMR.REG")

        assert uscc_problem(case.firm.uscc) is None
        assert id_problem(case.firm.rep.id_no) is None
        for name in ("uscc", "name", "status", "district", "address", "industry", "size"):
            assert said[name] == getattr(case.firm, name)
        assert said["rep_name"] == case.firm.rep.name
        assert case.firm.district.startswith("3701")
        assert case.firm.name.startswith("济南")

    def test_the_representative_matches_by_three_facts(self) -> None:
        found = next(find("rep", ON))
        rep = found.rep

        assert matches_representative(found.uscc, rep.name, rep.id_no, rep.mobile, ON)
        assert not matches_representative(found.uscc, rep.name, rep.id_no, "13800000000", ON)
        assert not matches_representative("91110000600037341L", rep.name, "", "", ON)
        assert identity_result(rep.name, rep.id_no, rep.mobile) == "VERIFIED"

    @pytest.mark.parametrize("code", ["91110000600037341L", "91370199MA31U2DL74", "x", ""])
    def test_other_codes_have_no_firm(self, code: str) -> None:
        with pytest.raises(NoSuchFirmError):
            firm(code, ON)

        assert answer("SAMR.REG", code, ON) == (Outcome.NO_RECORD, date(2018, 7, 16), {})

    def test_a_firm_is_unknown_until_it_opens(self) -> None:
        young = next(find("young", ON, Archetype.STARTUP))

        with pytest.raises(NoSuchFirmError):
            firm(young.uscc, young.est_date)

        assert answer("TAX.PAY", young.uscc, young.est_date)[0] is Outcome.NO_RECORD
        assert firm(young.uscc, young.est_date + timedelta(days=1)).est_date == young.est_date


class TestAnswer:
    def test_every_resource_has_a_source(self) -> None:
        assert set(SOURCES) == set(RESOURCES)

    def test_an_unknown_resource_is_refused(self) -> None:
        with pytest.raises(KeyError):
            answer("SAMR.ALL", "91370199MA31U2DL73", ON)

    def test_only_the_fields_asked_for_leave(self) -> None:
        found = next(find("fields", ON))

        items = answer("SAMR.REG", found.uscc, ON, fields=["status", "est_date"])[2]

        assert items == {"status": "1", "est_date": found.est_date.isoformat()}

    def test_another_name_is_a_mismatch(self) -> None:
        found = next(find("name", ON))

        assert answer("TAX.PAY", found.uscc, ON, "济南别家有限公司")[0] is Outcome.SUBJECT_MISMATCH
        assert answer("TAX.PAY", found.uscc, ON, f" {found.name}")[0] is Outcome.DATA

    @MANY
    @given(cases(), st.integers(1, 800))
    def test_a_later_day_extends_the_same_history(self, case: Case, days: int) -> None:
        later = case.on + timedelta(days=days)
        for resource, name, key in (
            ("TAX.FILE", "filings", "month"),
            ("HRSS.MON", "months", "month"),
            ("COURT.SUIT", "suits", "case_no"),
        ):
            first = {row[key]: row for row in case.rows(resource, name)}
            again = {r[key]: r for r in answer(resource, case.firm.uscc, later)[2].get(name, [])}  # type: ignore[attr-defined]
            for shared in first.keys() & again.keys():
                assert first[shared] | {"stage": ""} == again[shared] | {"stage": ""}

    def test_another_process_gives_the_same_answers(self) -> None:
        program = (
            "import hashlib, json\n"
            "from datetime import date\n"
            "from yidaitong.sandbox.data import answer, make_uscc\n"
            "from yidaitong.sandbox.data.firms import SOURCES\n"
            "said = [[str(part) for part in answer(r, make_uscc(n, 'same'), date(2018, 7, 17))]\n"
            "        for n in range(5) for r in SOURCES]\n"
            "print(hashlib.sha256(json.dumps(said).encode()).hexdigest())\n"
        )
        runs = [
            subprocess.run(
                [sys.executable, "-c", program],
                capture_output=True,
                text=True,
                check=True,
                env={"PYTHONHASHSEED": str(seed)},
            ).stdout.strip()
            for seed in (1, 2)
        ]
        said = [
            [str(part) for part in answer(r, make_uscc(n, "same"), ON)]
            for n in range(5)
            for r in SOURCES
        ]

        assert runs[0] == runs[1] == hashlib.sha256(json.dumps(said).encode()).hexdigest()


class TestFind:
    def test_the_archetypes_have_their_shares(self) -> None:
        found = Counter(f.archetype for f in islice(find("shares", ON), 2000))

        shares = {
            "healthy": 55,
            "startup": 15,
            "seasonal": 10,
            "shrinking": 10,
            "distressed": 6,
            "dead": 4,
        }
        for archetype, percent in shares.items():
            assert abs(found[Archetype(archetype)] / 20 - percent) < 3

    @pytest.mark.parametrize("archetype", list(Archetype))
    def test_firms_of_each_archetype_are_found(self, archetype: Archetype) -> None:
        found = list(islice(find("each", ON, archetype), 3))

        assert [f.archetype for f in found] == [archetype] * 3

    def test_individual_businesses_are_found(self) -> None:
        found = next(find("stall", ON, individual=True))

        assert found.uscc.startswith("92")
        assert found.ent_type == "9500"

    def test_figures_are_of_realistic_size(self) -> None:
        firms = list(islice(find("size", ON), 400))
        trading = sum(f.status == "1" for f in firms)
        funds = sum(answer("HPF.ACC", f.uscc, ON)[0] is Outcome.DATA for f in firms)
        owners = sum(answer("NRE.OWN", f.uscc, ON)[0] is Outcome.DATA for f in firms)
        listed = sum(answer("COURT.DIS", f.uscc, ON)[0] is Outcome.DATA for f in firms)

        assert 376 <= trading < 400
        assert 100 <= funds <= 180
        assert 45 <= owners <= 100
        assert 1 <= listed <= 16
