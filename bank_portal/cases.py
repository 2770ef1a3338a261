"""The work list and the case: everything a maker and a checker do about one application."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bank_portal import case_view
from bank_portal.blueprints import pages
from bank_portal.schemas import (
    CaseQuery,
    ConfirmationSchema,
    EmptySchema,
    LoanEventSchema,
    QuestionSchema,
    RecommendationSchema,
    VerdictSchema,
    case_filter,
    loan_event,
    recommendation,
    verdict,
)
from yidaitong.accounts.roles import OWN_ACCOUNT
from yidaitong.kernel.tables import as_csv
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import offering, queries, reporting, reviewing, underwriting
from yidaitong.lending.commands import Confirmation
from yidaitong.lending.queries import Group, Sort
from yidaitong.pulls.queries import progress_of_application
from yidaitong.web.views import requires, use_command


@pages.get("/")
@requires(OWN_ACCOUNT)
def home(uow: UnitOfWork) -> ResponseReturnValue:
    """Wherever the visitor's role works."""
    works_on_cases = uow.actor.may(queries.READ)
    return redirect(url_for(".work" if works_on_cases else ".products"), 303)


@pages.get("/applications")
@requires(queries.READ)
@use_command(CaseQuery, location="query")
def work(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """The work list."""
    return render_template(
        "bank/work.html",
        found=queries.cases_of_bank(uow, case_filter(query)),
        counts=queries.counts_of_bank(uow),
        query=query,
        groups=list(Group),
        sorts=list(Sort),
        names=case_view.product_names(uow),
        now=uow.now,
    )


@pages.get("/applications.csv")
@requires(queries.READ)
@use_command(CaseQuery, location="query")
def export(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """The same list as a table for spreadsheets."""
    rows = case_view.table(uow, queries.export_of_bank(uow, case_filter(query)))
    answer = Response(as_csv(case_view.table_head(), rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="applications.csv"'
    return answer


@pages.get("/applications/<uuid:application_id>")
@requires(queries.READ)
def case(uow: UnitOfWork, application_id: UUID) -> ResponseReturnValue:
    """One case from submission to pay-out."""
    return render_template("bank/case.html", **case_view.context(uow, application_id))


@pages.get("/applications/<uuid:application_id>/progress")
@requires(queries.READ)
def progress(uow: UnitOfWork, application_id: UUID) -> ResponseReturnValue:
    """What departments answered so far; asks itself again while data are collected."""
    full = queries.application_of_bank(uow, application_id)
    return render_template(
        "bank/parts/progress.html",
        full=full,
        one=full.application,
        pulls=progress_of_application(uow, application_id),
    )


def _back(application_id: UUID, message: str) -> ResponseReturnValue:
    flash(message, "success")
    return redirect(url_for("bank.case", application_id=application_id), 303)


@pages.post("/applications/<uuid:application_id>/acceptance")
@requires(underwriting.TAKE)
@use_command(EmptySchema, page=case)
def take(uow: UnitOfWork, _command: object, application_id: UUID) -> ResponseReturnValue:
    """Accept it; the case is yours."""
    underwriting.take(uow, application_id)
    return _back(application_id, _("Accepted. The case is yours."))


@pages.post("/applications/<uuid:application_id>/screening-refusal")
@requires(underwriting.TAKE)
@use_command(EmptySchema, page=case)
def screen_out(uow: UnitOfWork, _command: object, application_id: UUID) -> ResponseReturnValue:
    """Refuse what the policy rejects, with the policy's reasons."""
    underwriting.screen_out(uow, application_id)
    return _back(application_id, _("Not accepted. The enterprise sees the reasons."))


@pages.post("/applications/<uuid:application_id>/review")
@requires(reviewing.REVIEW)
@use_command(EmptySchema, page=case)
def start_review(uow: UnitOfWork, _command: object, application_id: UUID) -> ResponseReturnValue:
    """The enterprise was contacted."""
    reviewing.start_review(uow, application_id)
    return _back(application_id, _("Review started."))


@pages.post("/applications/<uuid:application_id>/question")
@requires(reviewing.REVIEW)
@use_command(QuestionSchema, page=case)
def ask(uow: UnitOfWork, command: dict[str, Any], application_id: UUID) -> ResponseReturnValue:
    """Ask the enterprise; the clock stands still until it answers."""
    reviewing.ask_information(uow, application_id, command["question"])
    return _back(application_id, _("Asked. The clock stands still until the enterprise answers."))


@pages.post("/applications/<uuid:application_id>/recommendation")
@requires(underwriting.RECOMMEND)
@use_command(RecommendationSchema, page=case)
def recommend(
    uow: UnitOfWork, command: dict[str, Any], application_id: UUID
) -> ResponseReturnValue:
    """Propose to the checker."""
    underwriting.recommend(uow, application_id, recommendation(command))
    return _back(application_id, _("Sent to the checker."))


@pages.post("/applications/<uuid:application_id>/decision")
@requires(underwriting.CHECK)
@use_command(VerdictSchema, page=case)
def decide(uow: UnitOfWork, command: dict[str, Any], application_id: UUID) -> ResponseReturnValue:
    """Decide on exactly what was recommended."""
    underwriting.decide(uow, application_id, verdict(command))
    return _back(application_id, _("Decided."))


@pages.post("/applications/<uuid:application_id>/offer")
@requires(offering.MAKE)
@use_command(EmptySchema, page=case)
def make_offer(uow: UnitOfWork, _command: object, application_id: UUID) -> ResponseReturnValue:
    """Offer what was approved."""
    offering.make(uow, application_id)
    return _back(application_id, _("Offer sent; it is open for 15 days."))


@pages.post("/applications/<uuid:application_id>/loan-events")
@requires(reporting.PROPOSE)
@use_command(LoanEventSchema, page=case)
def propose_event(
    uow: UnitOfWork, command: dict[str, Any], application_id: UUID
) -> ResponseReturnValue:
    """Report an event; it takes effect when another person confirms it."""
    reporting.propose(uow, loan_event(command, application_id=application_id))
    return _back(application_id, _("Reported. Another person has to confirm it."))


@pages.post("/applications/<uuid:application_id>/loan-events/confirmation")
@requires(reporting.CONFIRM)
@use_command(ConfirmationSchema, page=case)
def confirm_event(
    uow: UnitOfWork, command: Confirmation, application_id: UUID
) -> ResponseReturnValue:
    """Confirm or refuse exactly what was reported."""
    reporting.confirm(uow, application_id, command)
    return _back(application_id, _("Done."))
