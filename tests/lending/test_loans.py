"""Loan events: once, append-only, corrected by reversal, never below zero."""

import threading
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from tests.lending.builders import (
    Case,
    a_banker,
    accepted,
    another_account_of,
    application,
    contracted,
    disbursed,
    event,
    report,
)
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.errors import (
    DomainError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import exposures, loan_queries, loans, reporting
from yidaitong.lending.commands import Confirmation
from yidaitong.lending.errors import BalanceBelowZeroError, TermsChangedError
from yidaitong.lending.lifecycle import ApplicationState, LoanEventKind, LoanState
from yidaitong.lending.models import Loan, LoanEventRow
from yidaitong.pulls.errors import IdempotencyConflictError
from yidaitong.runtime import Runtime

_K = LoanEventKind
FULL = 80_000_000


def events(uow: UnitOfWork) -> int:
    query = select(func.count()).select_from(LoanEventRow)
    return uow.acting(SYSTEM).session.scalar(query) or 0


def the_loan(uow: UnitOfWork) -> Loan:
    query = select(Loan).execution_options(populate_existing=True)
    return uow.acting(SYSTEM).session.scalars(query).one()


class TestReport:
    def test_contract_and_pay_out_make_a_loan(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)

        loan = the_loan(uow)
        assert (loan.state, loan.balance_fen) == (LoanState.ACTIVE, FULL)
        assert loan.owner_person_id == case.maker.person_id
        assert application(uow, case).state is ApplicationState.DISBURSED
        assert loan.due_on is not None

    def test_the_balance_takes_the_place_of_the_reservation(self, uow: UnitOfWork) -> None:
        case = contracted(uow)
        assert exposures.platform_fen(uow, case.firm.enterprise_id) == FULL

        report(uow, case, _K.DISBURSE, amount_fen=50_000_000)

        assert exposures.platform_fen(uow, case.firm.enterprise_id) == 50_000_000

    def test_the_same_event_again_changes_nothing(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        before = events(uow)

        again = report(uow, case, _K.DISBURSE, amount_fen=FULL)

        assert not again.created
        assert events(uow) == before
        assert the_loan(uow).balance_fen == FULL

    @pytest.mark.parametrize(
        "change", [{"amount_fen": FULL - 1}, {"business_date": date(2026, 1, 2)}]
    )
    def test_the_same_serial_with_other_content_is_refused(
        self, uow: UnitOfWork, change: dict[str, Any]
    ) -> None:
        case = disbursed(uow)

        with pytest.raises(IdempotencyConflictError):
            report(uow, case, _K.DISBURSE, **({"amount_fen": FULL} | change))

    def test_the_contract_is_what_was_accepted(self, uow: UnitOfWork) -> None:
        case = accepted(uow)

        with pytest.raises(InvalidRequestError) as caught:
            report(uow, case, _K.CONTRACT, amount_fen=FULL + 1)

        assert caught.value.fields == {"amount": "NOT_AS_OFFERED"}

    def test_no_pay_out_without_a_contract(self, uow: UnitOfWork) -> None:
        case = accepted(uow)

        with pytest.raises(NotFoundError):
            report(uow, case, _K.DISBURSE, amount_fen=FULL)

    def test_no_more_than_the_contract_is_paid_out(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)

        with pytest.raises(BalanceBelowZeroError):
            report(uow, case, _K.DISBURSE, serial="D2", amount_fen=1)

    @pytest.mark.parametrize(
        ("kind", "members", "field", "code"),
        [
            (_K.REPAY, {}, "amount", "MISSING"),
            (_K.REPAY, {"amount_fen": -1}, "amount", "TOO_SMALL"),
            (_K.REPAY, {"amount_fen": 1, "days": 3}, "days", "UNEXPECTED"),
            (_K.CLASSIFY, {}, "risk_class", "MISSING"),
            (_K.CLASSIFY, {"risk_class": 6}, "risk_class", "RANGE"),
            (_K.OVERDUE, {"days": -1}, "days", "RANGE"),
            (_K.EXTEND, {}, "due_on", "MISSING"),
            (_K.EXTEND, {"due_on": date(2020, 1, 1)}, "due_on", "TOO_SMALL"),
            (
                _K.REPAY,
                {"amount_fen": 1, "business_date": date(2100, 1, 1)},
                "business_date",
                "RANGE",
            ),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, uow: UnitOfWork, kind: _K, members: dict[str, Any], field: str, code: str
    ) -> None:
        case = disbursed(uow)
        before = events(uow)

        with pytest.raises(InvalidRequestError) as caught:
            report(uow, case, kind, **members)

        assert caught.value.fields == {field: code}
        assert events(uow) == before

    def test_another_bank_finds_nothing(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        stranger = uow.acting(a_banker("bank_maker", "bank-quancheng"))

        with pytest.raises(NotFoundError):
            loans.report(stranger, event(uow, case, _K.REPAY, amount_fen=1))
        with pytest.raises(NotFoundError):
            loan_queries.loan_of(stranger, the_loan(uow).id)

    def test_rows_are_never_changed(self, uow: UnitOfWork) -> None:
        disbursed(uow)
        uow.acting(SYSTEM)

        with pytest.raises(DBAPIError), uow.session.begin_nested():
            uow.session.execute(text("UPDATE loan_event SET amount_fen = 1"))


class TestReverse:
    def test_takes_an_event_back_once(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        report(uow, case, _K.REPAY, amount_fen=30_000_000)
        assert the_loan(uow).balance_fen == 50_000_000

        report(uow, case, _K.REVERSE, reverses="REPAY-1")

        assert the_loan(uow).balance_fen == FULL
        with pytest.raises(InvalidStateError):
            report(uow, case, _K.REVERSE, serial="R2", reverses="REPAY-1")

    @pytest.mark.parametrize("serial", ["NONE", "CONTRACT-1", "REVERSE-1"])
    def test_needs_an_event_that_can_be_reversed(self, uow: UnitOfWork, serial: str) -> None:
        case = disbursed(uow)
        report(uow, case, _K.OVERDUE, days=1)
        report(uow, case, _K.REVERSE, reverses="OVERDUE-1")

        with pytest.raises(NotFoundError):
            report(uow, case, _K.REVERSE, serial="R2", reverses=serial)

    def test_a_pay_out_that_was_repaid_cannot_be_reversed(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        report(uow, case, _K.REPAY, amount_fen=1)

        with pytest.raises(BalanceBelowZeroError):
            report(uow, case, _K.REVERSE, reverses="DISBURSE-1")


class TestBackDating:
    def test_a_repayment_before_the_pay_out_is_refused(self, uow: UnitOfWork) -> None:
        today = business_date(uow.now)
        case = contracted(uow, today - timedelta(days=9))
        paid = today - timedelta(days=5)
        report(uow, case, _K.DISBURSE, amount_fen=FULL, business_date=paid)

        day_before = paid - timedelta(days=1)
        with pytest.raises(BalanceBelowZeroError), uow.session.begin_nested():
            report(uow, case, _K.REPAY, amount_fen=1, business_date=day_before)

        report(uow, case, _K.REPAY, amount_fen=1, business_date=paid)


class TestSettle:
    def test_needs_a_balance_of_zero(self, uow: UnitOfWork) -> None:
        case = disbursed(uow)
        with pytest.raises(InvalidStateError):
            report(uow, case, _K.SETTLE)
        report(uow, case, _K.REPAY, amount_fen=FULL)

        report(uow, case, _K.SETTLE)

        assert the_loan(uow).state is LoanState.SETTLED
        with pytest.raises(InvalidStateError):
            report(uow, case, _K.REPAY, serial="R9", interest_fen=1)


class TestByHand:
    def test_takes_effect_when_another_person_confirms(self, uow: UnitOfWork) -> None:
        case = contracted(uow)
        command = reporting.propose(
            uow.acting(case.maker), event(uow, case, _K.DISBURSE, amount_fen=FULL)
        )
        assert the_loan(uow).balance_fen == 0

        answer = Confirmation(accept=True, sha256=command.sha256)
        reporting.confirm(uow.acting(case.checker), case.id, answer)

        assert the_loan(uow).balance_fen == FULL
        row = uow.session.scalars(
            select(LoanEventRow).where(LoanEventRow.kind == _K.DISBURSE)
        ).one()
        people = (row.maker_person_id, row.checker_person_id)
        assert people == (case.maker.person_id, case.checker.person_id)

    @pytest.mark.promise("T2")
    def test_the_reporter_cannot_confirm_in_another_account(self, uow: UnitOfWork) -> None:
        case = contracted(uow)
        command = self._proposed(uow, case)
        second = uow.acting(another_account_of(case.maker, "bank_checker"))

        with pytest.raises(FourEyesError):
            reporting.confirm(second, case.id, Confirmation(accept=True, sha256=command))

    def test_other_bytes_than_read_are_refused(self, uow: UnitOfWork) -> None:
        case = contracted(uow)
        self._proposed(uow, case)

        with pytest.raises(TermsChangedError):
            reporting.confirm(
                uow.acting(case.checker), case.id, Confirmation(accept=True, sha256="A" * 43)
            )

    def test_a_refusal_needs_a_reason_and_lets_it_be_reported_again(self, uow: UnitOfWork) -> None:
        case = contracted(uow)
        digest = self._proposed(uow, case)
        checker = uow.acting(case.checker)
        with pytest.raises(InvalidRequestError):
            reporting.confirm(checker, case.id, Confirmation(accept=False, sha256=digest))

        refused = Confirmation(accept=False, sha256=digest, note="金额有误")
        reporting.confirm(checker, case.id, refused)

        assert the_loan(uow).balance_fen == 0
        self._proposed(uow, case)

    def test_what_cannot_take_effect_is_refused_at_once(self, uow: UnitOfWork) -> None:
        case = contracted(uow)

        with pytest.raises(BalanceBelowZeroError):
            reporting.propose(
                uow.acting(case.maker), event(uow, case, _K.DISBURSE, amount_fen=FULL + 1)
            )
        assert the_loan(uow).balance_fen == 0

    @staticmethod
    def _proposed(uow: UnitOfWork, case: Case) -> str:
        command = event(uow, case, _K.DISBURSE, amount_fen=FULL)
        return reporting.propose(uow.acting(case.maker), command).sha256


class TestRace:
    @pytest.mark.promise("T26")
    def test_one_serial_from_many_threads_is_one_event(self, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = contracted(uow)
            wanted = event(uow, case, _K.DISBURSE, amount_fen=FULL)
        outcomes: Counter[str] = Counter()

        def send() -> None:
            try:
                with runtime.transaction(case.maker) as own:
                    outcomes[str(loans.report(own, wanted).created)] += 1
            except DomainError as error:
                outcomes[error.code] += 1

        threads = [threading.Thread(target=send) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert outcomes == {"True": 1, "False": 15}
        with runtime.transaction(SYSTEM) as uow:
            assert the_loan(uow).balance_fen == FULL
