"""Joining as a person: taking up an invitation, or taking over as the new representative."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from enterprise_portal.blueprints import api, pages
from enterprise_portal.mandates_schema import AcceptSchema, JoinedSchema, SucceedSchema
from yidaitong.authorizations import accepting
from yidaitong.departments.identity import HttpVerifier
from yidaitong.enterprises import succession
from yidaitong.enterprises.errors import VerifierUnavailableError
from yidaitong.enterprises.identity import Identity, Refused, Verified
from yidaitong.enterprises.succession import Claim
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.views import Work, public_work, use_command


@pages.get("/invitation")
@public_work
def invitation(_work: Work) -> ResponseReturnValue:
    """Take up an invitation."""
    return render_template("enterprise/register/invitation.html")


@pages.post("/invitation")
@public_work
@use_command(AcceptSchema, page=invitation)
def take_invitation(work: Work, command: dict[str, Any]) -> ResponseReturnValue:
    """Prove who one is; the account opens and the mandate begins."""
    _accepted(work, command)
    flash(_("Your account is open. Sign in with your mobile number."), "success")
    return redirect(url_for("site.login_page"), 303)


@pages.get("/succession")
@public_work
def take_over_page(_work: Work) -> ResponseReturnValue:
    """Take over as the new representative."""
    return render_template("enterprise/register/succession.html")


@pages.post("/succession")
@public_work
@use_command(SucceedSchema, page=take_over_page)
def take_over(work: Work, command: dict[str, Any]) -> ResponseReturnValue:
    """Prove who one is; what waits is decided afterwards, one by one."""
    _succeeded(work, command)
    flash(_("You represent the enterprise now. Sign in with your mobile number."), "success")
    return redirect(url_for("site.login_page"), 303)


@api.post("/invitations/acceptance")
@api.response(201, JoinedSchema)
@public_work
@use_command(AcceptSchema, location="json")
def accept_invitation(work: Work, command: dict[str, Any]) -> Any:
    """Take up an invitation as the person it names."""
    return {"login_hint": _accepted(work, command)}


@api.post("/successions")
@api.response(201, JoinedSchema)
@public_work
@use_command(SucceedSchema, location="json")
def succeed(work: Work, command: dict[str, Any]) -> Any:
    """Take over as the representative the registry names now."""
    return {"login_hint": _succeeded(work, command)}


def _accepted(work: Work, command: dict[str, Any]) -> str:
    code, identity = command["code"], _identity(command)
    with work.transaction() as uow:
        refused = accepting.ask(uow, code, identity)
    _refuse(refused)

    def undo(uow: UnitOfWork) -> None:
        accepting.give_back(uow, identity)

    outcome = _verified(work, identity, undo)
    with work.transaction() as uow:
        accepting.give_back(uow, identity)
        account = accepting.accept(uow, code, (identity, outcome), command["password"])
        return account.login_hint


def _succeeded(work: Work, command: dict[str, Any]) -> str:
    claim = Claim(uscc=command["uscc"], identity=_identity(command))
    with work.transaction() as uow:
        refused = succession.ask(uow, claim)
    _refuse(refused)

    def undo(uow: UnitOfWork) -> None:
        succession.give_back(uow, claim)

    outcome = _verified(work, claim.identity, undo)
    with work.transaction() as uow:
        return succession.take_over(uow, claim, outcome, command["password"]).login_hint


def _verified(work: Work, identity: Identity, undo: Callable[[UnitOfWork], None]) -> Verified:
    """Ask the provider with no transaction open."""
    try:
        outcome = HttpVerifier(work.runtime.settings).verify(identity)
    except VerifierUnavailableError:
        with work.transaction() as uow:
            undo(uow)
        raise
    if isinstance(outcome, Refused):
        _refuse(outcome)
        raise TypeError("refused without a reason")
    return outcome


def _refuse(refused: Refused | None) -> None:
    if refused is not None:
        raise InvalidRequestError("identity", fields={"name": refused.reason.text})


def _identity(command: dict[str, Any]) -> Identity:
    return Identity(command["name"], command["id_number"], command["mobile"])
