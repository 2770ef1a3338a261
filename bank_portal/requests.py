"""Requests for consent: drafted, looked at, sent, taken back; and the data they led to."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bank_portal.blueprints import pages
from bank_portal.case_view import product_names
from bank_portal.loans import loan
from bank_portal.requests_schema import FetchSchema, RequestQuery
from bank_portal.requests_view import context
from bank_portal.schemas import ROWS, EmptySchema
from yidaitong.authorizations import bank_asking, bank_asks
from yidaitong.authorizations.asked import READ
from yidaitong.authorizations.bank_asks import AskGroup
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import monitoring
from yidaitong.lending.queries import applicants_of_bank
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.orders import START, PullOrder
from yidaitong.web.views import requires, use_command


@pages.get("/requests")
@requires(READ)
@use_command(RequestQuery, location="query")
def request_list(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """What the bank asked enterprises for, newest first."""
    rows = bank_asks.asks_of_bank(uow, query["group"], query["after"], ROWS + 1)
    about = [row.application_id for row in rows if row.application_id is not None]
    return render_template(
        "bank/requests.html",
        applicants=applicants_of_bank(uow, about),
        rows=rows[:ROWS],
        more=rows[ROWS - 1].request_id if len(rows) > ROWS else None,
        query=query,
        groups=list(AskGroup),
        names=product_names(uow),
    )


@pages.get("/requests/<uuid:request_id>")
@requires(READ)
def request_page(uow: UnitOfWork, request_id: UUID) -> ResponseReturnValue:
    """One request as the enterprise reads it, and what may be done about it."""
    return render_template("bank/request.html", **context(uow, request_id))


@pages.get("/requests/<uuid:request_id>/progress")
@requires(READ)
def request_progress(uow: UnitOfWork, request_id: UUID) -> ResponseReturnValue:
    """What departments answered so far; asks itself again while data are collected."""
    return render_template("bank/parts/request_progress.html", **context(uow, request_id))


@pages.post("/loans/<uuid:loan_id>/requests")
@requires(bank_asking.ASK)
@use_command(EmptySchema, page=loan)
def draft_request(uow: UnitOfWork, _command: object, loan_id: UUID) -> ResponseReturnValue:
    """Draft a post-loan request; nobody is asked yet."""
    request_id = monitoring.draft_request(uow, loan_id)
    return redirect(url_for(".request_page", request_id=request_id), 303)


@pages.post("/requests/<uuid:request_id>/dispatch")
@requires(bank_asking.ASK)
@use_command(EmptySchema, page=request_page)
def send_request(uow: UnitOfWork, _command: object, request_id: UUID) -> ResponseReturnValue:
    """Put it before the enterprise."""
    bank_asking.send(uow, request_id)
    flash(_("Sent. The enterprise has 72 hours to decide."), "success")
    return redirect(url_for(".request_page", request_id=request_id), 303)


@pages.post("/requests/<uuid:request_id>/cancellation")
@requires(bank_asking.ASK)
@use_command(EmptySchema, page=request_page)
def cancel_request(uow: UnitOfWork, _command: object, request_id: UUID) -> ResponseReturnValue:
    """Drop the draft, or take the request back."""
    bank_asking.take_back(uow, request_id)
    flash(_("Taken back. The enterprise is no longer asked."), "success")
    return redirect(url_for(".request_page", request_id=request_id), 303)


@pages.post("/requests/<uuid:request_id>/pulls")
@requires(START)
@use_command(FetchSchema, page=request_page)
def fetch_data(uow: UnitOfWork, command: dict[str, str], request_id: UUID) -> ResponseReturnValue:
    """Begin one data request under the consent; the same press never asks twice."""
    found = bank_asks.ask_of_bank(uow, request_id)
    authorise(
        uow,
        PullOrder(
            chain_id=found.line.chain_id,
            idempotency_key=command["key"],
            operator_id=uow.actor.person_id,
        ),
    )
    flash(_("The departments are being asked."), "success")
    return redirect(url_for(".request_page", request_id=request_id), 303)
