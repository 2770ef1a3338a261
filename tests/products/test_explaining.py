"""What an enterprise is told: rule, value, threshold, gap, source, date, and what it may do."""

from typing import Any

import pytest

from tests.products.policy.builders import NAMES, base, document, fact, facts, launch_policy, run
from yidaitong.kernel.text import Text
from yidaitong.products.explaining import Explanation, explain, source_text, why_text
from yidaitong.products.policy import Fact, Truth, Why, evaluate, parse
from yidaitong.products.policy.grammar import Op

OTHERS = [Text("双金贷", "Payroll loan"), Text("电力贷", "Power loan")]


def told(product: str, changes: dict[str, Any], **more: Any) -> Explanation:
    return explain(launch_policy(product), run(product, changes).trace, **more)


POOR = {"tax.paid_12m_fen": 300000, "tax.paid_prev12m_fen": 300000}


class TestRefusal:
    def test_the_sentence_of_the_design(self) -> None:
        found = told("TAX-CREDIT", POOR, others=OTHERS)

        assert found.reasons[0].text.zh == (
            "未通过:近12个月缴税 3,000.00 元,要求不低于 5,000.00 元,相差 2,000.00 元;"
            "数据来源:税务局,截至2018-06-30。"
        )
        assert found.advice.zh == "可申请:双金贷、电力贷。对数据有异议可一键提出,20日内答复。"

    def test_in_english_too(self) -> None:
        found = told("TAX-CREDIT", POOR)

        assert found.reasons[0].text.en == (
            "Not met: Tax paid in the last 12 months 3,000.00 yuan, required: at least "
            "5,000.00 yuan, a difference of 2,000.00 yuan; source: Taxation, as of 2018-06-30."
        )
        assert "20 days" in found.advice.en

    def test_parts_stand_beside_the_sentence(self) -> None:
        one = told("TAX-CREDIT", POOR).reasons[0]

        assert (one.id, one.truth, one.item) == ("A4", Truth.FAIL, "tax.paid_12m_fen")
        assert one.value is not None
        assert one.gap is not None
        assert (one.value.zh, one.gap.zh, one.as_of) == (
            "3,000.00 元",
            "2,000.00 元",
            "2018-06-30",
        )

    def test_a_confidential_threshold_is_not_told(self) -> None:
        one = told("TAX-CREDIT", POOR, confidential={"A4"}).reasons[0]

        assert (one.threshold, one.gap) == (None, None)
        assert "5,000" not in one.text.zh + one.text.en
        assert "3,000.00 元" in one.text.zh

    @pytest.mark.parametrize(
        ("product", "changes", "zh"),
        [
            ("TAX-CREDIT", {"reg.in_city": False}, "未通过:在本市 否,要求为“是”;"),
            ("TAX-CREDIT", {"reg.size": "M"}, "未通过:企业规模 中型,要求属于 小型、微型;"),
            ("TAX-CREDIT", {"reg.industry_class": "K"}, "要求不属于 金融业、房地产业;"),
            ("TAX-CREDIT", {"reg.legal_rep_age": 70}, "要求介于 18 周岁 至 65 周岁,相差 5 周岁;"),
            ("TAX-CREDIT", {"reg.status": "4"}, "未通过:登记状态 注销,要求为 存续;"),
            ("SCI-TECH", {"sti.research_default": True}, "要求为“否”;"),
            ("POWER-FLOW", {"util.ele_cut_12m": 1}, "要求为 0 次,相差 1 次;"),
            ("PAYROLL-FUND", {"ss.insured_now": 8}, "要求不低于 9 人,相差 1 人;"),
        ],
    )
    def test_every_kind_of_rule(self, product: str, changes: dict[str, Any], zh: str) -> None:
        assert zh in told(product, changes).reasons[0].text.zh

    def test_the_limit_below_the_least(self) -> None:
        one = told("TAX-CREDIT", {"exp.platform_fen": 89_000_000}).reasons[0]

        assert one.text.zh == (
            "未通过:按规则测算的可贷额度 40,000.00 元,产品起点 50,000.00 元,相差 10,000.00 元。"
        )
        assert one.item is None


class TestReferral:
    def test_a_rule_that_refers_does_not_say_refused(self) -> None:
        one = told("TAX-CREDIT", {"tax.zero_months_12m": 5}).reasons[0]

        assert one.id == "A5"
        assert one.text.zh.startswith("需人工审核:近12个月零申报月数 5 个月,要求不超过 3 个月")
        assert one.text.en.startswith("A person decides: ")

    def test_an_unknown_item_says_why(self) -> None:
        policy = launch_policy("TAX-CREDIT")
        given = facts(base("TAX-CREDIT")) | {"tax.arrears_fen": Fact(why=Why.UNAVAILABLE)}

        one = explain(policy, evaluate(policy, given).trace).reasons[0]

        assert one.text.zh == "待人工核实:欠税(数据来源暂不可用);数据来源:税务局。"
        assert (one.value, one.threshold) == (None, None)

    def test_what_an_item_is_compared_with_may_be_unknown(self) -> None:
        one = told("TAX-CREDIT", {"tax.sales_12m_fen": None}).reasons[0]

        assert one.text.zh.startswith("待人工核实:未结执行额 的比较依据(没有数据)")

    def test_table_and_limit(self) -> None:
        rated = told("TAX-CREDIT", {"tax.rating": None}).reasons
        spent = told("SCI-TECH", {"sti.rd_last_fen": None}).reasons

        assert rated[-1].text.zh == "待人工核定:定价表暂无法测算(没有数据)。"
        assert spent[-1].text.zh == "待人工核定:可贷额度暂无法测算(没有数据)。"

    def test_a_pass_has_nothing_to_explain(self) -> None:
        assert told("TAX-CREDIT", {}).reasons == ()


class TestWords:
    @pytest.mark.parametrize("op", [op for op in Op if op.value in {"ne", "gt", "lt"}])
    def test_other_comparisons(self, op: Op) -> None:
        rule = {"id": "A1", "item": "reg.age_months", "op": op.value, "value": 24}
        policy = parse(document(rules=[rule]))
        given = {"reg.age_months": fact("reg.age_months", 24)}

        text = explain(policy, evaluate(policy, given).trace).reasons[0].text

        assert "24 个月" in text.zh
        assert "required:" in text.en

    def test_the_platform_is_a_source_too(self) -> None:
        assert source_text("exp.platform_fen").zh == "一贷通平台"
        assert source_text("app.amount_fen").zh == "本次申请"

    def test_every_reason_has_words(self) -> None:
        assert {why_text(why).zh for why in Why} >= {"未获授权", "数据已过期"}
        assert why_text(None) == why_text("NOBODY-KNOWS") == why_text(Why.MISSING)

    @pytest.mark.parametrize("product", NAMES)
    def test_a_firm_that_fails_everything_is_told_everything(self, product: str) -> None:
        policy = launch_policy(product)
        found = explain(policy, evaluate(policy, {}).trace)

        assert len(found.reasons) == len(policy.rules) + 1
        assert all(one.text.zh and one.text.en for one in found.reasons)
