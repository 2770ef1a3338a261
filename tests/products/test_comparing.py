"""Changes of a product's terms between versions, in words."""

from typing import Any

import pytest

from tests.products.builders import Team, a_team, content
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import editing
from yidaitong.products.comparing import compare
from yidaitong.products.kinds import Repayment
from yidaitong.products.policy.diffing import PARTS


@pytest.fixture
def team(uow: UnitOfWork) -> Team:
    return a_team(uow)


class TestCompare:
    @pytest.mark.parametrize(
        ("changes", "part", "zh"),
        [
            ({}, None, None),
            ({"name": Text("税贷", "Tax Credit Loan")}, "NAME", "税信贷 → 税贷"),
            ({"cap_fen": 200_000_000}, "CAP", "3,000,000.00 元 → 2,000,000.00 元"),
            ({"rate_max_bp": 700}, "RATE_RANGE", "4.80 % – 6.10 % → 4.80 % – 7.00 %"),
            ({"term_min": 6}, "TERM_RANGE", "3 – 12 个月 → 6 – 12 个月"),
            (
                {"repayment": Repayment.AT_ONCE},
                "REPAYMENT",
                "按月付息、到期还本 → 到期一次还本付息",
            ),
            (
                {"guarantee_bp": 50},
                "FEES",
                "担保 0.00 %、评估 0.00 %、过桥 0.00 % → 担保 0.50 %、评估 0.00 %、过桥 0.00 %",
            ),
            ({"confidential_rules": ["A4"]}, "CONFIDENTIAL", "无 → A4"),
        ],
    )
    def test_each_term(
        self, team: Team, uow: UnitOfWork, changes: dict[str, Any], part: str | None, zh: str | None
    ) -> None:
        old = team.until(5)
        new = editing.succeed(uow.acting(team.maker), old.id)
        editing.revise(uow.acting(team.maker), new.id, content(**changes))

        found = compare(old, new)

        assert [(one.part, one.text.zh) for one in found] == ([(part, zh)] if part else [])
        assert all(one.name == PARTS[one.part] for one in found)

    def test_summary_audience_and_rules_stand_together(self, team: Team, uow: UnitOfWork) -> None:
        old = team.until(5)
        document: Any = content().policy
        rules = [rule for rule in document["rules"] if rule["id"] != "A5"]
        changes = {
            "summary": Text("一", "one"),
            "audience": Text("二", "two"),
            "policy": document | {"rules": rules},
        }
        new = editing.succeed(uow.acting(team.maker), old.id)
        editing.revise(uow.acting(team.maker), new.id, content(**changes))

        found = compare(old, new)

        assert [one.part for one in found] == ["SUMMARY", "AUDIENCE", "A5", "SCOPE"]
        assert found[2].name == Text("A5", "A5")
