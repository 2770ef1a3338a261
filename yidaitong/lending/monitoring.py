"""Asking an enterprise for data about a loan it got: a request of its own, never a condition."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.artefact import Application as AboutApplication
from consent.lifecycle import LIVE
from consent.models import Chain
from yidaitong.authorizations.bank_asking import ASK, BankAsk, draft_for_bank
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.offers import monitoring_offer
from yidaitong.authorizations.purposes import Purpose
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.errors import ProductNotOfferedError
from yidaitong.lending.lifecycle import LoanState
from yidaitong.lending.loan_models import Loan
from yidaitong.lending.loan_queries import loan_of
from yidaitong.products.queries import effective

# Paid out and not closed: afterwards there is nothing to look after.
OPEN_LOANS: Final = frozenset({LoanState.ACTIVE, LoanState.OVERDUE, LoanState.DEFAULTED})


def draft_request(uow: UnitOfWork, loan_id: UUID) -> UUID:
    """Draft a post-loan request about one loan of the actor's bank; the request's id.

    Where such a consent lives and ends within 30 days, the draft renews it.

    Raises:
        ForbiddenError: the actor may not ask, or the bank is not accredited.
        NotFoundError: no such loan, or another bank's.
        InvalidStateError: the loan is not paid out, or closed; or nobody may sign.
        ProductNotOfferedError: the product has no version in force.
        SourceNotReadyError: a department cannot serve this now.
    """
    uow.actor.require(ASK)
    loan = loan_of(uow, loan_id).loan
    if loan.state not in OPEN_LOANS:
        raise InvalidStateError(f"loan {loan_id} is {loan.state}")
    version = effective(uow, loan.product_id)
    if version is None:
        raise ProductNotOfferedError(f"product {loan.product_id}")
    return draft_for_bank(
        uow,
        BankAsk(
            enterprise_id=loan.enterprise_id,
            offer=monitoring_offer(uow, version),
            purpose=Purpose.POST_LOAN,
            application=AboutApplication(
                application_id=str(loan.application_id),
                amount_fen=int(loan.amount_fen),
                term_months=loan.term_months,
            ),
            renews=_ending(uow, loan),
        ),
    )


def _ending(uow: UnitOfWork, loan: Loan) -> service.LiveChain | None:
    """The living consent the next one goes on from, if its renewal was offered."""
    chain_id = uow.session.scalar(
        select(Chain.id).where(
            Chain.enterprise_id == loan.enterprise_id,
            Chain.bank_id == loan.bank_id,
            Chain.product_id == loan.product_id,
            Chain.purpose == Purpose.POST_LOAN.value,
            Chain.state.in_(LIVE),
            Chain.renew_offered_at.is_not(None),
        )
    )
    if chain_id is None:
        return None
    live = service.lock_chain(desk_of(uow), chain_id)
    return live if live.is_live else None
