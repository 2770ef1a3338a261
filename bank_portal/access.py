"""The bank's way to the API: its public keys, and the machines that call in its name."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import fields
from marshmallow.validate import OneOf

from bank_portal.blueprints import pages
from yidaitong.accounts.roles import MACHINE_PERMISSIONS
from yidaitong.banks import clients, keys, queries
from yidaitong.banks.commands import ProposeClient
from yidaitong.kernel.schema import CommandSchema, Line, Paragraph
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.views import requires, use_command


class KeySchema(CommandSchema):
    """A public key as a JWK, and what it is for."""

    use = fields.String(required=True, validate=OneOf(sorted(keys.USES)))
    jwk = Paragraph(required=True)


class ClientSchema(CommandSchema):
    """A machine, the key it signs with, what it may do."""

    name = Line(required=True, max_length=100)
    kid = Line(required=True, max_length=64)
    permissions = fields.List(
        fields.String(validate=OneOf(sorted(MACHINE_PERMISSIONS))), required=True
    )


@pages.get("/api-access")
@requires(clients.READ)
def api_access(uow: UnitOfWork) -> ResponseReturnValue:
    """Keys and machines of the bank."""
    return render_template(
        "bank/api_access.html",
        keys=queries.keys_shown(uow),
        clients=clients.clients_of(uow),
        own_keys=[key.kid for key in clients.message_keys(uow, uow.actor.bank_id)],
        uses=list(keys.USES.items()),
        permissions=list(MACHINE_PERMISSIONS.items()),
    )


@pages.post("/api-access/keys")
@requires(keys.PROPOSE)
@use_command(KeySchema, page=api_access)
def propose_key(uow: UnitOfWork, command: dict[str, str]) -> ResponseReturnValue:
    """Put a public key forward."""
    keys.propose(uow, keys.command_of(uow.actor.bank_id, command["use"], command["jwk"]))
    flash(_("Proposed: a second person at the service centre puts it into use."), "success")
    return redirect(url_for(".api_access"), 303)


@pages.post("/api-access/keys/<uuid:key_id>/revocation")
@requires(keys.PROPOSE)
def revoke_key(uow: UnitOfWork, key_id: UUID) -> ResponseReturnValue:
    """Trust a key no longer."""
    keys.revoke(uow, key_id)
    flash(_("Revoked: nothing signed by this key is taken any more."), "success")
    return redirect(url_for(".api_access"), 303)


@pages.post("/api-access/clients")
@requires(clients.PROPOSE)
@use_command(ClientSchema, page=api_access)
def propose_client(uow: UnitOfWork, command: dict[str, Any]) -> ResponseReturnValue:
    """Put a machine forward."""
    clients.propose(uow, ProposeClient(bank_id=uow.actor.bank_id, **command))
    flash(_("Proposed: a second person at the service centre admits it."), "success")
    return redirect(url_for(".api_access"), 303)


@pages.post("/api-access/clients/<uuid:client_id>/suspension")
@requires(clients.PROPOSE)
def suspend_client(uow: UnitOfWork, client_id: UUID) -> ResponseReturnValue:
    """Stop a machine at once."""
    clients.suspend(uow, client_id)
    flash(_("Suspended: its tokens are worth nothing from now on."), "success")
    return redirect(url_for(".api_access"), 303)


@pages.post("/api-access/clients/<uuid:client_id>/resumption")
@requires(clients.PROPOSE)
def resume_client(uow: UnitOfWork, client_id: UUID) -> ResponseReturnValue:
    """Put a suspended machine forward again."""
    clients.propose_again(uow, client_id)
    flash(_("Proposed: a second person at the service centre admits it."), "success")
    return redirect(url_for(".api_access"), 303)
