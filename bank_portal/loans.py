"""Loans: list, events, reports by hand (two people) and by the bank's own system."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bank_portal.answers_loans import EventSchema, LoanInFullSchema, LoanSchema
from bank_portal.blueprints import api, pages
from bank_portal.case_view import product_names
from bank_portal.schemas import ROWS, ConfirmationSchema, LoanEventSchema, LoanQuery, loan_event
from bank_portal.written_loans import event_written, loan_in_full, loan_written
from yidaitong.accounts.registering import names_of
from yidaitong.authorizations.bank_asks import asks_about_loan
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import loan_queries, loans, queries, reporting
from yidaitong.lending.commands import Confirmation
from yidaitong.lending.lifecycle import LoanEventKind, LoanState
from yidaitong.lending.monitoring import OPEN_LOANS
from yidaitong.web.views import requires, use_command

_BY_HAND = [kind for kind in LoanEventKind if kind is not LoanEventKind.CONTRACT]


@pages.get("/loans")
@requires(loan_queries.READ)
@use_command(LoanQuery, location="query")
def loan_list(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """All loans, newest first."""
    rows = loan_queries.loans_of_bank(uow, query["state"], query["after"], ROWS + 1)
    return render_template(
        "bank/loans.html",
        rows=rows[:ROWS],
        more=rows[ROWS - 1].loan.id if len(rows) > ROWS else None,
        query=query,
        states=list(LoanState),
        names=product_names(uow),
    )


@pages.get("/loans/<uuid:loan_id>")
@requires(loan_queries.READ)
def loan(uow: UnitOfWork, loan_id: UUID) -> ResponseReturnValue:
    """One loan with its events."""
    found = loan_queries.loan_of(uow, loan_id)
    case = queries.application_of_bank(uow, found.loan.application_id)
    owner = found.loan.owner_person_id
    waiting = case.waiting
    return render_template(
        "bank/loan.html",
        found=found,
        one=found.loan,
        waiting=waiting,
        is_maker=waiting is not None and waiting.command.maker_person_id == uow.actor.person_id,
        kinds=_BY_HAND,
        owner=None if owner is None else names_of(uow, [owner]).get(owner),
        today=business_date(uow.now).isoformat(),
        names=product_names(uow),
        asks=asks_about_loan(uow, found.loan.application_id),
        may_ask=found.loan.state in OPEN_LOANS,
    )


@pages.post("/loans/<uuid:loan_id>/events")
@requires(reporting.PROPOSE)
@use_command(LoanEventSchema, page=loan)
def propose(uow: UnitOfWork, command: dict[str, Any], loan_id: UUID) -> ResponseReturnValue:
    """Report an event; it takes effect when another person confirms it."""
    application_id = loan_queries.loan_of(uow, loan_id).loan.application_id
    fixed = {"application_id": application_id, "loan_id": loan_id}
    reporting.propose(uow, loan_event(command, **fixed))
    flash(_("Reported. Another person has to confirm it."), "success")
    return redirect(url_for(".loan", loan_id=loan_id), 303)


@pages.post("/loans/<uuid:loan_id>/events/confirmation")
@requires(reporting.CONFIRM)
@use_command(ConfirmationSchema, page=loan)
def confirm_loan_event(
    uow: UnitOfWork, command: Confirmation, loan_id: UUID
) -> ResponseReturnValue:
    """Confirm or refuse exactly what was reported."""
    application_id = loan_queries.loan_of(uow, loan_id).loan.application_id
    reporting.confirm(uow, application_id, command)
    flash(_("Done."), "success")
    return redirect(url_for(".loan", loan_id=loan_id), 303)


@api.post("/loan-events")
@api.response(201, EventSchema)
@api.alt_response(200, schema=EventSchema, description="The same event was reported before")
@requires(loans.REPORT)
@use_command(LoanEventSchema, location="json")
def report_event(uow: UnitOfWork, command: dict[str, Any]) -> Any:
    """Report one event; ``serial`` is the bank's own number: 201 new, 200 known, 409 reused."""
    reported = loans.report(uow, loan_event(command))
    return event_written(reported.event), 201 if reported.created else 200


@api.get("/loans")
@api.response(200, LoanSchema(many=True))
@requires(loan_queries.READ)
@use_command(LoanQuery, location="query")
def list_loans(uow: UnitOfWork, query: dict[str, Any]) -> Any:
    """Loans of the bank, newest first."""
    rows = loan_queries.loans_of_bank(uow, query["state"], query["after"], ROWS)
    return [loan_written(row.loan, row.applicant_name) for row in rows]


@api.get("/loans/<uuid:loan_id>")
@api.response(200, LoanInFullSchema)
@requires(loan_queries.READ)
def read_loan(uow: UnitOfWork, loan_id: UUID) -> Any:
    """One loan with its events."""
    return loan_in_full(loan_queries.loan_of(uow, loan_id))
