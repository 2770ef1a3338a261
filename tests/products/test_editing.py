"""Drafting and revising a version."""

from typing import Any

import pytest

from tests.products.builders import Team, a_team, content, nobody, shown
from tests.products.people import QUANCHENG, a_banker
from yidaitong.kernel.errors import (
    ForbiddenError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import approving, editing
from yidaitong.products.errors import (
    InvalidTrialsError,
    ProductTakenError,
)
from yidaitong.products.lifecycle import ProductState
from yidaitong.products.policy import InvalidPolicyError


@pytest.fixture
def team(uow: UnitOfWork) -> Team:
    return a_team(uow)


def policy(**changes: Any) -> dict[str, Any]:
    found = content().policy
    assert isinstance(found, dict)
    return found | changes


class TestDraft:
    def test_a_draft_is_version_one_with_hashes(self, team: Team) -> None:
        version = team.draft()

        assert (version.version, version.state) == (1, ProductState.DRAFT)
        assert version.bank_id == team.maker.org_id
        assert len(version.sha256) == len(version.content_sha256) == 43

    def test_one_open_version_at_a_time(self, team: Team) -> None:
        team.draft()

        with pytest.raises(ProductTakenError):
            team.draft()

    def test_an_id_belongs_to_one_bank_for_ever(self, team: Team, uow: UnitOfWork) -> None:
        team.draft()
        other = a_banker("bank_product", QUANCHENG)

        with pytest.raises(ProductTakenError):
            editing.draft(uow.acting(other), content())

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"product_id": "OTHER"}, "product_id"),
            ({"cap_fen": 0}, "cap_fen"),
            ({"cap_fen": 1}, "cap_fen"),
            ({"rate_min_bp": 0}, "rate_max_bp"),
            ({"rate_min_bp": 700}, "rate_max_bp"),
            ({"rate_max_bp": 3601}, "rate_max_bp"),
            ({"term_min": 13}, "term_max"),
            ({"term_max": 121}, "term_max"),
            ({"bridge_bp": -1}, "guarantee_bp"),
        ],
    )
    def test_terms_that_contradict(self, team: Team, changes: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidRequestError) as caught:
            team.draft(**changes)

        assert list(caught.value.fields) == [field]

    def test_a_policy_with_mistakes_is_not_saved(self, team: Team) -> None:
        with pytest.raises(InvalidPolicyError):
            team.draft(policy=policy(rules=[]))

    def test_trials_must_be_readable(self, team: Team) -> None:
        with pytest.raises(InvalidTrialsError):
            team.draft(trials="{}")

    def test_only_product_managers_draft(self, team: Team, uow: UnitOfWork) -> None:
        with pytest.raises(ForbiddenError):
            editing.draft(uow.acting(team.checker), content())


class TestRevise:
    def test_a_draft_may_change(self, team: Team, uow: UnitOfWork) -> None:
        version = team.draft()
        before = version.content_sha256

        editing.revise(uow.acting(team.maker), version.id, content(cap_fen=200_000_000))

        assert version.cap_fen == 200_000_000
        assert version.content_sha256 != before

    def test_not_its_id(self, team: Team, uow: UnitOfWork) -> None:
        version = team.draft()

        with pytest.raises(InvalidRequestError):
            editing.revise(
                uow.acting(team.maker),
                version.id,
                content(product_id="OTHER", policy=policy(product="OTHER")),
            )

    def test_a_submitted_version_never_changes(self, team: Team, uow: UnitOfWork) -> None:
        version = team.until(1)

        with pytest.raises(InvalidStateError):
            editing.revise(uow.acting(team.maker), version.id, content())

    @pytest.mark.promise("T5")
    def test_another_banks_draft_is_not_found(self, team: Team, uow: UnitOfWork) -> None:
        version = team.draft()
        stranger = uow.acting(a_banker("bank_product", QUANCHENG))

        with pytest.raises(NotFoundError):
            editing.revise(stranger, version.id, content())
        with pytest.raises(NotFoundError):
            approving.submit(stranger, shown(version))

    def test_an_unknown_one_is_not_found(self, team: Team, uow: UnitOfWork) -> None:
        with pytest.raises(NotFoundError):
            approving.submit(uow.acting(team.maker), nobody(uuid7()))
