"""Who sees which version; a stored policy is the one people decided on."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.products.builders import Team, a_team
from tests.products.people import QILU, QUANCHENG, a_banker, an_official
from yidaitong.banks.models import BankAgreement
from yidaitong.kernel.actor import PUBLIC, SYSTEM, Actor, Realm
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.errors import ForbiddenError, InvalidStateError, NotFoundError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import editing, effecting, queries
from yidaitong.products.costs import cost_range
from yidaitong.products.models import ProductVersion
from yidaitong.products.viewing import Act, view


@pytest.fixture
def team(uow: UnitOfWork) -> Team:
    return a_team(uow)


@pytest.fixture
def on_shelf(team: Team) -> ProductVersion:
    return team.until(5)


FIRM = Actor(
    realm=Realm.ENTERPRISE,
    org_id=str(uuid7()),
    person_id=uuid7(),
    permissions=frozenset({"product.read"}),
)


class TestShelf:
    @pytest.mark.parametrize("actor", [FIRM, PUBLIC, SYSTEM, a_banker("bank_maker", QUANCHENG)])
    def test_everybody_sees_what_is_on_it(
        self, uow: UnitOfWork, on_shelf: ProductVersion, actor: Actor
    ) -> None:
        reader = uow.acting(actor)

        assert queries.shelf(reader) == [on_shelf]
        assert queries.effective(reader, "TAX-CREDIT") is on_shelf
        assert queries.version_of(reader, "TAX-CREDIT", 1) is on_shelf

    def test_a_draft_is_on_no_shelf(self, uow: UnitOfWork, team: Team) -> None:
        team.draft()
        reader = uow.acting(FIRM)

        assert queries.shelf(reader) == []
        assert queries.effective(reader, "TAX-CREDIT") is None
        with pytest.raises(NotFoundError):
            queries.version_of(reader, "TAX-CREDIT", 1)

    def test_an_agreement_that_ran_out_clears_it(
        self, uow: UnitOfWork, on_shelf: ProductVersion
    ) -> None:
        yesterday = business_date(uow.now) - timedelta(days=1)
        wide = uow.acting(SYSTEM)
        wide.session.execute(
            update(BankAgreement)
            .where(BankAgreement.bank_id == QILU)
            .values(starts_on=yesterday, ends_on=yesterday)
        )

        assert queries.shelf(uow.acting(FIRM)) == []
        assert queries.version_of(uow.acting(FIRM), on_shelf.product_id, 1) is on_shelf

    def test_a_retired_version_stays_readable_for_its_applications(
        self, uow: UnitOfWork, team: Team, on_shelf: ProductVersion
    ) -> None:
        effecting.retire(uow.acting(team.maker), on_shelf.id)

        assert queries.version_of(uow.acting(FIRM), "TAX-CREDIT", 1) is on_shelf

    def test_other_products_are_where_to_turn_next(
        self, uow: UnitOfWork, on_shelf: ProductVersion
    ) -> None:
        assert queries.other_products(uow.acting(FIRM), "SCI-TECH") == [on_shelf]
        assert queries.other_products(uow.acting(FIRM), "TAX-CREDIT") == []


class TestReach:
    @pytest.mark.promise("T5")
    def test_a_bank_sees_its_own_only(self, uow: UnitOfWork, on_shelf: ProductVersion) -> None:
        own = uow.acting(a_banker("bank_product"))
        assert queries.products_of_bank(own) == [on_shelf]
        assert queries.version_in_full(own, on_shelf.id) is on_shelf

        other = uow.acting(a_banker("bank_product", QUANCHENG))
        other.session.expunge_all()
        assert queries.products_of_bank(other) == []
        assert queries.versions(other, "TAX-CREDIT") == []
        with pytest.raises(NotFoundError):
            queries.version_in_full(other, on_shelf.id)

    def test_the_centre_sees_what_was_submitted(self, uow: UnitOfWork, team: Team) -> None:
        version = team.draft()
        centre = uow.acting(an_official("gov_viewer"))
        assert queries.products_of_centre(centre) == []
        assert queries.versions(centre, "TAX-CREDIT") == []
        with pytest.raises(NotFoundError):
            queries.version_in_full(centre, version.id)

        team.submit(version)
        centre = uow.acting(an_official("gov_viewer"))
        assert queries.products_of_centre(centre) == [version]

    def test_reading_needs_the_permission(self, uow: UnitOfWork, on_shelf: ProductVersion) -> None:
        stranger = uow.acting(replace(a_banker("bank_product"), permissions=frozenset()))

        with pytest.raises(ForbiddenError):
            queries.products_of_bank(stranger)
        with pytest.raises(ForbiddenError):
            queries.version_in_full(stranger, on_shelf.id)


class TestPolicyOf:
    def test_the_stored_policy_is_the_one_decided_on(self, on_shelf: ProductVersion) -> None:
        assert queries.policy_of(on_shelf).sha256 == on_shelf.sha256

    def test_a_changed_one_is_refused(self, uow: UnitOfWork, on_shelf: ProductVersion) -> None:
        uow.session.expunge(on_shelf)
        on_shelf.policy = on_shelf.policy | {"min_limit_fen": 1}

        with pytest.raises(InvalidStateError):
            queries.policy_of(on_shelf)


class TestView:
    def test_words_costs_and_scope(self, uow: UnitOfWork, on_shelf: ProductVersion) -> None:
        shown = view(uow.acting(a_banker("bank_product")), on_shelf.id)

        assert shown.sound
        assert len(shown.rules) == 15
        assert [department.zh for department, _ in shown.items] == [
            "市场监督管理局",
            "税务局",
            "中级人民法院",
        ]
        assert (shown.least, shown.most) == cost_range(on_shelf)
        assert [step.text.zh for step in shown.steps] == [
            "银行提交",
            "银行复核",
            "中心初审",
            "中心准入",
            "生效",
        ]
        assert (shown.before, shown.changes) == (None, ())

    @pytest.mark.parametrize(
        ("steps", "who", "acts"),
        [
            (0, "maker", {Act.EDIT, Act.SUBMIT}),
            (1, "checker", {Act.CHECK, Act.RETURN}),
            (1, "maker", set()),
            (2, "officer", {Act.REVIEW, Act.RETURN}),
            (2, "admitter", set()),
            (3, "admitter", {Act.ADMIT, Act.RETURN}),
            (4, "maker", {Act.TAKE_EFFECT, Act.RETIRE}),
            (4, "officer", set()),
            (5, "maker", {Act.REDRAFT, Act.RETIRE}),
            (5, "admitter", {Act.RETIRE}),
        ],
    )
    def test_each_is_offered_what_they_may_do(
        self, uow: UnitOfWork, team: Team, steps: int, who: str, acts: set[Act]
    ) -> None:
        version = team.until(steps)

        assert view(uow.acting(getattr(team, who)), version.id).acts == acts

    def test_who_took_part_is_not_offered_a_decision(self, uow: UnitOfWork, team: Team) -> None:
        version = team.until(1)
        same = replace(team.checker, person_id=team.maker.person_id)

        assert view(uow.acting(same), version.id).acts == {Act.RETURN}

    def test_no_second_draft_beside_an_open_one(self, uow: UnitOfWork, team: Team) -> None:
        first = team.until(5)
        second = editing.succeed(uow.acting(team.maker), first.id)

        assert view(uow.acting(team.maker), first.id).acts == {Act.RETIRE}
        shown = view(uow.acting(team.maker), second.id)
        assert shown.before is first
        assert shown.changes == ()
