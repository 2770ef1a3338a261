"""Offers: the bank makes one, the enterprise accepts, refuses, or lets it lapse."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from yidaitong import audit
from yidaitong.accounts import stepup
from yidaitong.kernel.actor import AuthLevel
from yidaitong.kernel.errors import StepUpRequiredError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import applications, exposures, screening, steps
from yidaitong.lending.commands import AcceptOffer
from yidaitong.lending.errors import OfferLapsedError, TermsChangedError
from yidaitong.lending.kinds import OfferState
from yidaitong.lending.lifecycle import ApplicationEvent
from yidaitong.lending.models import Application, Decision, Offer
from yidaitong.lending.offers import digest_of, offer_of_enterprise, state_at

MAKE: Final = "offer.make"
ACCEPT: Final = "offer.accept"
DECLINE: Final = "offer.decline"
OPEN_FOR: Final = timedelta(days=15)


def make(uow: UnitOfWork, application_id: UUID) -> Offer:
    """Offer the enterprise exactly what was approved, for 15 days.

    Raises:
        ForbiddenError: the actor may not make offers.
        NotFoundError: no such application, or another bank's.
        InvalidStateError: it is not approved, or an offer was made.
        LimitExceededError: the reservation lapsed and the enterprise owes more by now.
    """
    uow.actor.require(MAKE)
    application = steps.locked(uow, application_id)
    steps.move(uow, application, ApplicationEvent.OFFER)
    decision = uow.session.scalars(
        select(Decision).where(Decision.application_id == application.id)
    ).one()
    if not exposures.is_live(uow, application.id):
        exposures.lock(uow, application.enterprise_id)
        screening.check_limit(uow, application, decision.amount_fen or 0)
    offer = _made(uow, application, decision)
    exposures.extend(uow, application.id, offer.ends_at)
    audit.record(uow, "offer.make", object_type="offer", object_id=offer.id, digest=offer.digest)
    return offer


def _made(uow: UnitOfWork, application: Application, decision: Decision) -> Offer:
    offer = Offer(
        id=uuid7(),
        application_id=application.id,
        enterprise_id=application.enterprise_id,
        bank_id=application.bank_id,
        product_id=application.product_id,
        amount_fen=decision.amount_fen or 0,
        rate_bp=decision.rate_bp or 0,
        term_months=decision.term_months or 0,
        state=OfferState.OPEN,
        digest="",
        made_at=uow.now,
        ends_at=uow.now + OPEN_FOR,
    )
    offer.digest = digest_of(offer)
    uow.session.add(offer)
    uow.session.flush()
    return offer


def accept(uow: UnitOfWork, command: AcceptOffer) -> Offer:
    """Accept exactly the terms shown, with a fresh proof of identity bound to their digest.

    Raises:
        ForbiddenError: the actor may not accept.
        NotFoundError: no such offer, or somebody else's.
        StepUpRequiredError: identity was not proved for this very digest.
        TermsChangedError: the digest is not that of the offer.
        OfferLapsedError: its 15 days are over.
        InvalidStateError: it was answered before.
    """
    uow.actor.require(ACCEPT)
    before = uow.actor
    application, offer = _locked(uow, command.offer_id)
    if command.digest != offer.digest:
        raise TermsChangedError(f"offer {offer.id}")
    proven = uow if command.token is None else stepup.consume(uow, command.token, command.digest)
    if proven.actor.auth_level is not AuthLevel.STEP_UP:
        raise StepUpRequiredError(f"offer {offer.id}")
    if state_at(offer, proven.clock()) is OfferState.LAPSED:
        raise OfferLapsedError(f"offer {offer.id}")
    steps.move(proven, application, ApplicationEvent.OFFER_ACCEPT)
    _close(proven, offer, OfferState.ACCEPTED)
    offer.accepted_by = proven.actor.person_id
    # Reserved until the money is paid out or the enterprise withdraws.
    exposures.extend(proven, application.id, None)
    audit.record(
        proven, "offer.accept", object_type="offer", object_id=offer.id, digest=offer.digest
    )
    uow.acting(before)
    return offer


def decline(uow: UnitOfWork, offer_id: UUID, reason: str = "") -> Offer:
    """Refuse an offer; the application ends.

    Raises:
        ForbiddenError: the actor may not refuse.
        NotFoundError: no such offer, or somebody else's.
        InvalidStateError: it was answered before, or it lapsed.
    """
    uow.actor.require(DECLINE)
    application, offer = _locked(uow, offer_id)
    steps.move(uow, application, ApplicationEvent.OFFER_REFUSE, reason)
    _close(uow, offer, OfferState.REFUSED)
    applications.close(uow, application, OfferState.REFUSED)
    return offer


def lapse(uow: UnitOfWork, limit: int = 200) -> int:
    """Record offers whose time is over; how many. Safe to repeat: state is computed anyway.

    Their reservations ended with them by the clock, so lateness here only delays lists.
    """
    due = uow.session.scalars(
        select(Offer.application_id)
        .where(Offer.state == OfferState.OPEN, Offer.ends_at <= uow.now)
        .order_by(Offer.ends_at)
        .limit(limit)
    ).all()
    lapsed = 0
    for application_id in due:
        application = steps.locked(uow, application_id)
        offer = _fresh(uow, application_id)
        if offer.state is OfferState.OPEN:
            steps.move(uow, application, ApplicationEvent.OFFER_LAPSE)
            _close(uow, offer, OfferState.LAPSED)
            applications.close(uow, application, OfferState.LAPSED)
            lapsed += 1
    return lapsed


def _locked(uow: UnitOfWork, offer_id: UUID) -> tuple[Application, Offer]:
    """The application's row is the lock of everything that happens to it."""
    application_id = offer_of_enterprise(uow, offer_id).application_id
    return steps.locked(uow, application_id), _fresh(uow, application_id)


def _fresh(uow: UnitOfWork, application_id: UUID) -> Offer:
    return uow.session.scalars(
        select(Offer)
        .where(Offer.application_id == application_id)
        .execution_options(populate_existing=True)
    ).one()


def _close(uow: UnitOfWork, offer: Offer, state: OfferState) -> None:
    offer.state = state
    offer.closed_at = uow.now
    uow.session.flush()
