"""Enterprises, calls and loans to count."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from tests.enterprises.test_registration import a_registered_enterprise
from yidaitong.banks.models import AgreementState, Bank, BankAgreement
from yidaitong.departments import catalogue
from yidaitong.departments.answers import Outcome
from yidaitong.departments.calls import Call, record_call
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.lifecycle import ApplicationState, LoanEventKind, LoanState
from yidaitong.lending.loan_models import Loan, LoanEventRow
from yidaitong.lending.models import Application
from yidaitong.sandbox.data import make_uscc

BANK = "bank-qilu"


def a_catalogue(uow: UnitOfWork) -> None:
    catalogue.seed(uow.acting(SYSTEM))


def a_bank(uow: UnitOfWork, bank_id: str = BANK) -> Bank:
    today = business_date(uow.now)
    bank = Bank(
        id=bank_id, name_zh="齐鲁银行", name_en="Qilu", contact="0531", registered_at=uow.now
    )
    uow.session.add(bank)
    uow.session.flush()
    uow.session.add(
        BankAgreement(
            bank_id=bank_id,
            state=AgreementState.ACTIVE,
            starts_on=today - timedelta(days=90),
            ends_on=today + timedelta(days=90),
            maker_person_id=None,
            made_at=uow.now,
        )
    )
    uow.session.flush()
    return bank


def a_firm(uow: UnitOfWork, n: int) -> UUID:
    return a_registered_enterprise(uow, make_uscc(n, "oversight")).id


def a_call(
    uow: UnitOfWork,
    resource: str = "TAX.PAY",
    outcome: Outcome | None = Outcome.DATA,
    *,
    at: datetime | None = None,
    key: str | None = None,
) -> None:
    ended = at or uow.now
    record_call(
        uow,
        Call(
            request_id=uuid7(),
            resource=resource,
            chain_id=uuid7(),
            enterprise_id=uuid7(),
            bank_id=BANK,
            outcome=outcome,
            why=None if outcome else "BAD_ANSWER",
            as_of=business_date(ended),
            started_at=ended - timedelta(milliseconds=120),
            ended_at=ended,
            idempotency_key=key or str(uuid7()),
        ),
    )


def a_loan(uow: UnitOfWork, enterprise_id: UUID, fen: int, on: date) -> LoanEventRow:
    """A contracted loan with one disbursement."""
    application = Application(
        enterprise_id=enterprise_id,
        bank_id=BANK,
        product_id="TAX-CREDIT",
        product_version=1,
        state=ApplicationState.DISBURSED,
        amount_fen=fen,
        term_months=12,
        applicant_name="示例",
        created_at=uow.now,
    )
    uow.session.add(application)
    uow.session.flush()
    loan = Loan(
        application_id=application.id,
        enterprise_id=enterprise_id,
        bank_id=BANK,
        product_id="TAX-CREDIT",
        amount_fen=fen,
        rate_bp=540,
        term_months=12,
        contracted_on=on,
        owner_person_id=None,
        first_loan=False,
        state=LoanState.ACTIVE,
        disbursed_fen=fen,
        balance_fen=fen,
    )
    uow.session.add(loan)
    uow.session.flush()
    return _event(uow, loan, LoanEventKind.DISBURSE, fen, on)


def a_reversal(uow: UnitOfWork, event: LoanEventRow, on: date) -> LoanEventRow:
    loan = uow.session.scalars(select(Loan).where(Loan.id == event.loan_id)).one()
    return _event(uow, loan, LoanEventKind.REVERSE, 0, on, event.id)


def _event(
    uow: UnitOfWork,
    loan: Loan,
    kind: LoanEventKind,
    fen: int,
    on: date,
    reverses_id: UUID | None = None,
) -> LoanEventRow:
    row = LoanEventRow(
        bank_id=loan.bank_id,
        serial=uuid7().hex,
        loan_id=loan.id,
        enterprise_id=loan.enterprise_id,
        kind=kind,
        business_date=on,
        posted_at=uow.now,
        content_sha256="x" * 43,
        amount_fen=fen,
        reverses_id=reverses_id,
    )
    uow.session.add(row)
    uow.session.flush()
    return row
