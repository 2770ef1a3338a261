"""The enterprise as the registry knows it, who may sign for it, and how that was checked."""

from flask import render_template
from flask.typing import ResponseReturnValue

from enterprise_portal.blueprints import pages
from enterprise_portal.moments import told
from yidaitong.authorizations.queries import views_of_enterprise
from yidaitong.enterprises import queries as enterprises
from yidaitong.enterprises.evidence import findings_of
from yidaitong.enterprises.mandates import signatories
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.views import requires


@pages.get("/profile")
@requires("enterprise.read")
def profile(uow: UnitOfWork) -> ResponseReturnValue:
    """One's own enterprise."""
    enterprise_id = uow.actor.enterprise_id
    who = enterprises.subject_of(uow, enterprise_id)
    return render_template(
        "enterprise/profile.html",
        enterprise=enterprises.enterprise_of(uow, enterprise_id),
        uscc=who.uscc,
        rep=enterprises.masked(who.rep_name),
        findings=findings_of(uow, enterprise_id),
        signatories=signatories(uow, enterprise_id),
        views=told(views_of_enterprise(uow)),
    )
