"""Withdrawing: at once, once, for good; ends of other kinds; what each promises."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from consent import errors as consent_errors
from consent import service
from consent.lifecycle import ConsentState
from consent.models import Chain, EventRow
from tests.authorizations.builders import a_banker, a_firm, granted_pair
from yidaitong.accounts import stepup
from yidaitong.authorizations import queries, stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.errors import ForbiddenError, NotFoundError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork


def promised(uow: UnitOfWork) -> list[Mapping[str, Any]]:
    rows = uow.session.scalars(select(OutboxJob).where(OutboxJob.name == stopping.STOP_JOB))
    return [row.args for row in rows]


class TestRevoke:
    def test_it_is_final_and_promises_to_clean_up(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, companion_id = granted_pair(uow, firm)

        revoked = stopping.revoke(uow.acting(firm.rep), Revoke(chain_id=chain_id))

        assert revoked.first
        assert revoked.companions == (companion_id,)
        assert revoked.receipt["receipt_type"] == "REVOKE"
        assert {args["chain_id"] for args in promised(uow)} == {str(chain_id), str(companion_id)}
        with pytest.raises(consent_errors.ConsentRevokedError):
            service.lock_chain(desk_of(uow.acting(a_banker())), chain_id).require_active()

    def test_twice_is_once(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        first = stopping.revoke(uow.acting(firm.rep), Revoke(chain_id=chain_id))

        second = stopping.revoke(uow.acting(firm.rep), Revoke(chain_id=chain_id))

        assert not second.first
        assert second.receipt == first.receipt
        assert len(promised(uow)) == 2

    def test_an_agent_may_not(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)

        with pytest.raises(ForbiddenError):
            stopping.revoke(
                uow.acting(replace(firm.rep, permissions=frozenset())), Revoke(chain_id=chain_id)
            )

    def test_another_firm_finds_nothing(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        stranger = replace(firm.rep, org_id=str(uuid7()))

        with pytest.raises(consent_errors.NotFoundError):
            stopping.revoke(uow.acting(stranger), Revoke(chain_id=chain_id))

    def test_colleagues_cannot_reach_the_representatives_own(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        _, companion_id = granted_pair(uow, firm)

        with pytest.raises(consent_errors.NotFoundError):
            stopping.revoke(uow.acting(firm.colleague()), Revoke(chain_id=companion_id))


class TestPauseAndResume:
    def test_resuming_takes_a_proof_bound_to_the_consent(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        rep = uow.acting(firm.rep)
        stopping.pause(rep, chain_id, uow.now + timedelta(days=1))
        digest = rep.session.get_one(Chain, chain_id).digest

        stopping.resume(rep, chain_id, stepup.issue(rep, digest))

        assert rep.session.get_one(Chain, chain_id).state is ConsentState.ACTIVE


class TestEndFor:
    def test_the_decision_ends_what_was_given_for_it(self, uow: UnitOfWork) -> None:
        firm, application_id = a_firm(uow), uuid7()
        pair = granted_pair(uow, firm, application_id)

        ended = stopping.end_for(uow.acting(a_banker()), application_id, "DECISION")

        assert ended == sorted(pair)
        assert stopping.end_for(uow.acting(a_banker()), application_id, "DECISION") == []
        assert len(promised(uow)) == 2

    def test_another_cause_ends_nothing(self, uow: UnitOfWork) -> None:
        firm, application_id = a_firm(uow), uuid7()
        granted_pair(uow, firm, application_id)

        assert stopping.end_for(uow.acting(SYSTEM), application_id, "LOAN_CLOSED") == []


class TestRecordDue:
    def test_ended_consents_are_cleaned_up(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        system = uow.acting(SYSTEM)
        chain = system.session.get_one(Chain, chain_id)
        chain.ends_at = chain.due_at = uow.clock()
        system.session.flush()

        assert stopping.record_due(system) == 1

        assert chain.state is ConsentState.EXPIRED
        assert [args["chain_id"] for args in promised(uow)] == [str(chain_id)]


class TestQueries:
    def test_each_sees_its_own(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        pair = granted_pair(uow, firm)

        wallet = queries.wallet_of_enterprise(uow.acting(firm.rep))
        seen = queries.wallet_of_enterprise(uow.acting(firm.colleague()))
        banks = queries.consents_of_bank(uow.acting(a_banker()))

        assert {one.chain_id for one in wallet} == set(pair)
        assert {one.chain_id for one in seen} == {pair[0]}
        assert {one.chain_id for one in banks} == set(pair)
        assert queries.consents_of_bank(uow.acting(a_banker("bank-quancheng"))) == []

    def test_one_in_full(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)

        full = queries.authorization_in_full(uow.acting(firm.rep), chain_id)

        assert full.authorization.label.zh == "生效中"
        assert [moment.type for moment in full.events] == ["consent.granted"]
        assert len(full.receipts) == 1
        assert "授权" in full.text
        assert queries.authorization_in_full(uow.acting(a_banker()), chain_id).receipts == []
        with pytest.raises(NotFoundError):
            queries.authorization_in_full(uow.acting(a_banker("bank-quancheng")), chain_id)

    def test_row_security_stands_behind_the_queries(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        granted_pair(uow, firm)

        for actor in (a_banker("bank-quancheng"), replace(firm.rep, org_id=str(uuid7()))):
            session = uow.acting(actor).session
            session.expire_all()
            assert list(session.scalars(select(Chain.id))) == []
            assert list(session.scalars(select(EventRow.id))) == []
