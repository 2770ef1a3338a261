"""How the API tells loans and their events."""

from collections.abc import Mapping
from typing import Any

from bank_portal.written import money
from yidaitong.lending.loan_queries import LoanInFull


def loan_written(loan: Any, applicant: str) -> dict[str, Any]:
    """One loan."""
    return {
        "id": loan.id,
        "application_id": loan.application_id,
        "applicant": applicant,
        "product_id": loan.product_id,
        "state": loan.state.value,
        **money("amount", loan.amount_fen),
        **money("disbursed", loan.disbursed_fen),
        **money("balance", loan.balance_fen),
        "rate_bp": loan.rate_bp,
        "term_months": loan.term_months,
        "contracted_on": loan.contracted_on,
        "disbursed_on": loan.disbursed_on,
        "due_on": loan.due_on,
        "risk_class": loan.risk_class,
        "overdue_days": loan.overdue_days,
    }


def event_written(row: Any) -> Mapping[str, Any]:
    """One reported event."""
    return {
        "id": row.id,
        "loan_id": row.loan_id,
        "serial": row.serial,
        "kind": row.kind.value,
        "business_date": row.business_date,
        "posted_at": row.posted_at,
        **money("amount", row.amount_fen),
        **money("interest", row.interest_fen),
        **money("penalty", row.penalty_fen),
        "days": row.days,
        "risk_class": row.risk_class,
        "due_on": row.due_on,
        "reverses_id": row.reverses_id,
        "content_sha256": row.content_sha256,
    }


def loan_in_full(found: LoanInFull) -> dict[str, Any]:
    """One loan with its events, oldest first."""
    return {
        **loan_written(found.loan, found.applicant_name),
        "events": [event_written(row) for row in found.events],
    }
