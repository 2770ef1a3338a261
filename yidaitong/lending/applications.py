"""The enterprise's own acts on an application: draft, submit, cancel or withdraw."""

from typing import Final
from uuid import UUID

from consent.lifecycle import ConsentState
from yidaitong.accounts.scope import as_system
from yidaitong.authorizations import queries as authorizations
from yidaitong.authorizations import stopping
from yidaitong.enterprises import queries as enterprises
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.kernel.errors import InvalidRequestError, InvalidStateError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import exposures, proposals, steps
from yidaitong.lending.commands import CreateApplication
from yidaitong.lending.errors import (
    ConsentMissingError,
    ProductChangedError,
    ProductNotOfferedError,
)
from yidaitong.lending.kinds import CommandState, OfferState
from yidaitong.lending.lifecycle import ApplicationEvent, ApplicationState
from yidaitong.lending.models import Application
from yidaitong.lending.offers import offer_of_application
from yidaitong.products import queries as products
from yidaitong.products.models import ProductVersion

CREATE: Final = "application.create"
SUBMIT: Final = "application.submit"
WITHDRAW: Final = "application.withdraw"
# Its consents end as after a decision: nothing is left to decide.
ENDS: Final = "DECISION"


def create(uow: UnitOfWork, command: CreateApplication) -> Application:
    """Draft an application of the actor's enterprise for one product on offer.

    Raises:
        ForbiddenError: the actor may not apply.
        InvalidStateError: the enterprise is suspended.
        ProductNotOfferedError: nobody offers this product now.
        InvalidRequestError: amount or term is outside the product's.
    """
    uow.actor.require(CREATE)
    enterprise = enterprises.enterprise_of(uow, uow.actor.enterprise_id)
    if enterprise.state is not EnterpriseState.ACTIVE:
        raise InvalidStateError(f"enterprise {enterprise.id} is {enterprise.state}")
    product = _on_offer(uow, command.product_id)
    _check_terms(product, command)
    application = Application(
        enterprise_id=enterprise.id,
        bank_id=product.bank_id,
        product_id=product.product_id,
        product_version=product.version,
        state=ApplicationState.DRAFT,
        amount_fen=command.amount_fen,
        term_months=command.term_months,
        applicant_name=enterprise.name,
        uscc=enterprise.uscc,
        district=enterprise.district,
        industry=enterprise.industry,
        size=enterprise.size,
        created_at=uow.now,
    )
    uow.session.add(application)
    steps.keep_step(uow, application, ApplicationEvent.CREATE)
    return application


def submit(uow: UnitOfWork, application_id: UUID) -> Application:
    """Hand a draft to the bank; promises to collect what the enterprise authorized.

    Raises:
        ForbiddenError: the actor may not submit.
        NotFoundError: no such application, or somebody else's.
        InvalidStateError: it is no draft.
        ProductChangedError: another policy is in force than the one consented to.
        ConsentMissingError: the enterprise's authorization is not active.
    """
    uow.actor.require(SUBMIT)
    application = steps.locked(uow, application_id)
    if application.state is ApplicationState.DRAFT:
        if _on_offer(uow, application.product_id).version != application.product_version:
            raise ProductChangedError(f"application {application.id}")
        _check_consent(uow, application.id)
    steps.move(uow, application, ApplicationEvent.SUBMIT)
    application.submitted_at = uow.now
    uow.session.flush()
    uow.defer("applications.pull", key=str(application.id), application_id=application.id)
    return application


def withdraw(uow: UnitOfWork, application_id: UUID, reason: str = "") -> Application:
    """Take an application back before its contract; a draft is cancelled.

    Frees what was reserved, closes its offer and ends its consents.

    Raises:
        ForbiddenError: the actor may not withdraw.
        NotFoundError: no such application, or somebody else's.
        InvalidStateError: the contract is signed, or the application is closed.
    """
    uow.actor.require(WITHDRAW)
    application = steps.locked(uow, application_id)
    draft = application.state is ApplicationState.DRAFT
    event = ApplicationEvent.CANCEL if draft else ApplicationEvent.WITHDRAW
    steps.move(uow, application, event, reason)
    close(uow, application, OfferState.WITHDRAWN)
    return application


def close(uow: UnitOfWork, application: Application, offer_state: OfferState) -> None:
    """Leave nothing open behind a closed application: hold, offer, proposal, asks, consents."""
    exposures.free(uow, application.id)
    offer = offer_of_application(uow, application.id)
    if offer is not None and offer.state in {OfferState.OPEN, OfferState.ACCEPTED}:
        offer.state = offer_state
        offer.closed_at = uow.now
    with as_system(uow) as wide:
        command = proposals.awaiting(wide, application.id)
        if command is not None:
            proposals.close(wide, application, command, CommandState.REJECTED)
        stopping.cancel_asks(wide, application.id, "APPLICATION_CLOSED")
    end_consents(uow, application.id)


def end_consents(uow: UnitOfWork, application_id: UUID) -> None:
    """End what was consented for deciding: there is nothing left to decide."""
    with as_system(uow) as wide:
        stopping.end_for(wide, application_id, ENDS)


def _on_offer(uow: UnitOfWork, product_id: str) -> ProductVersion:
    product = products.effective(uow, product_id)
    if product is None:
        raise ProductNotOfferedError(f"product {product_id}")
    return product


def _check_terms(product: ProductVersion, command: CreateApplication) -> None:
    problems: dict[str, str] = {}
    if command.amount_fen <= 0:
        problems["amount"] = "TOO_SMALL"
    elif command.amount_fen > product.cap_fen:
        problems["amount"] = "TOO_LARGE"
    if command.term_months < product.term_min:
        problems["term_months"] = "TOO_SMALL"
    elif command.term_months > product.term_max:
        problems["term_months"] = "TOO_LARGE"
    if problems:
        raise InvalidRequestError("terms", fields=problems)


def _check_consent(uow: UnitOfWork, application_id: UUID) -> None:
    """The first ask must be granted and living; the representative's own may be missing."""
    chains = authorizations.chains_of_application(uow, application_id)
    own = [chain for chain in chains if not chain.personal] or chains
    if not any(chain.state is ConsentState.ACTIVE for chain in own):
        raise ConsentMissingError(f"application {application_id}")
