"""The first page after signing in: what to do next, and where things stand."""

from flask import render_template
from flask.typing import ResponseReturnValue

from consent.lifecycle import LIVE
from enterprise_portal.blueprints import pages
from enterprise_portal.names import Names
from yidaitong.authorizations import queries as authorizations
from yidaitong.authorizations.representation import MANDATE_REVIEW
from yidaitong.enterprises.queries import enterprise_of
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import queries as lending
from yidaitong.lending.lifecycle import CLOSED, ApplicationState
from yidaitong.lending.loan_queries import loans_of_enterprise
from yidaitong.web.views import requires

_NEWEST = 5


@pages.get("/")
@requires("enterprise.read")
def home(uow: UnitOfWork) -> ResponseReturnValue:
    """What waits for the enterprise, its newest applications, its wallet in numbers."""
    wallet = authorizations.wallet_of_enterprise(uow, limit=100)
    applications = lending.applications_of_enterprise(uow, limit=50)
    return render_template(
        "enterprise/home.html",
        enterprise=enterprise_of(uow, uow.actor.enterprise_id),
        asks=authorizations.open_asks_of_enterprise(uow),
        applications=applications[:_NEWEST],
        running=[one for one in applications if one.state not in CLOSED],
        offers=[one for one in applications if one.state is ApplicationState.OFFER_SENT],
        drafts=[one for one in applications if one.state is ApplicationState.DRAFT],
        live=sum(one.state in LIVE for one in wallet),
        reviews=[one for one in wallet if one.suspended_reason == MANDATE_REVIEW],
        renewals=[one for one in wallet if one.renewable and one.state in LIVE],
        loans=loans_of_enterprise(uow),
        names=Names(uow),
    )
