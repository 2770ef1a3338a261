"""Drafting, submitting, withdrawing; what each side may see."""

import pytest

from tests.authorizations.builders import a_firm
from tests.lending.builders import (
    AMOUNT,
    GOOD,
    LIMIT,
    PRODUCT,
    REFERRED,
    Case,
    a_bank,
    a_banker,
    a_draft,
    a_version,
    accepted,
    application,
    approved,
    contracted,
    evaluated,
    offered,
    submitted,
    to_check,
)
from yidaitong.authorizations import stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.queries import asks_of_application, chains_of_application
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import InvalidRequestError, InvalidStateError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import applications, exposures, queries
from yidaitong.lending.commands import CreateApplication
from yidaitong.lending.errors import (
    ConsentMissingError,
    ProductChangedError,
    ProductNotOfferedError,
)
from yidaitong.lending.kinds import OfferState
from yidaitong.lending.lifecycle import ApplicationState
from yidaitong.lending.offers import offer_of_application
from yidaitong.products import queries as products
from yidaitong.products.lifecycle import ProductState


def promised(uow: UnitOfWork) -> list[str]:
    return [one.name for one in uow.promised]


class TestCreate:
    @pytest.mark.parametrize(
        ("amount", "term", "field", "code"),
        [
            (0, 12, "amount", "TOO_SMALL"),
            (300_000_001, 12, "amount", "TOO_LARGE"),
            (AMOUNT, 0, "term_months", "TOO_SMALL"),
            (AMOUNT, 37, "term_months", "TOO_LARGE"),
        ],
    )
    def test_refuses_what_the_product_does_not_offer(
        self, uow: UnitOfWork, amount: int, term: int, field: str, code: str
    ) -> None:
        a_bank(uow)
        rep = uow.acting(a_firm(uow).rep)

        with pytest.raises(InvalidRequestError) as caught:
            applications.create(
                rep, CreateApplication(product_id=PRODUCT, amount_fen=amount, term_months=term)
            )

        assert caught.value.fields == {field: code}

    def test_needs_a_product_on_the_shelf(self, uow: UnitOfWork) -> None:
        rep = uow.acting(a_firm(uow).rep)

        with pytest.raises(ProductNotOfferedError):
            applications.create(
                rep, CreateApplication(product_id="NONE", amount_fen=1, term_months=1)
            )

    @pytest.mark.promise("T5")
    def test_a_draft_is_unknown_to_the_bank_and_to_other_firms(self, uow: UnitOfWork) -> None:
        a_bank(uow)
        case = a_draft(uow)
        other = a_firm(uow, "91370199MA3H40CL89")

        with pytest.raises(NotFoundError):
            queries.application_of_bank(uow.acting(case.maker), case.id)
        with pytest.raises(NotFoundError):
            queries.application_of_enterprise(uow.acting(other.rep), case.id)
        assert queries.applications_of_enterprise(uow.acting(other.rep)) == []


class TestSubmit:
    def test_promises_to_collect(self, uow: UnitOfWork) -> None:
        case = submitted(uow)

        assert application(uow, case).state is ApplicationState.SUBMITTED
        assert "applications.pull" in promised(uow)

    def test_happens_once(self, uow: UnitOfWork) -> None:
        case = submitted(uow)

        with pytest.raises(InvalidStateError):
            applications.submit(uow.acting(case.firm.rep), case.id)

    def test_needs_the_enterprises_consent(self, uow: UnitOfWork) -> None:
        a_bank(uow)
        case = a_draft(uow)
        stopping.revoke(uow.acting(case.firm.rep), Revoke(chain_id=case.chains[0]))

        with pytest.raises(ConsentMissingError):
            applications.submit(uow.acting(case.firm.rep), case.id)

    def test_goes_on_without_the_representatives_own(self, uow: UnitOfWork) -> None:
        a_bank(uow)
        case = a_draft(uow)
        stopping.revoke(uow.acting(case.firm.rep), Revoke(chain_id=case.chains[1]))

        applications.submit(uow.acting(case.firm.rep), case.id)

        assert application(uow, case).submitted_at is not None

    def test_refuses_when_the_policy_changed_since_the_consent(self, uow: UnitOfWork) -> None:
        a_bank(uow)
        case = a_draft(uow)
        system = uow.acting(SYSTEM)
        old = products.effective(system, PRODUCT)
        assert old is not None
        old.state = ProductState.RETIRED
        system.session.flush()
        system.session.add(a_version(uow, version=2))
        system.session.flush()

        with pytest.raises(ProductChangedError):
            applications.submit(uow.acting(case.firm.rep), case.id)


class TestWithdraw:
    def test_a_draft_is_cancelled_and_its_asks_taken_back(self, uow: UnitOfWork) -> None:
        a_bank(uow)
        case = a_draft(uow)

        applications.withdraw(uow.acting(case.firm.rep), case.id)

        assert application(uow, case).state is ApplicationState.CANCELLED
        system = uow.acting(SYSTEM)
        assert all(one.state.value != "ACTIVE" for one in chains_of_application(system, case.id))
        assert all(one.state.value == "GRANTED" for one in asks_of_application(system, case.id))

    def test_frees_the_reservation_and_the_offer(self, uow: UnitOfWork) -> None:
        case, _offer = offered(uow)

        applications.withdraw(uow.acting(case.firm.rep), case.id, "不需要了")

        assert exposures.platform_fen(uow, case.firm.enterprise_id) == 0
        found = offer_of_application(uow.acting(case.firm.rep), case.id)
        assert found is not None
        assert found.state is OfferState.WITHDRAWN

    @pytest.mark.parametrize("reached", [submitted, evaluated, to_check, approved, accepted])
    def test_is_possible_until_the_contract(self, uow: UnitOfWork, reached: object) -> None:
        case = reached(uow)  # type: ignore[operator]  # one of the builders above
        assert isinstance(case, Case)

        applications.withdraw(uow.acting(case.firm.rep), case.id)

        assert application(uow, case).state is ApplicationState.WITHDRAWN

    def test_is_not_possible_after_it(self, uow: UnitOfWork) -> None:
        case = contracted(uow)

        with pytest.raises(InvalidStateError):
            applications.withdraw(uow.acting(case.firm.rep), case.id)


class TestWhatEachSideSees:
    def test_the_enterprise_sees_limit_and_rate_of_a_pass(self, uow: UnitOfWork) -> None:
        case = evaluated(uow, GOOD)

        seen = queries.application_of_enterprise(uow.acting(case.firm.rep), case.id)

        assert (seen.limit_fen, seen.rate_bp) == (LIMIT, 540)

    def test_the_indicative_limit_of_a_refer_is_the_banks(self, uow: UnitOfWork) -> None:
        case = evaluated(uow, REFERRED)

        own = queries.application_of_enterprise(uow.acting(case.firm.rep), case.id)
        bank = queries.application_of_bank(uow.acting(case.maker), case.id)

        assert (own.limit_fen, own.rate_bp) == (None, None)
        assert own.trace is not None
        assert "limit" not in own.trace
        assert "limit_fen" not in own.trace
        assert bank.limit_fen == LIMIT
        assert own.explanation is not None
        assert [one.id for one in own.explanation.reasons] == ["A5"]

    @pytest.mark.promise("T5")
    def test_a_foreign_bank_sees_nothing(self, uow: UnitOfWork) -> None:
        case = evaluated(uow)
        stranger = uow.acting(a_banker("bank_maker", "bank-quancheng"))

        with pytest.raises(NotFoundError):
            queries.application_of_bank(stranger, case.id)
        assert queries.cases_of_bank(stranger, queries.CaseFilter()).total == 0
