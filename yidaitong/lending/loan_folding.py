"""Computing a loan anew from all its events, and what one of them looks like in a sum."""

from sqlalchemy import select

from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.balances import Entry, Standing, standing_of
from yidaitong.lending.loan_rules import check_standing
from yidaitong.lending.models import Loan, LoanEventRow


def refold(uow: UnitOfWork, loan: Loan) -> None:
    """Compute the loan anew from all its events: back-dated reports change earlier days.

    Raises:
        BalanceBelowZeroError: some day's balance would be below zero.
        InvalidStateError: a settled loan would owe again.
    """
    rows = uow.session.scalars(
        select(LoanEventRow).where(LoanEventRow.loan_id == loan.id).order_by(LoanEventRow.seq)
    )
    standing = standing_of(_entry(row) for row in rows)
    check_standing(loan, standing)
    _apply(loan, standing)
    uow.session.flush()


def _entry(row: LoanEventRow) -> Entry:
    return Entry(
        id=row.id,
        seq=row.seq,
        kind=row.kind,
        business_date=row.business_date,
        amount_fen=row.amount_fen,
        days=row.days,
        risk_class=row.risk_class,
        due_on=row.due_on,
        reverses_id=row.reverses_id,
    )


def _apply(loan: Loan, standing: Standing) -> None:
    loan.state = standing.state
    loan.disbursed_fen = standing.disbursed_fen
    loan.balance_fen = standing.balance_fen
    loan.disbursed_on = standing.disbursed_on
    loan.due_on = standing.due_on
    loan.risk_class = standing.risk_class
    loan.overdue_days = standing.overdue_days
    loan.class_flagged = standing.class_flagged
