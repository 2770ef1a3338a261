"""Loans: append-only events from the banks, each taking effect once, corrected by reversal."""

import calendar
from dataclasses import asdict
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from consent.events import canonical, sha256_b64u
from yidaitong import audit
from yidaitong.accounts.scope import as_system
from yidaitong.authorizations import stopping
from yidaitong.kernel.errors import InvalidStateError, NotFoundError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import exposures, steps
from yidaitong.lending.commands import LoanEvent
from yidaitong.lending.lifecycle import ApplicationEvent, ApplicationState, LoanEventKind, LoanState
from yidaitong.lending.loan_folding import refold
from yidaitong.lending.loan_rules import check_event
from yidaitong.lending.models import Application, Loan, LoanEventRow
from yidaitong.lending.offers import offer_of_application
from yidaitong.pulls.errors import IdempotencyConflictError

REPORT: Final = "loan.report"
_MONTHS: Final = 12


class Reported:
    """An event as it stands; ``created`` is False where it was known already."""

    __slots__ = ("created", "event", "loan")

    def __init__(self, loan: Loan, event: LoanEventRow, *, created: bool) -> None:
        self.loan = loan
        self.event = event
        self.created = created


def report(uow: UnitOfWork, event: LoanEvent) -> Reported:
    """Take one event of the actor's bank; the same event again changes nothing.

    Raises:
        ForbiddenError: the actor may not report.
        NotFoundError: no such application, loan or reversed event, or another bank's.
        IdempotencyConflictError: the serial was used with other content.
        InvalidRequestError: a member is missing, superfluous or out of range.
        InvalidStateError: the application or the loan is not in a state for this.
        BalanceBelowZeroError: the balance would be below zero at the end of some day.
    """
    uow.actor.require(REPORT)
    return post(uow, event, uow.actor.person_id, None)


def post(uow: UnitOfWork, event: LoanEvent, maker: UUID | None, checker: UUID | None) -> Reported:
    """As :func:`report`, for whoever checked already that both people may."""
    application = steps.locked(uow, _application_id(uow, event))
    known = _known(uow, event)
    if known is not None:
        return known
    loan = _loan(uow, application, event)
    undone = _undone(uow, loan, event)
    check_event(uow.now, loan, event)
    row = _insert(uow, loan, event, undone, (maker, checker))
    refold(uow, loan)
    _move_application(uow, application, event)
    audit.record(
        uow,
        f"loan.{event.kind.value.lower()}",
        object_type="loan",
        object_id=loan.id,
        event_id=row.id,
        content=row.content_sha256,
    )
    return Reported(loan, row, created=True)


# Wire format: append only.
def content_sha256(event: LoanEvent) -> str:
    """Hash over every member of an event (RFC 8785): equal hashes are the same report."""
    members = {name: _plain(value) for name, value in asdict(event).items()}
    return sha256_b64u(canonical(members))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID | date) else value


def _application_id(uow: UnitOfWork, event: LoanEvent) -> UUID:
    if event.loan_id is None:
        if event.application_id is None:
            raise NotFoundError("no application and no loan")
        return event.application_id
    query = select(Loan.application_id).where(
        Loan.id == event.loan_id, Loan.bank_id == uow.actor.bank_id
    )
    found: UUID | None = uow.session.scalar(query)
    if found is None or event.application_id not in {None, found}:
        raise NotFoundError(f"loan {event.loan_id}")
    return found


def _known(uow: UnitOfWork, event: LoanEvent) -> Reported | None:
    """The same serial seen before; looked up under the application's lock."""
    row = uow.session.scalar(
        select(LoanEventRow).where(
            LoanEventRow.bank_id == uow.actor.bank_id, LoanEventRow.serial == event.serial
        )
    )
    if row is None:
        return None
    if row.content_sha256 != content_sha256(event):
        raise IdempotencyConflictError(f"event {row.id}")
    return Reported(uow.session.get_one(Loan, row.loan_id), row, created=False)


def _loan(uow: UnitOfWork, application: Application, event: LoanEvent) -> Loan:
    found = uow.session.scalar(
        select(Loan)
        .where(Loan.application_id == application.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if event.kind is LoanEventKind.CONTRACT:
        steps.move(uow, application, ApplicationEvent.CONTRACT)
        return _contracted(uow, application, event)
    if found is None:
        raise NotFoundError(f"no loan of application {application.id}")
    return found


def _contracted(uow: UnitOfWork, application: Application, event: LoanEvent) -> Loan:
    offer = offer_of_application(uow, application.id)
    if offer is None:
        raise NotFoundError(f"no offer of application {application.id}")
    loan = Loan(
        application_id=application.id,
        enterprise_id=application.enterprise_id,
        bank_id=application.bank_id,
        product_id=application.product_id,
        amount_fen=offer.amount_fen,
        rate_bp=offer.rate_bp,
        term_months=offer.term_months,
        contracted_on=event.business_date,
        owner_person_id=application.maker_person_id,
        first_loan=event.first_loan,
        state=LoanState.CONTRACTED,
    )
    uow.session.add(loan)
    uow.session.flush()
    return loan


def _undone(uow: UnitOfWork, loan: Loan, event: LoanEvent) -> UUID | None:
    """The event a REVERSE names: the same loan's, no REVERSE, not reversed before."""
    if event.kind is not LoanEventKind.REVERSE:
        return None
    row = uow.session.scalar(
        select(LoanEventRow).where(
            LoanEventRow.loan_id == loan.id,
            LoanEventRow.serial == event.reverses,
            LoanEventRow.kind.not_in([LoanEventKind.REVERSE, LoanEventKind.CONTRACT]),
        )
    )
    if row is None:
        raise NotFoundError(f"no event to reverse on loan {loan.id}")
    again = select(LoanEventRow.id).where(LoanEventRow.reverses_id == row.id)
    if uow.session.scalar(again) is not None:
        raise InvalidStateError(f"event {row.id} was reversed before")
    return row.id


def _insert(
    uow: UnitOfWork,
    loan: Loan,
    event: LoanEvent,
    undone: UUID | None,
    people: tuple[UUID | None, UUID | None],
) -> LoanEventRow:
    row_id = uuid7()
    made = uow.session.scalar(
        insert(LoanEventRow)
        .values(
            id=row_id,
            bank_id=loan.bank_id,
            serial=event.serial,
            loan_id=loan.id,
            enterprise_id=loan.enterprise_id,
            kind=event.kind,
            business_date=event.business_date,
            posted_at=uow.now,
            content_sha256=content_sha256(event),
            amount_fen=event.amount_fen,
            interest_fen=event.interest_fen,
            penalty_fen=event.penalty_fen,
            days=event.days,
            risk_class=event.risk_class,
            due_on=_due_on(loan, event),
            reverses_id=undone,
            maker_person_id=people[0],
            checker_person_id=people[1],
        )
        .on_conflict_do_nothing()
        .returning(LoanEventRow.id)
    )
    if made is None:
        # An event of another application took the serial meanwhile.
        raise IdempotencyConflictError(f"loan {loan.id}")
    return uow.session.get_one(LoanEventRow, row_id)


def _due_on(loan: Loan, event: LoanEvent) -> date | None:
    """A loan is due ``term_months`` after it was paid out, on the same or the last day."""
    if event.kind is not LoanEventKind.DISBURSE:
        return event.due_on
    index = event.business_date.year * _MONTHS + event.business_date.month - 1 + loan.term_months
    year, month = index // _MONTHS, index % _MONTHS + 1
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(event.business_date.day, last))


def _move_application(uow: UnitOfWork, application: Application, event: LoanEvent) -> None:
    match event.kind:
        case LoanEventKind.DISBURSE:
            if application.state is ApplicationState.CONTRACTED:
                steps.move(uow, application, ApplicationEvent.DISBURSE)
            exposures.consume(uow, application.id)
        case LoanEventKind.SETTLE:
            with as_system(uow) as wide:
                stopping.end_for(wide, application.id, stopping.LOAN_CLOSED)
                stopping.cancel_asks(wide, application.id, stopping.LOAN_CLOSED)
        case _:
            return
