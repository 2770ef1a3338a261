"""What the pages and the API about requests for consent take in and give out."""

from typing import Any

from marshmallow import fields

from yidaitong.authorizations.bank_asks import AskGroup, BankRequest, BankRequestInFull
from yidaitong.kernel.schema import CommandSchema, Line


class RequestQuery(CommandSchema):
    """Which requests; ``after`` is the last one seen."""

    group = fields.Enum(AskGroup, by_value=True, load_default=None)
    after = fields.UUID(load_default=None)


class AboutLoanSchema(CommandSchema):
    """The loan to ask about."""

    loan_id = fields.UUID(required=True)


class FetchSchema(CommandSchema):
    """One press of the button: the same ``key`` never asks twice."""

    key = Line(required=True, max_length=64)


class RequestSchema(CommandSchema):
    """One request as lists tell it."""

    request_id = fields.UUID()
    chain_id = fields.UUID()
    state = fields.String()
    purpose = fields.String()
    product_id = fields.String()
    application_id = fields.UUID(allow_none=True)
    personal = fields.Boolean()
    made_at = fields.AwareDateTime()
    lapses_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)


class RequestInFullSchema(RequestSchema):
    """One request with the exact text and body the enterprise decides about."""

    name = fields.String()
    renews = fields.Boolean()
    m = fields.Integer()
    signed = fields.Integer()
    text = fields.String()
    body = fields.Dict()


def request_written(one: BankRequest) -> dict[str, Any]:
    """The answer about one request."""
    return {
        "request_id": one.request_id,
        "chain_id": one.chain_id,
        "state": one.state.value,
        "purpose": one.purpose,
        "product_id": one.product_id,
        "application_id": one.application_id,
        "personal": one.personal,
        "made_at": one.made_at,
        "lapses_at": one.lapses_at,
        "closed_at": one.closed_at,
    }


def request_in_full(found: BankRequestInFull) -> dict[str, Any]:
    """The answer about one request with its text."""
    return {
        **request_written(found.line),
        "name": found.name,
        "renews": found.renews,
        "m": found.m,
        "signed": found.signed,
        "text": found.text,
        "body": found.artefact.body,
    }
