"""Applications: every step, what departments answer, the decision with its reasons."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from consent.lifecycle import OPEN, ConsentState
from enterprise_portal import stages
from enterprise_portal.blueprints import pages
from enterprise_portal.explanations import explanation_of
from enterprise_portal.names import Names
from enterprise_portal.schemas import PAGE, AnswerSchema, EmptySchema, ListQuery, ReasonSchema
from yidaitong.authorizations import queries as authorizations
from yidaitong.departments.registry import DEPARTMENTS
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import applications as acts
from yidaitong.lending import queries, reviewing
from yidaitong.lending.lifecycle import CLOSED
from yidaitong.pulls.queries import progress_of_application
from yidaitong.web.views import requires, use_command


@pages.get("/applications")
@requires(queries.READ)
@use_command(ListQuery, location="query")
def applications(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """All applications, newest first."""
    rows = queries.applications_of_enterprise(uow, query["after"], PAGE + 1)
    return render_template(
        "enterprise/applications.html",
        applications=rows[:PAGE],
        more=rows[PAGE - 1].id if len(rows) > PAGE else None,
        names=Names(uow),
    )


@pages.get("/applications/<uuid:application_id>")
@requires(queries.READ)
def application(uow: UnitOfWork, application_id: UUID) -> ResponseReturnValue:
    """One application from the first step to the last."""
    full = queries.application_of_enterprise(uow, application_id)
    asks = authorizations.asks_of_application(uow, application_id)
    chains = authorizations.chains_of_application(uow, application_id)
    return render_template(
        "enterprise/application.html",
        full=full,
        one=full.application,
        asks=asks,
        waiting=[one for one in asks if one.state in OPEN],
        chains=chains,
        steps=stages.steps(full, authorized=_authorized(chains)),
        authorized=_authorized(chains),
        closed=full.application.state in CLOSED,
        pulls=progress_of_application(uow, application_id),
        departments=DEPARTMENTS,
        explanation=explanation_of(uow, full),
        names=Names(uow),
    )


@pages.get("/applications/<uuid:application_id>/progress")
@requires(queries.READ)
def progress(uow: UnitOfWork, application_id: UUID) -> ResponseReturnValue:
    """The part of the page that asks itself again each second while data are collected."""
    full = queries.application_of_enterprise(uow, application_id)
    return render_template(
        "enterprise/parts/progress.html",
        one=full.application,
        full=full,
        pulls=progress_of_application(uow, application_id),
        departments=DEPARTMENTS,
    )


@pages.get("/applications/<uuid:application_id>/explanation")
@requires(queries.READ)
def explanation(uow: UnitOfWork, application_id: UUID) -> ResponseReturnValue:
    """Why the answer was no: rule, your value, what was asked for, the gap, source, date."""
    full = queries.application_of_enterprise(uow, application_id)
    return render_template(
        "enterprise/explanation.html",
        full=full,
        one=full.application,
        explanation=explanation_of(uow, full),
        names=Names(uow),
    )


@pages.post("/applications/<uuid:application_id>/submission")
@requires(acts.SUBMIT)
@use_command(EmptySchema, page=application)
def submit(uow: UnitOfWork, _command: object, application_id: UUID) -> ResponseReturnValue:
    """Hand it to the bank; departments are asked at once."""
    acts.submit(uow, application_id)
    flash(_("Submitted. Departments are being asked now."), "success")
    return redirect(url_for(".application", application_id=application_id), 303)


@pages.post("/applications/<uuid:application_id>/information")
@requires(acts.SUBMIT)
@use_command(AnswerSchema, page=application)
def give_information(
    uow: UnitOfWork, command: dict[str, Any], application_id: UUID
) -> ResponseReturnValue:
    """Answer the bank's question."""
    reviewing.give_information(uow, application_id, command["answer"])
    flash(_("Answered. The bank goes on."), "success")
    return redirect(url_for(".application", application_id=application_id), 303)


@pages.get("/applications/<uuid:application_id>/withdrawal")
@requires(queries.READ)
def withdrawal(uow: UnitOfWork, application_id: UUID) -> ResponseReturnValue:
    """What taking it back means, before it is done."""
    full = queries.application_of_enterprise(uow, application_id)
    return render_template("enterprise/withdrawal.html", full=full, one=full.application)


@pages.post("/applications/<uuid:application_id>/withdrawal")
@requires(acts.WITHDRAW)
@use_command(ReasonSchema, page=withdrawal)
def withdraw(uow: UnitOfWork, command: dict[str, Any], application_id: UUID) -> ResponseReturnValue:
    """Take it back; its authorizations end with it."""
    acts.withdraw(uow, application_id, command["reason"] or "")
    flash(_("Taken back. Its authorizations have ended."), "success")
    return redirect(url_for(".application", application_id=application_id), 303)


def _authorized(chains: list[authorizations.Authorization]) -> bool:
    own = [chain for chain in chains if not chain.personal] or chains
    return any(chain.state is ConsentState.ACTIVE for chain in own)
