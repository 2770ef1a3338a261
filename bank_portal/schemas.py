"""What the portal takes in: one schema for a form and for the API's JSON."""

from typing import Any, Final

from marshmallow import fields

from bank_portal.fields import Whole
from yidaitong.kernel.schema import CommandSchema, Line, Paragraph, YuanField
from yidaitong.lending.commands import Confirmation, LoanEvent, Recommendation, Verdict
from yidaitong.lending.kinds import Outcome
from yidaitong.lending.lifecycle import ApplicationState, LoanEventKind, LoanState
from yidaitong.lending.listing import MAX_PAGE, PAGE, CaseFilter, Group, Sort
from yidaitong.packets.lifecycle import PacketState

ROWS: Final = 30
MAX_FEN: Final = 10**13  # 100 billion yuan: far above any product, far below what JSON can hold.
_MAX_REASONS: Final = 20


class EmptySchema(CommandSchema):
    """An act that needs nothing but its address."""


class CaseQuery(CommandSchema):
    """Which cases, in which order, which page."""

    group = fields.Enum(Group, by_value=True, load_default=None)
    state = fields.Enum(ApplicationState, by_value=True, load_default=None)
    q = Line(max_length=100, load_default="")
    sort = fields.Enum(Sort, by_value=True, load_default=Sort.NEWEST)
    page = Whole(low=1, high=MAX_PAGE, load_default=1)
    size = Whole(low=1, high=100, load_default=PAGE)


def case_filter(query: dict[str, Any]) -> CaseFilter:
    """What the query asks for."""
    return CaseFilter(
        group=query["group"],
        state=query["state"],
        search=query["q"],
        sort=query["sort"],
        page=query["page"],
        size=query["size"],
    )


class QuestionSchema(CommandSchema):
    """A question to the enterprise."""

    question = Paragraph(required=True, max_length=500)


class RecommendationSchema(CommandSchema):
    """A maker's proposal: terms to approve, reasons to decline."""

    outcome = fields.Enum(Outcome, by_value=True, required=True)
    amount = YuanField(low=1, high=MAX_FEN, load_default=None)
    rate_bp = Whole(low=1, high=3_600, load_default=None)
    term_months = Whole(low=1, high=120, load_default=None)
    reasons = fields.List(Line(max_length=64), load_default=list)
    note = Paragraph(max_length=1000, load_default="")


def recommendation(data: dict[str, Any]) -> Recommendation:
    """The command; a refusal carries no terms, whatever a form still holds."""
    approving = data["outcome"] is Outcome.APPROVE
    return Recommendation(
        outcome=data["outcome"],
        amount_fen=data["amount"] if approving else None,
        rate_bp=data["rate_bp"] if approving else None,
        term_months=data["term_months"] if approving else None,
        reasons=tuple(data["reasons"][:_MAX_REASONS]),
        note=data["note"],
    )


class VerdictSchema(CommandSchema):
    """A checker's decision on the recommendation with this hash."""

    outcome = fields.Enum(Outcome, by_value=True, required=True)
    reasons = fields.List(Line(max_length=64), load_default=list)
    note = Paragraph(max_length=1000, load_default="")
    sha256 = Line(max_length=43, load_default=None)


def verdict(data: dict[str, Any]) -> Verdict:
    """The command."""
    return Verdict(
        outcome=data["outcome"],
        reasons=tuple(data["reasons"][:_MAX_REASONS]),
        note=data["note"],
        sha256=data["sha256"],
    )


class LoanEventSchema(CommandSchema):
    """One event of a loan; amounts are decimal strings in 元."""

    serial = Line(required=True, max_length=64)
    kind = fields.Enum(LoanEventKind, by_value=True, required=True)
    business_date = fields.Date(required=True)
    application_id = fields.UUID(load_default=None)
    loan_id = fields.UUID(load_default=None)
    amount = YuanField(high=MAX_FEN, load_default=0)
    interest = YuanField(high=MAX_FEN, load_default=0)
    penalty = YuanField(high=MAX_FEN, load_default=0)
    days = Whole(low=0, high=10_000, load_default=None)
    risk_class = Whole(low=1, high=5, load_default=None)
    due_on = fields.Date(load_default=None)
    reverses = Line(max_length=64, load_default=None)
    first_loan = fields.Boolean(load_default=False, truthy={"true", True}, falsy={"false", False})


def loan_event(data: dict[str, Any], **fixed: Any) -> LoanEvent:
    """The command; ``fixed`` are members the address says."""
    members = data | fixed
    same = ("serial", "kind", "business_date", "application_id", "loan_id")
    more = ("days", "risk_class", "due_on", "reverses", "first_loan")
    return LoanEvent(
        **{name: members[name] for name in (*same, *more)},
        amount_fen=members["amount"],
        interest_fen=members["interest"],
        penalty_fen=members["penalty"],
    )


class ConfirmationSchema(CommandSchema):
    """A checker's answer to a reported event with this hash."""

    accept = fields.Boolean(required=True, truthy={"true", True}, falsy={"false", False})
    sha256 = Line(required=True, max_length=43)
    note = Paragraph(max_length=500, load_default="")

    command = Confirmation


class LoanQuery(CommandSchema):
    """Which loans, newest first; ``after`` is the last id seen."""

    state = fields.Enum(LoanState, by_value=True, load_default=None)
    after = fields.UUID(load_default=None)


class PacketQuery(CommandSchema):
    """Which packets, newest first; ``after`` is the last id seen."""

    state = fields.Enum(PacketState, by_value=True, load_default=None)
    after = fields.UUID(load_default=None)


class PullSchema(CommandSchema):
    """Ask for data under one consent."""

    chain_id = fields.UUID(required=True)


class ReceiptSchema(CommandSchema):
    """The bank's signed receipt of a packet (compact JWS)."""

    rx = fields.String(required=True)
