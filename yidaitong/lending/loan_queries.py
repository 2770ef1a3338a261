"""Reading loans and their events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.lifecycle import LoanState
from yidaitong.lending.models import Application, Loan, LoanEventRow

READ: Final = "loan.read"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanLine:
    """One loan as lists show it."""

    loan: Loan
    applicant_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanInFull:
    """One loan with its events, oldest first; ``undone`` are ids of reversed events."""

    loan: Loan
    applicant_name: str
    events: Sequence[LoanEventRow]

    @property
    def undone(self) -> frozenset[UUID]:
        """Events that a later one reversed."""
        return frozenset(one.reverses_id for one in self.events if one.reverses_id is not None)


def loans_of_bank(
    uow: UnitOfWork,
    state: LoanState | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[LoanLine]:
    """Loans of the actor's bank, newest first; ``after`` is the last id seen.

    Raises:
        ForbiddenError: the actor may not read loans.
    """
    uow.actor.require(READ)
    conditions: list[Any] = [Loan.bank_id == uow.actor.bank_id]
    if state is not None:
        conditions.append(Loan.state == state)
    return _listed(uow, conditions, after, limit)


def loans_of_enterprise(
    uow: UnitOfWork, after: UUID | None = None, limit: int = 50
) -> list[LoanLine]:
    """Loans of the actor's enterprise at all banks, newest first.

    Raises:
        ForbiddenError: the actor may not read loans.
    """
    uow.actor.require(READ)
    return _listed(uow, [Loan.enterprise_id == uow.actor.enterprise_id], after, limit)


def loan_of(uow: UnitOfWork, loan_id: UUID) -> LoanInFull:
    """One loan the actor may see, with its events.

    Raises:
        ForbiddenError: the actor may not read loans.
        NotFoundError: unknown, or somebody else's.
    """
    uow.actor.require(READ)
    found = _listed(uow, [Loan.id == loan_id, *_visible(uow)], None, 1)
    if not found:
        raise NotFoundError(f"loan {loan_id}")
    events = uow.session.scalars(
        select(LoanEventRow).where(LoanEventRow.loan_id == loan_id).order_by(LoanEventRow.seq)
    ).all()
    return LoanInFull(loan=found[0].loan, applicant_name=found[0].applicant_name, events=events)


def loan_of_application(uow: UnitOfWork, application_id: UUID | None) -> Loan | None:
    """The loan an application led to, if the actor may see it.

    Raises:
        ForbiddenError: the actor may not read loans.
    """
    uow.actor.require(READ)
    found = _listed(uow, [Loan.application_id == application_id, *_visible(uow)], None, 1)
    return found[0].loan if found else None


def _visible(uow: UnitOfWork) -> list[Any]:
    match uow.actor.realm:
        case Realm.BANK:
            return [Loan.bank_id == uow.actor.bank_id]
        case Realm.ENTERPRISE:
            return [Loan.enterprise_id == uow.actor.enterprise_id]
        case Realm.GOV | Realm.SYSTEM:
            return []
        case Realm.PUBLIC:
            raise NotFoundError("nobody is signed in")


def _listed(
    uow: UnitOfWork, conditions: list[Any], after: UUID | None, limit: int
) -> list[LoanLine]:
    query = (
        select(Loan, Application.applicant_name)
        .join(Application, Application.id == Loan.application_id)
        .where(*conditions)
    )
    if after is not None:
        query = query.where(Loan.id < after)
    rows = uow.session.execute(query.order_by(Loan.id.desc()).limit(limit))
    return [LoanLine(loan=row[0], applicant_name=row[1]) for row in rows]
