"""Shapes of what the API tells of loans and products."""

from typing import Any

from marshmallow import fields

from bank_portal.answers import AmountsSchema
from yidaitong.kernel.schema import CommandSchema


class EventSchema(AmountsSchema):
    """One reported event of a loan."""

    id = fields.UUID()
    loan_id = fields.UUID()
    serial = fields.String()
    kind = fields.String()
    business_date = fields.Date()
    posted_at = fields.AwareDateTime()
    interest_fen = fields.Integer()
    interest = fields.String()
    penalty_fen = fields.Integer()
    penalty = fields.String()
    days = fields.Integer(allow_none=True)
    risk_class = fields.Integer(allow_none=True)
    due_on = fields.Date(allow_none=True)
    reverses_id = fields.UUID(allow_none=True)
    content_sha256 = fields.String()


class LoanSchema(AmountsSchema):
    """One loan."""

    id = fields.UUID()
    application_id = fields.UUID()
    applicant = fields.String()
    product_id = fields.String()
    state = fields.String()
    disbursed_fen = fields.Integer()
    disbursed = fields.String()
    balance_fen = fields.Integer()
    balance = fields.String()
    rate_bp = fields.Integer()
    term_months = fields.Integer()
    contracted_on = fields.Date()
    disbursed_on = fields.Date(allow_none=True)
    due_on = fields.Date(allow_none=True)
    risk_class = fields.Integer()
    overdue_days = fields.Integer()


class LoanInFullSchema(LoanSchema):
    """One loan with its events, oldest first."""

    events = fields.List(fields.Nested(EventSchema))


class ProductSchema(CommandSchema):
    """One product of the bank, newest version."""

    product_id = fields.String()
    version = fields.Integer()
    state = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    cap_fen = fields.Integer()
    rate_min_bp = fields.Integer()
    rate_max_bp = fields.Integer()
    term_min = fields.Integer()
    term_max = fields.Integer()
    sha256 = fields.String()
    effective_from = fields.AwareDateTime(allow_none=True)
    policy: Any = fields.Dict()
