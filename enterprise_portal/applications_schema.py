"""How the API tells applications, offers and loans; amounts are decimal strings in 元.

Rows are ``Any`` here: a portal knows the services, not their tables.
"""

from typing import Any

from marshmallow import fields

from yidaitong.kernel.money import format_yuan
from yidaitong.kernel.schema import CommandSchema


class AskedSchema(CommandSchema):
    """A request that waits for a signature."""

    request_id = fields.UUID()
    digest = fields.String()
    personal = fields.Boolean()


class AppliedSchema(CommandSchema):
    """A drafted application and what to sign."""

    application_id = fields.UUID()
    asks = fields.List(fields.Nested(AskedSchema))


class OfferSchema(CommandSchema):
    """One offer; rates in basis points a year, terms in months."""

    offer_id = fields.UUID()
    application_id = fields.UUID()
    bank_id = fields.String()
    amount = fields.String()
    rate_bp = fields.Integer()
    term_months = fields.Integer()
    state = fields.String()
    digest = fields.String()
    ends_at = fields.AwareDateTime()


class ApplicationSchema(CommandSchema):
    """One application as lists show it."""

    application_id = fields.UUID()
    product_id = fields.String()
    product_version = fields.Integer()
    bank_id = fields.String()
    state = fields.String()
    amount = fields.String()
    term_months = fields.Integer()
    created_at = fields.AwareDateTime()
    submitted_at = fields.AwareDateTime(allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)


class StepSchema(CommandSchema):
    """One step of an application's life."""

    event = fields.String()
    state = fields.String()
    at = fields.AwareDateTime()
    note = fields.String()


class ReasonTold(CommandSchema):
    """One reason of a refusal in both languages."""

    id = fields.String()
    zh = fields.String()
    en = fields.String()


class ApplicationInFullSchema(ApplicationSchema):
    """One application with its steps, pulls, result, offer and the reasons of a refusal."""

    steps = fields.List(fields.Nested(StepSchema))
    result = fields.String(allow_none=True)
    limit = fields.String(allow_none=True)
    rate_bp = fields.Integer(allow_none=True)
    reasons = fields.List(fields.Nested(ReasonTold))
    pulls = fields.List(fields.Dict())
    asks = fields.List(fields.Nested(AskedSchema))
    offer = fields.Nested(OfferSchema, allow_none=True)


class LoanSchema(CommandSchema):
    """One loan."""

    loan_id = fields.UUID()
    application_id = fields.UUID()
    bank_id = fields.String()
    product_id = fields.String()
    state = fields.String()
    amount = fields.String()
    disbursed = fields.String()
    balance = fields.String()
    rate_bp = fields.Integer()
    term_months = fields.Integer()
    contracted_on = fields.Date()
    due_on = fields.Date(allow_none=True)


def yuan(fen: int | None) -> str | None:
    """``123456`` fen as ``1234.56``."""
    return None if fen is None else format_yuan(fen).replace(",", "")


def application_written(one: Any) -> dict[str, Any]:
    """One application as the API tells it."""
    same = ("product_id", "product_version", "bank_id", "term_months", "created_at")
    return {
        **{name: getattr(one, name) for name in (*same, "submitted_at", "decided_at")},
        "application_id": one.id,
        "state": one.state.value,
        "amount": yuan(one.amount_fen),
    }


def offer_written(offer: Any) -> dict[str, Any]:
    """One offer as the API tells it."""
    same = ("application_id", "bank_id", "rate_bp", "term_months", "digest", "ends_at")
    return {
        **{name: getattr(offer, name) for name in same},
        "offer_id": offer.id,
        "state": offer.state.value,
        "amount": yuan(offer.amount_fen),
    }


def loan_written(loan: Any) -> dict[str, Any]:
    """One loan as the API tells it."""
    same = ("application_id", "bank_id", "product_id", "rate_bp", "term_months", "contracted_on")
    return {
        **{name: getattr(loan, name) for name in (*same, "due_on")},
        "loan_id": loan.id,
        "state": loan.state.value,
        "amount": yuan(loan.amount_fen),
        "disbursed": yuan(loan.disbursed_fen),
        "balance": yuan(loan.balance_fen),
    }
