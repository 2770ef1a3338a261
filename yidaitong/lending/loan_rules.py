"""What each kind of loan event must and must not say, and what no loan may ever be."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from yidaitong.kernel.clock import business_date
from yidaitong.kernel.errors import InvalidRequestError, InvalidStateError
from yidaitong.lending.balances import Standing
from yidaitong.lending.commands import LoanEvent
from yidaitong.lending.errors import BalanceBelowZeroError
from yidaitong.lending.lifecycle import LoanEventKind, LoanState
from yidaitong.lending.models import Loan

_K = LoanEventKind
# kind → members it must carry; every other member of the second list must be absent.
_MUST: Final[Mapping[LoanEventKind, frozenset[str]]] = {
    _K.CONTRACT: frozenset({"amount"}),
    _K.DISBURSE: frozenset({"amount"}),
    _K.REPAY: frozenset(),
    _K.EXTEND: frozenset({"due_on"}),
    _K.CLASSIFY: frozenset({"risk_class"}),
    _K.OVERDUE: frozenset({"days"}),
    _K.WRITEOFF: frozenset({"amount"}),
    _K.SETTLE: frozenset(),
    _K.REVERSE: frozenset({"reverses"}),
}
_MAY: Final[Mapping[LoanEventKind, frozenset[str]]] = {
    _K.CONTRACT: frozenset({"first_loan"}),
    _K.REPAY: frozenset({"amount", "interest", "penalty"}),
}
_CLASSES: Final = range(1, 6)
_ENDED: Final = frozenset({LoanState.SETTLED, LoanState.WRITTEN_OFF})
_MAX_DAYS: Final = 10_000


def check_event(now: datetime, loan: Loan, event: LoanEvent) -> None:
    """Refuse an event that cannot be true of ``loan``, before anything is written.

    Raises:
        InvalidRequestError: with what is wrong by member.
        InvalidStateError: the loan has ended.
    """
    problems = _members(event) | _values(event) | _dates(now, loan, event)
    if event.kind is _K.CONTRACT and event.amount_fen != loan.amount_fen:
        problems["amount"] = "NOT_AS_OFFERED"
    if event.kind is _K.REPAY and event.amount_fen + event.interest_fen + event.penalty_fen == 0:
        problems["amount"] = "MISSING"
    if problems:
        raise InvalidRequestError(f"{event.kind} of loan {loan.id}", fields=problems)
    if loan.state in _ENDED and event.kind is not _K.REVERSE:
        raise InvalidStateError(f"loan {loan.id} is {loan.state}")
    if event.kind is _K.SETTLE and loan.balance_fen != 0:
        raise InvalidStateError(f"loan {loan.id} has a balance")
    if event.kind is _K.SETTLE and loan.disbursed_fen == 0:
        raise InvalidStateError(f"loan {loan.id} was never paid out")


def check_standing(loan: Loan, standing: Standing) -> None:
    """Refuse what the events would amount to together.

    Raises:
        BalanceBelowZeroError: the balance falls below zero, or more is paid out than contracted.
        InvalidStateError: a loan that was settled would owe again.
    """
    if standing.lowest_fen < 0 or standing.disbursed_fen > loan.amount_fen:
        raise BalanceBelowZeroError(f"loan {loan.id}", fields={"amount": "BALANCE"})
    if standing.state is LoanState.SETTLED and standing.balance_fen != 0:
        raise InvalidStateError(f"loan {loan.id} was settled: reverse the settlement first")


def _members(event: LoanEvent) -> dict[str, str]:
    given = {
        "amount": event.amount_fen != 0,
        "interest": event.interest_fen != 0,
        "penalty": event.penalty_fen != 0,
        "days": event.days is not None,
        "risk_class": event.risk_class is not None,
        "due_on": event.due_on is not None,
        "reverses": event.reverses is not None,
        "first_loan": event.first_loan,
    }
    must = _MUST[event.kind]
    may = must | _MAY.get(event.kind, frozenset())
    missing = {name: "MISSING" for name in must if not given[name]}
    return missing | {
        name: "UNEXPECTED" for name, here in given.items() if here and name not in may
    }


def _values(event: LoanEvent) -> dict[str, str]:
    problems: dict[str, str] = {}
    amounts = (event.amount_fen, event.interest_fen, event.penalty_fen)
    for name, fen in zip(("amount", "interest", "penalty"), amounts, strict=True):
        if fen < 0:
            problems[name] = "TOO_SMALL"
    if event.days is not None and not 0 <= event.days <= _MAX_DAYS:
        problems["days"] = "RANGE"
    if event.risk_class is not None and event.risk_class not in _CLASSES:
        problems["risk_class"] = "RANGE"
    return problems


def _dates(now: datetime, loan: Loan, event: LoanEvent) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not loan.contracted_on <= event.business_date <= business_date(now):
        problems["business_date"] = "RANGE"
    if event.due_on is not None and loan.due_on is not None and event.due_on <= loan.due_on:
        problems["due_on"] = "TOO_SMALL"
    return problems
