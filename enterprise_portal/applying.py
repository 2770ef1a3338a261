"""Applying in one act: the application is drafted and its authorization asked for together."""

from dataclasses import dataclass
from uuid import UUID

from yidaitong.authorizations import asking
from yidaitong.authorizations.commands import RequestAuthorization
from yidaitong.authorizations.offers import offer_of
from yidaitong.authorizations.purposes import Purpose
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import applications
from yidaitong.lending.commands import CreateApplication
from yidaitong.products.queries import version_of

PERMISSION = applications.CREATE


@dataclass(frozen=True, slots=True)
class Applied:
    """A drafted application and what now waits for signatures."""

    application_id: UUID
    asked: asking.Asked


def apply(uow: UnitOfWork, command: CreateApplication, language: str) -> Applied:
    """Draft an application and ask its enterprise for exactly what the product needs.

    Raises:
        ProductNotOfferedError: nobody offers this product now.
        InvalidRequestError: amount or term is outside the product's.
        RequestExistsError: such a request is open, or such an authorization lives.
        SourceNotReadyError: a department cannot serve this now.
    """
    application = applications.create(uow, command)
    uow.session.flush()
    version = version_of(uow, application.product_id, application.product_version)
    asked = asking.ask(
        uow,
        offer_of(uow, version),
        RequestAuthorization(
            product_id=application.product_id,
            purpose=Purpose.ORIGINATION,
            application_id=application.id,
            amount_fen=application.amount_fen,
            term_months=application.term_months,
            language=language,
        ),
    )
    return Applied(application.id, asked)
