"""Loans as their banks report them."""

from typing import Any
from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from enterprise_portal.applications_schema import LoanSchema, loan_written
from enterprise_portal.blueprints import api, pages
from enterprise_portal.names import Names
from enterprise_portal.schemas import PAGE, ListQuery
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import loan_queries as queries
from yidaitong.web.views import requires, use_command


@pages.get("/loans")
@requires(queries.READ)
@use_command(ListQuery, location="query")
def loans(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """All loans, newest first."""
    rows = queries.loans_of_enterprise(uow, query["after"], PAGE + 1)
    return render_template(
        "enterprise/loans.html",
        loans=[row.loan for row in rows[:PAGE]],
        more=rows[PAGE - 1].loan.id if len(rows) > PAGE else None,
        names=Names(uow),
    )


@pages.get("/loans/<uuid:loan_id>")
@requires(queries.READ)
def loan(uow: UnitOfWork, loan_id: UUID) -> ResponseReturnValue:
    """One loan with its events."""
    full = queries.loan_of(uow, loan_id)
    return render_template(
        "enterprise/loan.html", full=full, loan=full.loan, undone=full.undone, names=Names(uow)
    )


@api.get("/loans")
@api.response(200, LoanSchema(many=True))
@requires(queries.READ)
@use_command(ListQuery, location="query")
def list_loans(uow: UnitOfWork, query: dict[str, Any]) -> Any:
    """All loans of the enterprise, newest first."""
    rows = queries.loans_of_enterprise(uow, query["after"], PAGE)
    return [loan_written(row.loan) for row in rows]
