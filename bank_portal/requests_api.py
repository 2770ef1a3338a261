"""Requests for consent for machines: list, read, draft, send, take back."""

from typing import Any
from uuid import UUID

from bank_portal.blueprints import api
from bank_portal.requests_schema import (
    AboutLoanSchema,
    RequestInFullSchema,
    RequestQuery,
    RequestSchema,
    request_in_full,
    request_written,
)
from bank_portal.schemas import ROWS, EmptySchema
from yidaitong.authorizations import bank_asking, bank_asks
from yidaitong.authorizations.asked import READ
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import monitoring
from yidaitong.web.views import requires, use_command


@api.get("/consent-requests")
@api.response(200, RequestSchema(many=True))
@requires(READ)
@use_command(RequestQuery, location="query")
def list_requests(uow: UnitOfWork, query: dict[str, Any]) -> Any:
    """What the bank asked for, newest first."""
    rows = bank_asks.asks_of_bank(uow, query["group"], query["after"], ROWS)
    return [request_written(one) for one in rows]


@api.get("/consent-requests/<uuid:request_id>")
@api.response(200, RequestInFullSchema)
@requires(READ)
def read_request(uow: UnitOfWork, request_id: UUID) -> Any:
    """One request with the exact text and body."""
    return request_in_full(bank_asks.ask_of_bank(uow, request_id))


@api.post("/consent-requests")
@api.response(201, RequestInFullSchema)
@requires(bank_asking.ASK)
@use_command(AboutLoanSchema, location="json")
def draft_about_loan(uow: UnitOfWork, command: dict[str, Any]) -> Any:
    """Draft a post-loan request; a living consent that ends soon is renewed by it."""
    request_id = monitoring.draft_request(uow, command["loan_id"])
    return request_in_full(bank_asks.ask_of_bank(uow, request_id))


@api.post("/consent-requests/<uuid:request_id>/dispatch")
@api.response(200, RequestInFullSchema)
@requires(bank_asking.ASK)
@use_command(EmptySchema, location="json")
def dispatch_request(uow: UnitOfWork, _command: object, request_id: UUID) -> Any:
    """Put a draft before the enterprise; it has 72 hours."""
    bank_asking.send(uow, request_id)
    return request_in_full(bank_asks.ask_of_bank(uow, request_id))


@api.post("/consent-requests/<uuid:request_id>/cancellation")
@api.response(200, RequestInFullSchema)
@requires(bank_asking.ASK)
@use_command(EmptySchema, location="json")
def cancel_drafted(uow: UnitOfWork, _command: object, request_id: UUID) -> Any:
    """Drop a draft, or take back what nobody decided about."""
    bank_asking.take_back(uow, request_id)
    return request_in_full(bank_asks.ask_of_bank(uow, request_id))
