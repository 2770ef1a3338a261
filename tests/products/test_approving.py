"""Drafting, submitting, checking, reviewing, admitting, sending back, taking effect."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select

from tests.products.builders import Team, a_team, content, shown
from tests.products.people import a_banker, an_official
from yidaitong.audit.models import AuditEvent
from yidaitong.banks import registering
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import (
    ForbiddenError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import approving, editing, effecting
from yidaitong.products.errors import (
    ContentChangedError,
    ProductTakenError,
)
from yidaitong.products.lifecycle import ProductState
from yidaitong.products.queries import effective, shelf


@pytest.fixture
def team(uow: UnitOfWork) -> Team:
    return a_team(uow)


def acts(uow: UnitOfWork) -> list[str]:
    query = select(AuditEvent.action).where(AuditEvent.object_type == "product_version")
    return list(uow.acting(SYSTEM).session.scalars(query.order_by(AuditEvent.id)))


class TestDecisions:
    def test_four_people_bring_it_onto_the_shelf(self, team: Team, uow: UnitOfWork) -> None:
        version = team.until(5)

        assert version.state is ProductState.EFFECTIVE
        assert effective(uow, "TAX-CREDIT") is version
        assert version.review_note == "均为必需"
        assert acts(uow) == [
            f"product.{act}"
            for act in ("draft", "submit", "check", "review", "admit", "take_effect")
        ]

    @pytest.mark.promise("T2")
    @pytest.mark.parametrize(
        ("first", "second"), [pair for pair in product(range(4), range(4)) if pair[0] < pair[1]]
    )
    def test_no_person_decides_twice(
        self, team: Team, uow: UnitOfWork, first: int, second: int
    ) -> None:
        names = ("maker", "checker", "officer", "admitter")
        one = getattr(team, names[first]).person_id
        same = replace(getattr(team, names[second]), person_id=one)
        twice = replace(team, **{names[second]: same})
        version = twice.until(second)

        with pytest.raises(FourEyesError):
            twice.steps()[second](version)

    @pytest.mark.promise("T2")
    def test_somebody_without_a_person_decides_nothing(self, team: Team) -> None:
        version = team.draft()

        with pytest.raises(FourEyesError):
            replace(team, maker=replace(team.maker, person_id=None)).submit(version)

    @pytest.mark.promise("T2")
    def test_even_the_system_needs_four_people_on_the_shelf(
        self, team: Team, uow: UnitOfWork
    ) -> None:
        version = team.until(4)
        version.admitter_person_id = version.maker_person_id
        uow.session.flush()

        with pytest.raises(FourEyesError):
            effecting.put_in_effect(uow.acting(SYSTEM), version.id)

    @pytest.mark.parametrize(
        ("steps", "act", "role"),
        [
            (0, approving.submit, "bank_checker"),
            (1, approving.check, "bank_maker"),
            (2, approving.review, "centre_checker"),
            (3, approving.admit, "centre_officer"),
        ],
    )
    def test_only_the_role_decides(
        self, team: Team, uow: UnitOfWork, steps: int, act: Any, role: str
    ) -> None:
        version = team.until(steps)
        other = an_official(role) if role.startswith("centre") else a_banker(role)

        with pytest.raises(ForbiddenError):
            act(uow.acting(other), shown(version))

    def test_what_was_shown_is_what_is_decided(self, team: Team, uow: UnitOfWork) -> None:
        version = team.draft()
        seen = shown(version)
        editing.revise(uow.acting(team.maker), version.id, content(cap_fen=200_000_000))

        with pytest.raises(ContentChangedError):
            approving.submit(uow.acting(team.maker), seen)

    def test_a_review_says_why(self, team: Team, uow: UnitOfWork) -> None:
        version = team.until(2)

        with pytest.raises(InvalidRequestError):
            approving.review(uow.acting(team.officer), shown(version, note=" "))

    def test_steps_keep_their_order(self, team: Team) -> None:
        version = team.until(1)

        with pytest.raises(InvalidStateError):
            team.review(version)

    def test_the_centre_sees_no_draft(self, team: Team, uow: UnitOfWork) -> None:
        version = team.draft()

        with pytest.raises(NotFoundError):
            team.review(version)


class TestGiveBack:
    @pytest.mark.parametrize(("steps", "who"), [(1, "checker"), (2, "officer"), (3, "admitter")])
    def test_whoever_decides_next_may(
        self, team: Team, uow: UnitOfWork, steps: int, who: str
    ) -> None:
        version = team.until(steps)

        again = approving.give_back(uow.acting(getattr(team, who)), shown(version, "缺少说明"))

        assert (version.state, version.return_reason) == (ProductState.RETURNED, "缺少说明")
        assert (again.version, again.state) == (2, ProductState.DRAFT)
        assert again.policy == version.policy
        assert again.maker_person_id is None

    def test_a_reason_is_needed(self, team: Team, uow: UnitOfWork) -> None:
        version = team.until(1)

        with pytest.raises(InvalidRequestError):
            approving.give_back(uow.acting(team.checker), shown(version, " "))

    def test_others_may_not(self, team: Team, uow: UnitOfWork) -> None:
        version = team.until(2)

        with pytest.raises(ForbiddenError):
            approving.give_back(uow.acting(team.checker), shown(version))

    def test_an_admitted_version_does_not_go_back(self, team: Team, uow: UnitOfWork) -> None:
        version = team.until(4)

        with pytest.raises(InvalidStateError):
            approving.give_back(uow.acting(team.admitter), shown(version))


class TestEffect:
    def test_the_next_version_retires_the_one_before(self, team: Team, uow: UnitOfWork) -> None:
        first = team.until(5)
        second = editing.succeed(uow.acting(team.maker), first.id)
        for step in team.steps():
            step(second)

        assert (first.state, second.state) == (ProductState.RETIRED, ProductState.EFFECTIVE)
        assert first.effective_to == second.effective_from
        assert shelf(uow) == [second]

    def test_a_successor_waits_for_the_open_one(self, team: Team, uow: UnitOfWork) -> None:
        first = team.until(5)
        editing.succeed(uow.acting(team.maker), first.id)

        with pytest.raises(ProductTakenError):
            editing.succeed(uow.acting(team.maker), first.id)

    def test_a_bank_without_agreement_offers_nothing(self, team: Team, uow: UnitOfWork) -> None:
        version = team.until(4)
        registering.end(uow.acting(team.admitter), version.bank_id)

        with pytest.raises(InvalidStateError):
            team.take_effect(version)

    @pytest.mark.parametrize("who", ["maker", "admitter"])
    def test_bank_and_centre_may_each_take_it_off(
        self, team: Team, uow: UnitOfWork, who: str
    ) -> None:
        version = team.until(5)

        effecting.retire(uow.acting(getattr(team, who)), version.id)

        assert version.state is ProductState.RETIRED
        assert version.effective_to is not None
        assert shelf(uow) == []

    def test_one_never_on_the_shelf_has_no_days_there(self, team: Team, uow: UnitOfWork) -> None:
        version = team.until(4)

        effecting.retire(uow.acting(team.maker), version.id)

        assert version.effective_to is None

    @pytest.mark.parametrize("role", ["bank_checker", "centre_officer"])
    def test_others_may_not(self, team: Team, uow: UnitOfWork, role: str) -> None:
        version = team.until(5)
        other = an_official(role) if role.startswith("centre") else a_banker(role)

        with pytest.raises(ForbiddenError):
            effecting.retire(uow.acting(other), version.id)
