"""Who acts for the enterprise: agents and their mandates, and how many must sign."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from enterprise_portal.blueprints import pages
from enterprise_portal.mandates_schema import (
    InvitePageSchema,
    PasswordSchema,
    QuorumPageSchema,
)
from enterprise_portal.schemas import EmptySchema
from yidaitong.accounts.registering import names_of
from yidaitong.authorizations import invitations, mandates, quorums
from yidaitong.authorizations.representation import is_representative
from yidaitong.enterprises.mandate_lifecycle import MandateRight
from yidaitong.enterprises.mandates import mandate_of, mandates_of
from yidaitong.kernel.clock import SHANGHAI
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web import auth
from yidaitong.web.views import Work, requires, requires_work, use_command

READ = "enterprise.read"


@pages.get("/agents")
@requires(READ)
def agents(uow: UnitOfWork) -> ResponseReturnValue:
    """All agents, what they may do, open invitations, the quorum."""
    return _page(uow)


@pages.post("/agents/invitations")
@requires_work(mandates.GRANT)
@use_command(InvitePageSchema, page=agents)
def invite_agent(work: Work, command: dict[str, Any]) -> ResponseReturnValue:
    """Offer a mandate; the code is shown once, on this page alone."""
    invite = invite_of(command)
    digest = invitations.digest_of(work.actor.enterprise_id, invite)
    token = auth.prove(command["password"], digest)
    with work.transaction() as uow:
        made = invitations.invite(uow, invite, token)
    with work.transaction() as uow:
        return _page(uow, code=made.code)


@pages.post("/agents/invitations/<uuid:invitation_id>/withdrawal")
@requires(mandates.GRANT)
@use_command(EmptySchema, page=agents)
def withdraw_invitation(
    uow: UnitOfWork, _command: object, invitation_id: UUID
) -> ResponseReturnValue:
    """Take an invitation back."""
    invitations.withdraw(uow, invitation_id)
    flash(_("The invitation is withdrawn."), "success")
    return redirect(url_for(".agents"), 303)


@pages.get("/agents/<uuid:mandate_id>/revocation")
@requires(READ)
def agent_revocation(uow: UnitOfWork, mandate_id: UUID) -> ResponseReturnValue:
    """What ending a mandate means, before it is done."""
    found = mandate_of(uow, mandate_id)
    names = names_of(uow, [found.person_id])
    return render_template(
        "enterprise/agent_revocation.html", mandate=found, name=names[found.person_id]
    )


@pages.post("/agents/<uuid:mandate_id>/revocation")
@requires(READ)
@use_command(EmptySchema, page=agents)
def revoke_agent(uow: UnitOfWork, _command: object, mandate_id: UUID) -> ResponseReturnValue:
    """End a mandate at once; the representative or the agent may."""
    mandates.revoke(uow, mandate_id)
    flash(_("The mandate has ended."), "success")
    return redirect(url_for(".agents"), 303)


@pages.get("/agents/<uuid:mandate_id>/confirmation")
@requires(READ)
def agent_confirmation(uow: UnitOfWork, mandate_id: UUID) -> ResponseReturnValue:
    """What an agent would go on doing."""
    found = mandate_of(uow, mandate_id)
    names = names_of(uow, [found.person_id])
    return render_template(
        "enterprise/agent_confirmation.html",
        mandate=found,
        name=names[found.person_id],
        rights=list(MandateRight),
    )


@pages.post("/agents/<uuid:mandate_id>/confirmation")
@requires_work(mandates.CONFIRM)
@use_command(PasswordSchema, page=agent_confirmation)
def confirm_agent(work: Work, command: dict[str, str], mandate_id: UUID) -> ResponseReturnValue:
    """Let an agent go on under a new representative."""
    token = auth.prove(command["password"], str(mandate_id))
    with work.transaction() as uow:
        mandates.confirm(uow, mandate_id, token)
    flash(_("The agent may go on."), "success")
    return redirect(url_for(".agents"), 303)


@pages.get("/agents/quorum")
@requires(READ)
def quorum(uow: UnitOfWork) -> ResponseReturnValue:
    """Another number of signatures."""
    return render_template("enterprise/quorum.html", standing=quorums.standing_of(uow))


@pages.post("/agents/quorum")
@requires_work(quorums.LOWER)
@use_command(QuorumPageSchema, page=quorum)
def change_quorum(work: Work, command: dict[str, Any]) -> ResponseReturnValue:
    """Raise the number that must sign, or agree to a lower one."""
    digest = quorums.digest_of(work.actor.enterprise_id, command["m"])
    token = auth.prove(command["password"], digest)
    with work.transaction() as uow:
        quorums.change_to(uow, command["m"], token)
    flash(_("Recorded."), "success")
    return redirect(url_for(".agents"), 303)


@pages.post("/agents/quorum/keeping")
@requires(quorums.LOWER)
@use_command(EmptySchema, page=agents)
def keep_quorum(uow: UnitOfWork, _command: object) -> ResponseReturnValue:
    """Leave the number as it is."""
    quorums.withdraw_proposal(uow)
    flash(_("The number of signatures stays."), "success")
    return redirect(url_for(".agents"), 303)


def invite_of(command: Mapping[str, Any]) -> invitations.Invite:
    """The terms of an invitation; a mandate ends with the last second of its last day."""
    return invitations.Invite(
        name=command["name"],
        rights=frozenset(MandateRight(right) for right in command["rights"]),
        ends_at=last_second(command["ends_on"]),
    )


def last_second(on: date) -> datetime:
    """The end of a day in Shanghai."""
    return datetime.combine(on, time(23, 59, 59), SHANGHAI)


def _page(uow: UnitOfWork, code: str | None = None) -> ResponseReturnValue:
    found = mandates_of(uow, uow.actor.enterprise_id)
    return render_template(
        "enterprise/agents.html",
        mandates=found,
        names=names_of(uow, [one.person_id for one in found]),
        invitations=invitations.open_invitations(uow),
        standing=quorums.standing_of(uow),
        representative=is_representative(uow),
        rights=list(MandateRight),
        code=code,
    )
