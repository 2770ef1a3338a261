"""How data and money flow: departments by answers and speed, banks by applications and loans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select

from yidaitong.banks.models import Bank
from yidaitong.departments.models import DepartmentCall
from yidaitong.departments.registry import DEPARTMENTS
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.kinds import Outcome
from yidaitong.lending.lifecycle import PRIVATE
from yidaitong.lending.loan_models import Loan
from yidaitong.lending.models import Application, Decision
from yidaitong.oversight.definitions import end_of
from yidaitong.oversight.queries import READ
from yidaitong.oversight.sources import ANSWERED

_MS: Final = 1000
# India's rule for data providers; figures of departments are public.
_GOOD_PERCENT: Final = 95
_GOOD_MS: Final = 5000
_APPROVED: Final = Outcome.APPROVE


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentFlow:
    """Calls of one department: how many, how many answered, median and 95th percentile in ms."""

    code: str
    text: Text
    calls: int
    answered: int
    p50_ms: int | None
    p95_ms: int | None

    @property
    def is_good(self) -> bool | None:
        """More than 95 % answered and half of them within 5 s; None before the first call."""
        if not self.calls or self.p50_ms is None:
            return None
        return self.answered * 100 > self.calls * _GOOD_PERCENT and self.p50_ms < _GOOD_MS


def departments(uow: UnitOfWork, days: int, as_of: date | None = None) -> Sequence[DepartmentFlow]:
    """Every department over the last ``days``, in the order of the screens."""
    uow.actor.require(READ)
    moment = end_of(as_of or business_date(uow.now))
    took = func.extract("epoch", DepartmentCall.ended_at - DepartmentCall.started_at) * _MS
    query = (
        select(
            DepartmentCall.department,
            func.count().label("calls"),
            func.count().filter(DepartmentCall.outcome.in_(ANSWERED)).label("answered"),
            func.percentile_cont(0.5).within_group(took).label("p50"),
            func.percentile_cont(0.95).within_group(took).label("p95"),
        )
        .where(DepartmentCall.ended_at >= moment.back(days))
        .where(DepartmentCall.ended_at < moment.until)
        .group_by(DepartmentCall.department)
    )
    found = {row.department: row for row in uow.session.execute(query)}
    flows = []
    for department in DEPARTMENTS.values():
        row = found.get(department.code)
        flows.append(
            DepartmentFlow(
                code=department.code,
                text=department.text,
                calls=row.calls if row else 0,
                answered=row.answered if row else 0,
                p50_ms=round(row.p50) if row else None,
                p95_ms=round(row.p95) if row else None,
            )
        )
    return flows


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFlow:
    """One bank: applications it received, its decisions, its loans and what it paid out."""

    text: Text
    applications: int
    approved: int
    declined: int
    loans: int
    disbursed_fen: int


def banks(uow: UnitOfWork) -> Sequence[BankFlow]:
    """Every bank since the beginning, as things stand now."""
    uow.actor.require(READ)
    asked = _by_bank(
        uow,
        select(Application.bank_id, func.count())
        .where(Application.state.not_in(PRIVATE))
        .group_by(Application.bank_id),
    )
    decided = select(Decision.bank_id, func.count()).group_by(Decision.bank_id)
    approved = _by_bank(uow, decided.where(Decision.outcome == _APPROVED))
    declined = _by_bank(uow, decided.where(Decision.outcome != _APPROVED))
    loans = _by_bank(uow, select(Loan.bank_id, func.count()).group_by(Loan.bank_id))
    paid = _by_bank(uow, select(Loan.bank_id, func.sum(Loan.disbursed_fen)).group_by(Loan.bank_id))
    return [
        BankFlow(
            text=Text(bank.name_zh, bank.name_en),
            applications=asked.get(bank.id, 0),
            approved=approved.get(bank.id, 0),
            declined=declined.get(bank.id, 0),
            loans=loans.get(bank.id, 0),
            disbursed_fen=paid.get(bank.id, 0),
        )
        for bank in uow.session.scalars(select(Bank).order_by(Bank.id))
    ]


def _by_bank(uow: UnitOfWork, query: Any) -> Mapping[str, int]:
    return {bank_id: int(value) for bank_id, value in uow.session.execute(query)}
