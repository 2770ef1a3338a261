"""Offers: exactly the terms shown, accepted with the password or refused with one press."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from enterprise_portal.applications import application
from enterprise_portal.applications_schema import OfferSchema, offer_written
from enterprise_portal.blueprints import api, pages
from enterprise_portal.schemas import DigestSchema, ReasonSchema, SignSchema
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import offering
from yidaitong.lending.commands import AcceptOffer
from yidaitong.lending.offers import offer_of_enterprise
from yidaitong.web import auth
from yidaitong.web.views import Work, requires, requires_work, use_command

_ADDRESS = "/applications/<uuid:application_id>/offers/<uuid:offer_id>"


@pages.post(f"{_ADDRESS}/acceptance")
@requires_work(offering.ACCEPT)
@use_command(SignSchema, page=lambda application_id, offer_id: application(application_id))
def accept(
    work: Work, command: dict[str, str], application_id: UUID, offer_id: UUID
) -> ResponseReturnValue:
    """Accept the terms with this digest."""
    token = auth.prove(command["password"], command["digest"])
    with work.transaction() as uow:
        offering.accept(uow, AcceptOffer(offer_id=offer_id, digest=command["digest"], token=token))
    flash(_("Accepted. The bank prepares the contract."), "success")
    return redirect(url_for(".application", application_id=application_id), 303)


@pages.post(f"{_ADDRESS}/refusal")
@requires(offering.DECLINE)
@use_command(ReasonSchema, page=lambda application_id, offer_id: application(application_id))
def refuse(
    uow: UnitOfWork, command: dict[str, Any], application_id: UUID, offer_id: UUID
) -> ResponseReturnValue:
    """Refuse; the application ends and its authorizations with it."""
    offering.decline(uow, offer_id, command["reason"] or "")
    flash(_("Refused. The application has ended."), "success")
    return redirect(url_for(".application", application_id=application_id), 303)


@api.get("/offers/<uuid:offer_id>")
@api.response(200, OfferSchema)
@requires("offer.read")
def read_offer(uow: UnitOfWork, offer_id: UUID) -> Any:
    """One offer."""
    return offer_written(offer_of_enterprise(uow, offer_id))


@api.post("/offers/<uuid:offer_id>/acceptance")
@api.response(200, OfferSchema)
@requires(offering.ACCEPT)
@use_command(DigestSchema, location="json")
def accept_offer(uow: UnitOfWork, command: dict[str, str], offer_id: UUID) -> Any:
    """Accept; ``Step-Up-Token`` is bound to the digest."""
    token = request.headers.get("Step-Up-Token", "")
    return offer_written(
        offering.accept(uow, AcceptOffer(offer_id=offer_id, digest=command["digest"], token=token))
    )


@api.post("/offers/<uuid:offer_id>/refusal")
@api.response(200, OfferSchema)
@requires(offering.DECLINE)
@use_command(ReasonSchema, location="json")
def refuse_offer(uow: UnitOfWork, command: dict[str, Any], offer_id: UUID) -> Any:
    """Refuse; the application ends."""
    return offer_written(offering.decline(uow, offer_id, command["reason"] or ""))
