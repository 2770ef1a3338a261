"""What the platform finds in a version before people decide."""

from typing import Any

import pytest

from tests.products.builders import Team, a_team, content
from yidaitong.departments import catalogue
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products.errors import (
    NotAdmissibleError,
)
from yidaitong.products.guards import run_checks
from yidaitong.products.models import ProductVersion


@pytest.fixture
def team(uow: UnitOfWork) -> Team:
    return a_team(uow)


def policy(**changes: Any) -> dict[str, Any]:
    found = content().policy
    assert isinstance(found, dict)
    return found | changes


class TestGuards:
    def _failed(self, uow: UnitOfWork, version: ProductVersion) -> list[str]:
        return [one.code for one in run_checks(uow.acting(SYSTEM), version) if not one.passed]

    def test_a_stopped_resource_keeps_it_from_admission(self, team: Team, uow: UnitOfWork) -> None:
        version = team.until(3)
        catalogue.stop(uow.acting(team.officer), "TAX.PAY", "演练")

        with pytest.raises(NotAdmissibleError) as caught:
            team.admit(version)

        assert caught.value.details["findings"] == ["RELEASE"]
        words = next(one for one in run_checks(uow, version) if one.code == "RELEASE").text
        assert "资源已紧急停用" in words.zh

    def test_a_gap_in_the_table(self, team: Team, uow: UnitOfWork) -> None:
        document = policy()
        version = team.draft(policy=document | {"tables": document["tables"][:-1]})

        with pytest.raises(NotAdmissibleError):
            team.submit(version)
        words = next(one for one in run_checks(uow, version) if one.code == "COVERAGE").text
        assert "未命中任何行" in words.zh

    def test_an_overlap_names_its_rows(self, team: Team, uow: UnitOfWork) -> None:
        document = policy()
        version = team.draft(
            policy=document | {"tables": [*document["tables"], document["tables"][4]]}
        )

        words = next(one for one in run_checks(uow, version) if one.code == "COVERAGE").text
        assert "同时命中第 5, 6 行" in words.zh

    def test_a_table_beyond_checking(self, team: Team, uow: UnitOfWork) -> None:
        names = ("reg.age_months", "ss.insured_now", "hpf.members_now", "sti.patents_live")
        rows = [
            {
                "when": [{"item": name, "op": "ge", "value": n} for name in names],
                "then": {"k_bp": n, "spread_bp": n},
            }
            for n in range(30, 90, 6)
        ]
        version = team.draft(policy=policy(tables=rows))

        words = next(one for one in run_checks(uow, version) if one.code == "COVERAGE").text
        assert "组合过多" in words.zh

    def test_a_case_that_fails_is_named(self, team: Team, uow: UnitOfWork) -> None:
        trials: Any = content().trials
        cases = [*trials["cases"]]
        cases[0] = cases[0] | {"expect": cases[0]["expect"] | {"rate_bp": 1}}
        version = team.draft(trials=trials | {"cases": cases})

        assert self._failed(uow, version) == ["TRIALS"]

    def test_twenty_cases_are_needed(self, team: Team, uow: UnitOfWork) -> None:
        trials: Any = content().trials
        version = team.draft(trials=trials | {"cases": trials["cases"][:19]})

        assert self._failed(uow, version) == ["TRIAL_COUNT"]

    def test_the_shelf_promises_what_the_policy_gives(self, team: Team, uow: UnitOfWork) -> None:
        assert self._failed(uow, team.draft(rate_max_bp=600)) == ["TERMS"]

    def test_confidential_rules_exist(self, team: Team, uow: UnitOfWork) -> None:
        version = team.draft(confidential_rules=["A4", "Z9"])

        assert self._failed(uow, version) == ["CONFIDENTIAL"]

    def test_a_policy_of_another_product_never_passes(self, team: Team, uow: UnitOfWork) -> None:
        version = team.draft()
        uow.session.expunge(version)
        version.product_id = "OTHER"

        assert self._failed(uow, version) == ["PRODUCT"]
