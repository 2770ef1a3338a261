"""The four launch products: real life cycle, real checks."""

from dataclasses import replace

import pytest

from tests.products.people import launched, people
from yidaitong.authorizations.offers import offer_of
from yidaitong.departments import catalogue
from yidaitong.kernel.errors import FourEyesError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import launch
from yidaitong.products.guards import run_checks
from yidaitong.products.lifecycle import ProductState
from yidaitong.products.policy import parse
from yidaitong.products.queries import effective, policy_of, shelf
from yidaitong.products.trials import LEAST, read_trials, run


class TestFiles:
    @pytest.mark.parametrize("name", launch.FILES)
    def test_every_case_gives_what_was_worked_out_by_hand(self, name: str) -> None:
        draft = launch.read(name).draft
        trials = read_trials(draft.trials)
        failed = [one.trial.id for one in run(parse(draft.policy), trials) if not one.passed]

        assert failed == []
        assert len(trials.cases) >= LEAST


class TestSeed:
    def test_four_products_of_two_banks_come_into_effect(self, uow: UnitOfWork) -> None:
        made = launched(uow)

        assert [one.product_id for one in made] == [
            "TAX-CREDIT",
            "SCI-TECH",
            "PAYROLL-FUND",
            "POWER-FLOW",
        ]
        assert {one.state for one in made} == {ProductState.EFFECTIVE}
        assert {one.id for one in shelf(uow)} == {one.id for one in made}

    def test_seeding_twice_changes_nothing(self, uow: UnitOfWork) -> None:
        launched(uow)

        assert launch.seed(uow, people()) == []

    def test_one_person_in_two_roles_is_refused(self, uow: UnitOfWork) -> None:
        catalogue.seed(uow)
        real = people()
        twice = replace(real.checker, person_id=real.officer.person_id)

        with pytest.raises(FourEyesError):
            launch.seed(uow, replace(real, checker=twice))

    def test_every_check_of_the_platform_passes(self, uow: UnitOfWork) -> None:
        for version in launched(uow):
            assert [one.code for one in run_checks(uow, version) if not one.passed] == []


class TestOffer:
    def test_an_offer_names_the_bank_and_every_item(self, uow: UnitOfWork) -> None:
        launched(uow)
        version = effective(uow, "TAX-CREDIT")
        assert version is not None

        offer = offer_of(uow, version)

        assert (offer.bank_name, offer.policy_version) == ("齐鲁银行", 1)
        assert offer.policy_sha256 == policy_of(version).sha256
        assert len(offer.items) == 18
