"""Authorizations waiting for a signature: read exactly what is signed, then agree or refuse."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from enterprise_portal.asks_schema import AskSchema, GrantedSchema
from enterprise_portal.blueprints import api, pages
from enterprise_portal.names import Names
from enterprise_portal.schemas import DigestSchema, ReasonSchema, SignSchema
from yidaitong.authorizations import queries, signing
from yidaitong.authorizations.commands import Sign
from yidaitong.authorizations.purposes import TERMS, Purpose
from yidaitong.authorizations.scope_groups import groups, optional
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web import auth
from yidaitong.web.i18n import say
from yidaitong.web.views import Work, requires, requires_work, use_command


@pages.get("/asks/<uuid:request_id>")
@requires(queries.READ)
def ask(uow: UnitOfWork, request_id: UUID) -> ResponseReturnValue:
    """The exact text, its items by department, and two ways out of the same size."""
    found = queries.ask_of_enterprise(uow, request_id)
    return render_template(
        "enterprise/ask.html",
        ask=found,
        groups=groups(found.artefact),
        optional=[(code, say(text)) for code, text in optional(found.artefact)],
        product=Names(uow).product(found.product_id),
        purpose=TERMS[Purpose(found.purpose)].text,
    )


@pages.post("/asks/<uuid:request_id>/signature")
@requires_work(signing.GRANT)
@use_command(SignSchema, page=ask)
def sign(work: Work, command: dict[str, str], request_id: UUID) -> ResponseReturnValue:
    """Agree: the password is asked again and bound to exactly this text."""
    token = auth.prove(command["password"], command["digest"])
    with work.transaction() as uow:
        signing.sign_and_grant(
            uow, Sign(request_id=request_id, digest=command["digest"], token=token)
        )
        target = _next(uow, request_id)
    flash(_("Authorized. The receipt is in your wallet."), "success")
    return redirect(target, 303)


@pages.post("/asks/<uuid:request_id>/denial")
@requires(signing.DENY)
@use_command(ReasonSchema, page=ask)
def deny(uow: UnitOfWork, command: dict[str, Any], request_id: UUID) -> ResponseReturnValue:
    """Refuse; no other service is affected."""
    signing.deny(uow, request_id, command["reason"])
    flash(_("Refused. Nobody will be asked anything about you."), "success")
    return redirect(_next(uow, request_id), 303)


def _next(uow: UnitOfWork, request_id: UUID) -> str:
    """The next request of the same application, else the application, else home."""
    application_id = queries.ask_of_enterprise(uow, request_id).application_id
    waiting = [
        one.request_id
        for one in queries.open_asks_of_enterprise(uow)
        if one.application_id == application_id
    ]
    if waiting:
        return url_for("enterprise.ask", request_id=waiting[0])
    if application_id is None:
        return url_for("enterprise.home")
    return url_for("enterprise.application", application_id=application_id)


@api.get("/asks/<uuid:request_id>")
@api.response(200, AskSchema)
@requires(queries.READ)
def read_ask(uow: UnitOfWork, request_id: UUID) -> Any:
    """One request with the exact text and body to be signed."""
    found = queries.ask_of_enterprise(uow, request_id)
    return {
        "request_id": found.request_id,
        "state": found.state.value,
        "digest": found.digest,
        "personal": found.personal,
        "purpose": found.purpose,
        "product_id": found.product_id,
        "bank_id": found.bank_id,
        "application_id": found.application_id,
        "lapses_at": found.lapses_at,
        "text": found.text,
        "body": found.artefact.body,
    }


@api.post("/asks/<uuid:request_id>/signature")
@api.response(200, GrantedSchema)
@requires(signing.GRANT)
@use_command(DigestSchema, location="json")
def sign_ask(uow: UnitOfWork, command: dict[str, str], request_id: UUID) -> Any:
    """Sign; the header ``Step-Up-Token`` proves who signs exactly this digest."""
    token = request.headers.get("Step-Up-Token", "")
    granted = signing.sign_and_grant(
        uow, Sign(request_id=request_id, digest=command["digest"], token=token)
    )
    if granted is None:
        return {"chain_id": None, "receipt": None}
    return {"chain_id": granted.chain_id, "receipt": granted.receipt}


@api.post("/asks/<uuid:request_id>/denial")
@api.response(204)
@requires(signing.DENY)
@use_command(ReasonSchema, location="json")
def deny_ask(uow: UnitOfWork, command: dict[str, Any], request_id: UUID) -> Any:
    """Refuse to sign."""
    signing.deny(uow, request_id, command["reason"])
    return ""
