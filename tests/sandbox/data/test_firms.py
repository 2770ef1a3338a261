"""Made-up firms: the same for ever, found again, changing with their fate."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.data.drawn import MANY, ON, Case, cases
from yidaitong.departments.answers import Outcome
from yidaitong.departments.reading import month_of, month_text
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.codes import id_problem, uscc_problem
from yidaitong.sandbox.data import (
    Archetype,
    NoSuchFirmError,
    answer,
    find,
    firm,
    identity_result,
    make_uscc,
    matches_representative,
)
from yidaitong.sandbox.data.firms import SOURCES, profile_of


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
