"""The worked cases of the four launch policies: result, limit, rate, reasons, gaps, scope."""

from typing import Any

import pytest

from tests.products.policy.builders import launch_policy, run
from yidaitong.products.policy import (
    Evaluation,
    Result,
    Truth,
    department_items,
    items,
    resources,
)

YUAN = 100
NO_METER: dict[str, Any] = {
    "util.ele_own_acct": False,
    "util.ele_tariff": "00",
    "util.ele_months_24": 0,
    "util.ele_fee_12m_fen": 0,
    "util.ele_fee_prev12m_fen": 0,
    "util.ele_kwh_12m": 0,
    "util.ele_kwh_prev12m": 0,
    "util.ele_arrears_fen": 0,
    "util.ele_late_12m": 0,
    "util.ele_cut_12m": 0,
    "util.ele_theft": False,
}


class TestPass:
    @pytest.mark.parametrize(
        ("product", "changes", "yuan", "rate"),
        [
            ("TAX-CREDIT", {}, 930_000, 540),
            ("TAX-CREDIT", {"tax.rating": "A", "app.amount_fen": 300000000}, 1_490_000, 480),
            (
                "TAX-CREDIT",
                {"tax.paid_prev12m_fen": 2000000, "app.amount_fen": 300000000},
                770_000,
                540,
            ),
            ("TAX-CREDIT", {"exp.platform_fen": 50000000}, 430_000, 540),
            ("TAX-CREDIT", {"tax.rating": "M", "reg.age_months": 26}, 370_000, 610),
            ("PAYROLL-FUND", {}, 490_000, 560),
            (
                "PAYROLL-FUND",
                {
                    "hpf.months_paid_24": 24,
                    "hpf.paid_12m_fen": 90000000,
                    "ss.insured_now": 60,
                    "ss.insured_avg12": 58,
                    "app.amount_fen": 300000000,
                },
                2_000_000,
                530,
            ),
            ("SCI-TECH", {"app.amount_fen": 200000000}, 1_540_000, 520),
            ("POWER-FLOW", {}, 780_000, 570),
        ],
    )
    def test_limit_and_rate(
        self, product: str, changes: dict[str, Any], yuan: int, rate: int
    ) -> None:
        found = run(product, changes)

        assert (found.result, found.limit_fen, found.rate_bp) == (Result.PASS, yuan * YUAN, rate)
        assert found.main_reason is None


def told(found: Evaluation) -> list[tuple[str, Truth, int | None]]:
    return [(reason.id, reason.truth, reason.gap) for reason in found.reasons]


class TestReferAndReject:
    @pytest.mark.parametrize(
        ("product", "changes", "yuan", "rate", "reasons"),
        [
            (
                "TAX-CREDIT",
                {"tax.arrears_fen": None},
                930_000,
                540,
                [("A3", Truth.UNKNOWN, None)],
            ),
            (
                "PAYROLL-FUND",
                {"ss.insured_now": 8, "hpf.members_now": 7},
                440_000,
                560,
                [("B8", Truth.FAIL, 1)],
            ),
            (
                "SCI-TECH",
                {"sti.rd_last_fen": None},
                None,
                520,
                [("D8", Truth.UNKNOWN, None), ("LIMIT", Truth.UNKNOWN, None)],
            ),
            (
                "POWER-FLOW",
                {"util.ele_kwh_12m": 262000, "util.ele_fee_12m_fen": 19460000},
                480_000,
                570,
                [("P10", Truth.FAIL, 21_500)],
            ),
        ],
    )
    def test_refer_keeps_the_indicative_limit(
        self,
        product: str,
        changes: dict[str, Any],
        yuan: int | None,
        rate: int,
        reasons: list[tuple[str, Truth, int | None]],
    ) -> None:
        found = run(product, changes)

        assert found.result is Result.REFER
        assert found.limit_fen == (None if yuan is None else yuan * YUAN)
        assert found.rate_bp == rate
        assert told(found) == reasons

    @pytest.mark.parametrize(
        ("product", "changes", "reasons"),
        [
            (
                "TAX-CREDIT",
                {"tax.paid_12m_fen": 300000, "tax.paid_prev12m_fen": 300000},
                [("A4", Truth.FAIL, 2_000 * YUAN)],
            ),
            ("PAYROLL-FUND", {"hpf.status": "03"}, [("B5", Truth.FAIL, None)]),
            (
                "SCI-TECH",
                {"sti.hte_valid": False, "sti.hte_months_left": 0},
                [("D2", Truth.FAIL, None)],
            ),
            (
                "POWER-FLOW",
                NO_METER,
                [
                    ("P2", Truth.FAIL, None),
                    ("P3", Truth.FAIL, None),
                    ("P4", Truth.FAIL, 18),
                    ("P5", Truth.FAIL, 24_000 * YUAN),
                ],
            ),
        ],
    )
    def test_reject_gives_neither_limit_nor_rate(
        self,
        product: str,
        changes: dict[str, Any],
        reasons: list[tuple[str, Truth, int | None]],
    ) -> None:
        found = run(product, changes)

        assert (found.result, found.limit_fen, found.rate_bp) == (Result.REJECT, None, None)
        assert told(found) == reasons
        assert "limit" not in found.trace

    def test_the_limit_below_the_least_is_a_refusal(self) -> None:
        found = run("TAX-CREDIT", {"exp.platform_fen": 89_000_000})

        assert found.result is Result.REJECT
        assert told(found) == [("LMIN", Truth.FAIL, 1_000_000)]
        assert found.limit_fen is None


class TestScope:
    @pytest.mark.parametrize(
        ("product", "named", "derived", "codes"),
        [
            (
                "TAX-CREDIT",
                18,
                16,
                "SAMR.REG SAMR.ABN SAMR.SVI TAX.RATE TAX.PAY TAX.FILE TAX.VIO COURT.DIS COURT.EXE",
            ),
            (
                "PAYROLL-FUND",
                20,
                18,
                "SAMR.REG SAMR.ABN SAMR.SVI HRSS.SUM HRSS.MON HPF.ACC HPF.MON COURT.DIS COURT.EXE",
            ),
            (
                "SCI-TECH",
                23,
                21,
                (
                    "SAMR.REG SAMR.ABN SAMR.SVI STI.QUAL STI.IP STI.RD TAX.RATE TAX.FILE TAX.VIO "
                    "COURT.DIS COURT.EXE NRE.SEI"
                ),
            ),
            (
                "POWER-FLOW",
                24,
                22,
                "SAMR.REG SAMR.ABN SAMR.SVI UTIL.ELE COURT.DIS COURT.EXE NRE.SEI",
            ),
        ],
    )
    def test_inputs_and_resources(self, product: str, named: int, derived: int, codes: str) -> None:
        policy = launch_policy(product)

        assert (len(items(policy)), len(department_items(policy))) == (named, derived)
        assert set(resources(policy)) == set(codes.split())

    def test_together_they_call_all_eight_departments(self) -> None:
        products = ("TAX-CREDIT", "PAYROLL-FUND", "SCI-TECH", "POWER-FLOW")
        called = {code.split(".")[0] for one in products for code in resources(launch_policy(one))}

        assert len(called) == 8


class TestTrace:
    def test_a_rule_tells_value_threshold_gap_source_and_date(self) -> None:
        found = run("TAX-CREDIT", {"tax.paid_12m_fen": 300000, "tax.paid_prev12m_fen": 300000})

        assert found.trace["rules"][11] == {
            "id": "A4",
            "r": "FAIL",
            "item": "tax.paid_12m_fen",
            "v": 300000,
            "op": "ge",
            "t": 500000,
            "on_fail": "REJECT",
            "gap": 200000,
            "as_of": "2018-06-30",
            "source": "TAX.PAY",
            "formula_version": 1,
        }

    def test_a_threshold_is_told_after_its_expression(self) -> None:
        found = run("PAYROLL-FUND", {"ss.insured_now": 8, "hpf.members_now": 7})
        rule = next(one for one in found.trace["rules"] if one["id"] == "B8")

        assert (rule["v"], rule["t"], rule["gap"]) == (8, 9, 1)

    def test_the_hit_row_every_node_and_the_binding_factor_are_told(self) -> None:
        trace = run("SCI-TECH", {"app.amount_fen": 200000000}).trace

        assert trace["table"] == {"hit": 1, "then": {"k_bp": 12000, "spread_bp": 85}}
        assert trace["limit"]["node"]["args"][0]["args"][0]["v"] == 154_400_000
        assert trace["limit"]["v"] == 154_000_000
        assert trace["limit"]["binding"] == {"arg": 0, "v": 154_400_000}
        assert trace["rate"]["node"] == {
            "fn": "add",
            "args": [{"int": 435}, {"t": "spread_bp", "v": 85}],
            "v": 520,
        }
        assert trace["engine"] == "ydt-policy/1"
        assert trace["policy_sha256"] == launch_policy("SCI-TECH").sha256

    def test_the_amount_asked_for_may_bind(self) -> None:
        trace = run("SCI-TECH", {"app.amount_fen": 20_000_000}).trace

        assert trace["limit"]["binding"] == {"arg": 3, "v": 20_000_000}

    def test_a_replay_gives_the_same_bytes(self) -> None:
        first, second = (run("POWER-FLOW", {"util.ele_late_12m": 3}) for _ in range(2))

        assert first.trace_bytes() == second.trace_bytes()
