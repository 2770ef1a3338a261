"""Verification of the representative: tries, refusals, sealing."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text

from tests.enterprises.test_registration import INDIVIDUAL, a_matched_registration
from yidaitong.enterprises import representative
from yidaitong.enterprises.commands import Ticket
from yidaitong.enterprises.errors import VerificationLockedError
from yidaitong.enterprises.evidence import findings_of
from yidaitong.enterprises.identity import Identity, RefusalReason, Refused, Verified
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.kernel.actor import PUBLIC, SYSTEM
from yidaitong.kernel.errors import DataGoneError, InvalidRequestError, InvalidStateError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.runtime import Runtime

REP = Identity("王建国", "370199197403150015", "13805310000")
OTHER = Identity("王建国", "370199198001010014", "13805310001")
MISMATCH = Refused(RefusalReason.MISMATCH, "V-0")


def fail(uow: UnitOfWork, ticket: Ticket, identity: Identity = REP) -> None:
    representative.ask(uow, ticket, identity)
    representative.record(uow, ticket, identity, MISMATCH)


class TestAsk:
    def test_the_registered_name_is_worth_asking(self, uow: UnitOfWork) -> None:
        _, ticket = a_matched_registration(uow)

        assert representative.ask(uow, ticket, REP).refused is None

    def test_another_name_is_refused_without_asking(self, uow: UnitOfWork) -> None:
        _, ticket = a_matched_registration(uow)
        stranger = Identity("李四", REP.id_number, REP.mobile)

        refused = representative.ask(uow, ticket, stranger).refused

        assert refused == Refused(RefusalReason.NOT_REPRESENTATIVE)

    def test_a_malformed_fact_costs_no_try(self, uow: UnitOfWork) -> None:
        _, ticket = a_matched_registration(uow)

        for _ in range(6):
            with pytest.raises(InvalidRequestError) as caught:
                representative.ask(uow, ticket, Identity("王建国", "1", "2"))

        assert caught.value.fields == {"id_number": "LENGTH", "mobile": "SIGNS"}
        assert representative.ask(uow, ticket, REP).refused is None

    def test_five_failures_lock_the_firm_for_the_day(self, uow: UnitOfWork) -> None:
        _, ticket = a_matched_registration(uow)
        for _ in range(5):
            fail(uow, ticket)

        with pytest.raises(VerificationLockedError):
            representative.ask(uow, ticket, OTHER)

    def test_a_new_registration_does_not_unlock_the_firm(self, uow: UnitOfWork) -> None:
        _, ticket = a_matched_registration(uow)
        for _ in range(5):
            fail(uow, ticket)

        _, again = a_matched_registration(uow)

        with pytest.raises(VerificationLockedError):
            representative.ask(uow, again, OTHER)

    def test_five_failures_lock_the_person_at_every_firm(self, uow: UnitOfWork) -> None:
        _, ticket = a_matched_registration(uow)
        for _ in range(5):
            fail(uow, ticket)

        _, elsewhere = a_matched_registration(uow, INDIVIDUAL)

        with pytest.raises(VerificationLockedError):
            representative.ask(uow, elsewhere, REP)
        assert representative.ask(uow, elsewhere, OTHER).refused is None

    def test_before_the_match_nobody_is_asked(self, runtime: Runtime) -> None:
        with runtime.transaction(PUBLIC) as uow:
            enterprise, ticket = a_matched_registration(uow)
            enterprise.state = EnterpriseState.CODE_OK

        with runtime.transaction(PUBLIC) as uow, pytest.raises(InvalidStateError):
            representative.ask(uow, ticket, REP)

    def test_tries_at_the_same_time_are_all_counted(self, runtime: Runtime) -> None:
        with runtime.transaction(PUBLIC) as uow:
            _, ticket = a_matched_registration(uow)
        outcomes: list[str] = []

        def try_once() -> None:
            try:
                with runtime.transaction(PUBLIC) as uow:
                    representative.ask(uow, ticket, REP)
                outcomes.append("asked")
            except VerificationLockedError:
                outcomes.append("locked")

        _run_together(try_once, 8)

        assert sorted(outcomes) == ["asked"] * 5 + ["locked"] * 3


def _run_together(work: Callable[[], None], times: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class TestRecord:
    def test_a_verified_representative_waits_sealed(self, uow: UnitOfWork) -> None:
        enterprise, ticket = a_matched_registration(uow)
        representative.ask(uow, ticket, REP)

        representative.record(uow, ticket, REP, Verified("V-1"))
        uow.session.flush()

        assert enterprise.state is EnterpriseState.REP_VERIFIED
        assert representative.verified_identity(uow, enterprise) == REP
        finding = findings_of(uow, enterprise.id)[-1]
        assert (finding.result, finding.response_ref) == ("VERIFIED", "V-1")

    def test_no_id_number_is_stored_in_clear(self, uow: UnitOfWork) -> None:
        enterprise, ticket = a_matched_registration(uow)
        representative.ask(uow, ticket, REP)
        representative.record(uow, ticket, REP, Verified("V-1"))
        uow.session.flush()

        session = uow.acting(SYSTEM).session
        for table in ("enterprise", "onboarding_evidence", "verification_tries"):
            rows = session.execute(text(f"SELECT t::text FROM {table} t")).scalars()  # noqa: S608
            for row in rows:
                assert REP.id_number not in row
                assert REP.mobile not in row
                assert REP.id_number.encode().hex() not in row
        assert enterprise.rep_sealed is not None

    def test_a_success_gives_the_try_back(self, uow: UnitOfWork) -> None:
        enterprise, ticket = a_matched_registration(uow)
        for _ in range(4):
            fail(uow, ticket)
        representative.ask(uow, ticket, REP)
        representative.record(uow, ticket, REP, Verified("V-1"))

        assert enterprise.state is EnterpriseState.REP_VERIFIED
        _, again = a_matched_registration(uow)
        assert representative.ask(uow, again, REP).refused is None

    def test_a_refusal_says_why_and_may_be_tried_again(self, uow: UnitOfWork) -> None:
        enterprise, ticket = a_matched_registration(uow)

        fail(uow, ticket)

        assert enterprise.state is EnterpriseState.REP_FAILED
        assert findings_of(uow, enterprise.id)[-1].result == "MISMATCH"
        assert representative.ask(uow, ticket, REP).refused is None

    def test_a_late_second_answer_is_refused(self, uow: UnitOfWork) -> None:
        _, ticket = a_matched_registration(uow)
        representative.record(uow, ticket, REP, Verified("V-1"))

        with pytest.raises(InvalidStateError):
            representative.record(uow, ticket, REP, MISMATCH)


class TestGiveUp:
    def test_a_silent_provider_costs_no_try(self, uow: UnitOfWork) -> None:
        _, ticket = a_matched_registration(uow)
        for _ in range(6):
            representative.ask(uow, ticket, REP)
            representative.give_up(uow, ticket, REP)

        assert representative.ask(uow, ticket, REP).refused is None


class TestVerifiedIdentity:
    def test_before_verification_there_is_none(self, uow: UnitOfWork) -> None:
        enterprise, _ = a_matched_registration(uow)

        with pytest.raises(DataGoneError):
            representative.verified_identity(uow, enterprise)
