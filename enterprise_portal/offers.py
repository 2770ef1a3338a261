"""Offers: exactly the terms shown, accepted with the password or refused with one press."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from enterprise_portal.applications_schema import OfferSchema, offer_written
from enterprise_portal.blueprints import api, pages
from enterprise_portal.names import Names
from enterprise_portal.schemas import DigestSchema, ReasonSchema, SignSchema
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import offering, queries
from yidaitong.lending.commands import AcceptOffer
from yidaitong.lending.offers import offer_of_enterprise, state_at
from yidaitong.products.costs import yearly_cost
from yidaitong.web import auth
from yidaitong.web.views import Work, requires, requires_work, use_command


@pages.get("/offers/<uuid:offer_id>")
@requires("offer.read")
def offer(uow: UnitOfWork, offer_id: UUID) -> ResponseReturnValue:
    """The terms, what they cost in a year, and two ways out of the same size."""
    found = offer_of_enterprise(uow, offer_id)
    full = queries.application_of_enterprise(uow, found.application_id)
    return render_template(
        "enterprise/offer.html",
        offer=found,
        state=state_at(found, uow.now),
        full=full,
        cost=yearly_cost(full.product, found.rate_bp),
        names=Names(uow),
    )


@pages.post("/offers/<uuid:offer_id>/acceptance")
@requires_work(offering.ACCEPT)
@use_command(SignSchema, page=offer)
def accept(work: Work, command: dict[str, str], offer_id: UUID) -> ResponseReturnValue:
    """Accept the terms with this digest."""
    token = auth.prove(command["password"], command["digest"])
    with work.transaction() as uow:
        wanted = AcceptOffer(offer_id=offer_id, digest=command["digest"], token=token)
        target = _application_page(offering.accept(uow, wanted))
    flash(_("Accepted. The bank prepares the contract."), "success")
    return redirect(target, 303)


@pages.post("/offers/<uuid:offer_id>/refusal")
@requires(offering.DECLINE)
@use_command(ReasonSchema, page=offer)
def refuse(uow: UnitOfWork, command: dict[str, Any], offer_id: UUID) -> ResponseReturnValue:
    """Refuse; the application ends and its authorizations with it."""
    target = _application_page(offering.decline(uow, offer_id, command["reason"] or ""))
    flash(_("Refused. The application has ended."), "success")
    return redirect(target, 303)


def _application_page(answered: Any) -> str:
    return url_for("enterprise.application", application_id=answered.application_id)


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
