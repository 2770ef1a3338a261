"""Banks' ways to the API: keys to pin, machines to admit; one person proposes, another decides."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import fields
from marshmallow.validate import OneOf

from gov_portal.blueprints import pages
from yidaitong.accounts.roles import MACHINE_PERMISSIONS
from yidaitong.banks import clients, keys, queries
from yidaitong.kernel.schema import CommandSchema, Line, Paragraph
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.views import requires, use_command


class BankKeySchema(CommandSchema):
    """A bank's public key as a JWK, from its letter."""

    bank_id = Line(required=True, max_length=64)
    use = fields.String(required=True, validate=OneOf(sorted(keys.USES)))
    jwk = Paragraph(required=True)


@pages.get("/bank-access")
@requires(clients.READ)
def bank_access_page(uow: UnitOfWork) -> ResponseReturnValue:
    """Keys and machines of all banks; those that wait come first."""
    return render_template(
        "gov/bank_access.html",
        keys=queries.keys_shown(uow),
        clients=clients.clients_of(uow),
        banks=[(bank.id, bank.name) for bank in queries.banks(uow)],
        uses=list(keys.USES.items()),
        permissions=MACHINE_PERMISSIONS,
    )


@pages.post("/bank-access/keys")
@requires(keys.PROPOSE)
@use_command(BankKeySchema, page=bank_access_page)
def propose_bank_key(uow: UnitOfWork, command: dict[str, str]) -> ResponseReturnValue:
    """Put a public key forward on a bank's letter."""
    keys.propose(uow, keys.command_of(command["bank_id"], command["use"], command["jwk"]))
    flash(_("Proposed: another person puts it into use."), "success")
    return redirect(url_for(".bank_access_page"), 303)


@pages.post("/bank-access/keys/<uuid:key_id>/pin")
@requires(keys.PIN)
def pin_bank_key(uow: UnitOfWork, key_id: UUID) -> ResponseReturnValue:
    """Put a proposed key into use."""
    keys.pin(uow, key_id)
    flash(_("The key is in use."), "success")
    return redirect(url_for(".bank_access_page"), 303)


@pages.post("/bank-access/keys/<uuid:key_id>/refusal")
@requires(keys.PIN)
def refuse_bank_key(uow: UnitOfWork, key_id: UUID) -> ResponseReturnValue:
    """Turn a proposed key down."""
    keys.refuse(uow, key_id)
    flash(_("Refused."), "success")
    return redirect(url_for(".bank_access_page"), 303)


@pages.post("/bank-access/keys/<uuid:key_id>/revocation")
@requires(keys.PIN)
def revoke_bank_key(uow: UnitOfWork, key_id: UUID) -> ResponseReturnValue:
    """Trust a key no longer."""
    keys.revoke(uow, key_id)
    flash(_("Revoked: nothing signed by this key is taken any more."), "success")
    return redirect(url_for(".bank_access_page"), 303)


@pages.post("/bank-access/clients/<uuid:client_id>/admission")
@requires(clients.ADMIT)
def admit_client(uow: UnitOfWork, client_id: UUID) -> ResponseReturnValue:
    """Let a proposed machine ask for tokens."""
    clients.admit(uow, client_id)
    flash(_("Admitted: the machine may ask for tokens now."), "success")
    return redirect(url_for(".bank_access_page"), 303)


@pages.post("/bank-access/clients/<uuid:client_id>/refusal")
@requires(clients.ADMIT)
def refuse_client(uow: UnitOfWork, client_id: UUID) -> ResponseReturnValue:
    """Turn a proposed machine down."""
    clients.refuse(uow, client_id)
    flash(_("Refused."), "success")
    return redirect(url_for(".bank_access_page"), 303)


@pages.post("/bank-access/clients/<uuid:client_id>/suspension")
@requires(clients.ADMIT)
def suspend_bank_client(uow: UnitOfWork, client_id: UUID) -> ResponseReturnValue:
    """Stop a machine at once."""
    clients.suspend(uow, client_id)
    flash(_("Suspended: its tokens are worth nothing from now on."), "success")
    return redirect(url_for(".bank_access_page"), 303)
