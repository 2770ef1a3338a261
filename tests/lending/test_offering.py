"""Offers: what is signed, once, in time."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.lending.builders import (
    RATE,
    Case,
    accept,
    accepted,
    application,
    approved,
    offered,
)
from yidaitong.accounts import stepup
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import (
    DomainError,
    ForbiddenError,
    InvalidStateError,
    NotFoundError,
    StepUpRequiredError,
)
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import exposures, offering
from yidaitong.lending.commands import AcceptOffer
from yidaitong.lending.errors import OfferLapsedError, TermsChangedError
from yidaitong.lending.kinds import OfferState
from yidaitong.lending.lifecycle import ApplicationState
from yidaitong.lending.models import ExposureHold, Offer
from yidaitong.lending.offers import digest_of, state_at
from yidaitong.runtime import Runtime


def end_now(uow: UnitOfWork, case: Case, offer: Offer) -> None:
    """Let the offer's and the reservation's time be over."""
    system = uow.acting(SYSTEM)
    system.session.get_one(Offer, offer.id).ends_at = uow.now - timedelta(seconds=1)
    system.session.get_one(ExposureHold, case.id).ends_at = uow.now - timedelta(seconds=1)
    system.session.flush()


class TestMake:
    def test_offers_exactly_what_was_approved_for_15_days(self, uow: UnitOfWork) -> None:
        case, offer = offered(uow)

        assert (offer.amount_fen, offer.rate_bp, offer.term_months) == (80_000_000, RATE, 12)
        assert offer.ends_at - offer.made_at == timedelta(days=15)
        assert offer.digest == digest_of(offer)
        assert application(uow, case).state is ApplicationState.OFFER_SENT

    def test_is_made_once(self, uow: UnitOfWork) -> None:
        case, _offer = offered(uow)

        with pytest.raises(InvalidStateError):
            offering.make(uow.acting(case.maker), case.id)

    def test_checks_again_when_the_reservation_lapsed(self, uow: UnitOfWork) -> None:
        case = approved(uow)
        system = uow.acting(SYSTEM)
        system.session.get_one(ExposureHold, case.id).ends_at = uow.now - timedelta(seconds=1)
        system.session.flush()

        offering.make(uow.acting(case.maker), case.id)

        assert exposures.platform_fen(uow, case.firm.enterprise_id) == 80_000_000

    def test_the_checker_may_not(self, uow: UnitOfWork) -> None:
        case = approved(uow)

        with pytest.raises(ForbiddenError):
            offering.make(uow.acting(case.checker), case.id)


class TestAccept:
    def test_keeps_the_reservation_until_pay_out(self, uow: UnitOfWork) -> None:
        case = accepted(uow)

        hold = uow.acting(SYSTEM).session.get_one(ExposureHold, case.id)
        assert hold.ends_at is None
        assert application(uow, case).state is ApplicationState.OFFER_ACCEPTED

    def test_needs_a_proof_bound_to_the_digest(self, uow: UnitOfWork) -> None:
        case, offer = offered(uow)
        rep = uow.acting(case.firm.rep)
        other = stepup.issue(rep, "B" * 43)

        for token in (None, "", other):
            with pytest.raises(StepUpRequiredError):
                offering.accept(
                    rep, AcceptOffer(offer_id=offer.id, digest=offer.digest, token=token)
                )

    def test_other_terms_than_shown_are_refused(self, uow: UnitOfWork) -> None:
        case, offer = offered(uow)
        rep = uow.acting(case.firm.rep)
        token = stepup.issue(rep, "B" * 43)

        with pytest.raises(TermsChangedError):
            offering.accept(rep, AcceptOffer(offer_id=offer.id, digest="B" * 43, token=token))

    def test_a_lapsed_offer_is_refused_recorded_or_not(self, uow: UnitOfWork) -> None:
        case, offer = offered(uow)
        end_now(uow, case, offer)

        with pytest.raises(OfferLapsedError):
            accept(uow, case, offer)

    @pytest.mark.promise("T5")
    def test_somebody_elses_offer_is_unknown(self, uow: UnitOfWork) -> None:
        case, offer = offered(uow)
        foreign = uow.acting(replace(case.firm.rep, org_id=str(offer.id)))

        with pytest.raises(NotFoundError):
            offering.accept(foreign, AcceptOffer(offer_id=offer.id, digest=offer.digest))

    @pytest.mark.promise("T26")
    def test_of_many_at_once_one_wins(self, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case, offer = offered(uow)
        tokens = []
        for _ in range(12):
            with runtime.transaction(case.firm.rep) as uow:
                tokens.append(stepup.issue(uow, offer.digest))
        outcomes: Counter[str] = Counter()

        def take(token: str) -> None:
            command = AcceptOffer(offer_id=offer.id, digest=offer.digest, token=token)
            try:
                with runtime.transaction(case.firm.rep) as own:
                    offering.accept(own, command)
            except DomainError as error:
                outcomes[error.code] += 1
            else:
                outcomes["ACCEPTED"] += 1

        threads = [threading.Thread(target=take, args=(token,)) for token in tokens]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert outcomes == {"ACCEPTED": 1, "InvalidState": 11}


class TestDecline:
    def test_ends_the_application_and_frees_the_credit(self, uow: UnitOfWork) -> None:
        case, offer = offered(uow)

        offering.decline(uow.acting(case.firm.rep), offer.id, "利率偏高")

        assert application(uow, case).state is ApplicationState.WITHDRAWN
        assert exposures.platform_fen(uow, case.firm.enterprise_id) == 0
        found = uow.acting(SYSTEM).session.get_one(Offer, offer.id)
        assert found.state is OfferState.REFUSED


class TestLapse:
    def test_records_each_lapsed_offer_once(self, uow: UnitOfWork) -> None:
        case, offer = offered(uow)
        system = uow.acting(SYSTEM)
        assert offering.lapse(system) == 0
        end_now(uow, case, offer)

        assert offering.lapse(system) == 1
        assert offering.lapse(system) == 0
        assert application(uow, case).state is ApplicationState.OFFER_LAPSED
        assert exposures.platform_fen(uow, case.firm.enterprise_id) == 0

    def test_state_is_what_the_clock_says(self, uow: UnitOfWork) -> None:
        _case, offer = offered(uow)

        just_before = offer.ends_at - timedelta(microseconds=1)
        assert state_at(offer, just_before) is OfferState.OPEN
        assert state_at(offer, offer.ends_at) is OfferState.LAPSED
