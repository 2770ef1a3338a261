"""Allowing less, other or longer: narrowing a request, amending or renewing an authorization."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from enterprise_portal.asks import ask
from enterprise_portal.asks_schema import StateSchema
from enterprise_portal.blueprints import api, pages
from enterprise_portal.mandates_schema import LessSchema, NarrowedSchema, less_of
from enterprise_portal.schemas import DigestSchema, EmptySchema, SignSchema
from enterprise_portal.wallet import authorization
from enterprise_portal.wallet import narrowing as narrowing_page
from yidaitong.authorizations import amending, asking, narrowing, representation, stopping
from yidaitong.authorizations.offers import current_offer
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web import auth
from yidaitong.web.views import Work, requires, requires_work, use_command


@pages.post("/asks/<uuid:request_id>/narrowing")
@requires(narrowing.NARROW)
@use_command(LessSchema, page=ask)
def narrow_ask(uow: UnitOfWork, command: dict[str, Any], request_id: UUID) -> ResponseReturnValue:
    """Ask for less; whoever signed before signs the new text."""
    narrowing.narrow(uow, request_id, less_of(command))
    flash(_("The text was changed. Read it again before you sign."), "success")
    return redirect(url_for(".ask", request_id=request_id), 303)


@pages.post("/authorizations/<uuid:chain_id>/narrowing")
@requires(narrowing.NARROW)
@use_command(LessSchema, page=narrowing_page)
def narrow_authorization(
    uow: UnitOfWork, command: dict[str, Any], chain_id: UUID
) -> ResponseReturnValue:
    """Allow less than was granted: a change to sign, with its difference."""
    made = amending.narrow_authorization(uow, chain_id, less_of(command))
    return redirect(url_for(".ask", request_id=made.request_id), 303)


@pages.post("/authorizations/<uuid:chain_id>/update")
@requires(asking.PERMISSION)
@use_command(EmptySchema, page=authorization)
def update_authorization(uow: UnitOfWork, _command: object, chain_id: UUID) -> ResponseReturnValue:
    """Bring it to what the product needs now: a change to sign, with its difference."""
    made = amending.update_authorization(uow, chain_id, current_offer(uow, chain_id))
    return redirect(url_for(".ask", request_id=made.request_id), 303)


@pages.post("/authorizations/<uuid:chain_id>/renewal")
@requires(asking.PERMISSION)
@use_command(EmptySchema, page=authorization)
def renew_authorization(uow: UnitOfWork, _command: object, chain_id: UUID) -> ResponseReturnValue:
    """Ask for a further term."""
    made = amending.renew_authorization(uow, chain_id, current_offer(uow, chain_id))
    return redirect(url_for(".ask", request_id=made.request_id), 303)


@pages.post("/authorizations/<uuid:chain_id>/keeping")
@requires_work(stopping.RESUME)
@use_command(SignSchema, page=authorization)
def keep_authorization(work: Work, command: dict[str, str], chain_id: UUID) -> ResponseReturnValue:
    """As the new representative: let it go on."""
    token = auth.prove(command["password"], command["digest"])
    with work.transaction() as uow:
        representation.keep_authorization(uow, chain_id, token)
    flash(_("The authorization goes on."), "success")
    return redirect(url_for(".authorization", chain_id=chain_id), 303)


@api.post("/asks/<uuid:request_id>/narrowing")
@api.response(200, NarrowedSchema)
@requires(narrowing.NARROW)
@use_command(LessSchema, location="json")
def api_narrow_ask(uow: UnitOfWork, command: dict[str, Any], request_id: UUID) -> Any:
    """Ask for less; all signatures so far are dropped."""
    return narrowing.narrow(uow, request_id, less_of(command))


@api.post("/consents/<uuid:chain_id>/narrowing")
@api.response(201, NarrowedSchema)
@requires(narrowing.NARROW)
@use_command(LessSchema, location="json")
def api_narrow_consent(uow: UnitOfWork, command: dict[str, Any], chain_id: UUID) -> Any:
    """An amendment that allows less; one signature is enough."""
    return amending.narrow_authorization(uow, chain_id, less_of(command))


@api.post("/consents/<uuid:chain_id>/amendment")
@api.response(201, NarrowedSchema)
@requires(asking.PERMISSION)
@use_command(EmptySchema, location="json")
def api_amend_consent(uow: UnitOfWork, _command: object, chain_id: UUID) -> Any:
    """An amendment to what the product needs now; the quorum signs."""
    return amending.update_authorization(uow, chain_id, current_offer(uow, chain_id))


@api.post("/consents/<uuid:chain_id>/renewal")
@api.response(201, NarrowedSchema)
@requires(asking.PERMISSION)
@use_command(EmptySchema, location="json")
def api_renew_consent(uow: UnitOfWork, _command: object, chain_id: UUID) -> Any:
    """A further term, beginning when the present one ends."""
    return amending.renew_authorization(uow, chain_id, current_offer(uow, chain_id))


@api.post("/consents/<uuid:chain_id>/keeping")
@api.response(200, StateSchema)
@requires(stopping.RESUME)
@use_command(DigestSchema, location="json")
def api_keep_consent(uow: UnitOfWork, command: dict[str, str], chain_id: UUID) -> Any:
    """Let a consent go on under a new representative; the step-up is bound to its digest."""
    del command  # The service compares the token with the consent's own digest.
    token = request.headers.get("Step-Up-Token", "")
    representation.keep_authorization(uow, chain_id, token)
    return {"chain_id": chain_id, "state": "ACTIVE"}
