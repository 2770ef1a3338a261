"""Registration page by page: code, registry, representative, account; resumed by a code."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from enterprise_portal import onboard
from enterprise_portal.blueprints import pages
from enterprise_portal.schemas import (
    AccountSchema,
    BeginSchema,
    EmptySchema,
    IdentitySchema,
    NameSchema,
    ResumeSchema,
)
from yidaitong.enterprises import opening
from yidaitong.enterprises.commands import BeginRegistration, Ticket
from yidaitong.enterprises.errors import RegistrationClosedError
from yidaitong.enterprises.identity import Identity, RefusalReason
from yidaitong.enterprises.queries import Progress
from yidaitong.enterprises.registry import MatchResult
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.web.views import Work, public_work, use_command


@pages.get("/register")
@public_work
def register(work: Work) -> ResponseReturnValue:
    """The step this browser's registration stands at; the first one on a fresh visit."""
    ticket = onboard.held()
    progress = _progress(work, ticket)
    return render_template(
        "enterprise/register/step.html",
        progress=progress,
        places=onboard.places(progress),
        code=onboard.written(ticket) if progress and ticket else None,
        registry=_registry(progress),
        refusal=_refusal(progress),
    )


@pages.post("/register")
@public_work
@use_command(BeginSchema, page=register)
def begin(work: Work, command: BeginRegistration) -> ResponseReturnValue:
    """Check the code, ask the registry."""
    ticket, _progress_now = onboard.onboarding(work).begin(work.actor, command)
    onboard.keep(ticket)
    return _on()


@pages.get("/register/resume")
@public_work
def resume_page(_work: Work) -> ResponseReturnValue:
    """Go on with a registration on another device."""
    return render_template("enterprise/register/resume.html")


@pages.post("/register/resume")
@public_work
@use_command(ResumeSchema, page=resume_page)
def take_up(work: Work, command: dict[str, str]) -> ResponseReturnValue:
    """Take up a registration by its progress code."""
    ticket = onboard.read(command["progress_code"])
    if ticket is None or _progress(work, ticket) is None:
        raise InvalidRequestError("progress code", fields={"progress_code": "NOT_ID"})
    onboard.keep(ticket)
    return _on()


@pages.post("/register/registry-match")
@public_work
@use_command(EmptySchema, page=register)
@onboard.own_ticket
def match(work: Work, _command: object, ticket: Ticket) -> ResponseReturnValue:
    """Ask the registry again."""
    onboard.onboarding(work).match(work.actor, ticket)
    return _on()


@pages.post("/register/name")
@public_work
@use_command(NameSchema, page=register)
@onboard.own_ticket
def rename(work: Work, command: dict[str, str], ticket: Ticket) -> ResponseReturnValue:
    """Correct a misspelt name and compare again."""
    onboard.onboarding(work).rename(work.actor, ticket, command["name"])
    return _on()


@pages.post("/register/representative")
@public_work
@use_command(IdentitySchema, page=register)
@onboard.own_ticket
def representative(work: Work, identity: Identity, ticket: Ticket) -> ResponseReturnValue:
    """Verify the legal representative."""
    onboard.onboarding(work).verify(work.actor, ticket, identity)
    return _on()


@pages.post("/register/account")
@public_work
@use_command(AccountSchema, page=register)
@onboard.own_ticket
def open_account(work: Work, command: dict[str, Any], ticket: Ticket) -> ResponseReturnValue:
    """Open the account; the enterprise is registered."""
    with work.transaction() as uow:
        opening.open_account(uow, ticket, command["password"])
    onboard.forget()
    flash(_("Registered. Sign in with the representative's mobile number."), "success")
    return redirect(url_for("site.login_page"), 303)


@pages.post("/register/restart")
@public_work
@use_command(EmptySchema)
def restart(_work: Work, _command: object) -> ResponseReturnValue:
    """Begin anew in this browser; the old registration lapses by itself."""
    onboard.forget()
    return _on()


def _on() -> ResponseReturnValue:
    return redirect(url_for(".register"), 303)


def _progress(work: Work, ticket: Ticket | None) -> Progress | None:
    if ticket is None:
        return None
    try:
        return onboard.onboarding(work).progress(work.actor, ticket)
    except RegistrationClosedError:
        onboard.forget()
        return None


def _registry(progress: Progress | None) -> MatchResult | None:
    return MatchResult(progress.registry) if progress and progress.registry else None


def _refusal(progress: Progress | None) -> RefusalReason | None:
    found = progress.representative if progress else None
    return RefusalReason(found) if found in set(RefusalReason) else None
