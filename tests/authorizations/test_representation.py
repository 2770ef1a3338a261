"""What the registry says: a new representative stops all at once, and silence resumes nothing."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from consent import errors as consent_errors
from consent import service
from consent.lifecycle import ConsentState
from consent.models import Chain
from tests.authorizations.builders import (
    WITHOUT_PERSON,
    Firm,
    a_firm,
    ask,
    granted_pair,
)
from tests.authorizations.people import (
    PASSWORD,
    actor_of,
    an_agent,
    an_identity,
    enterprise_now,
    mandate_now,
    roles_now,
)
from tests.authorizations.test_mandates import DATA, events_of, raise_quorum, sign_as
from tests.enterprises.test_registration import FIRM
from tests.enterprises.test_registry import a_record
from yidaitong.accounts import stepup
from yidaitong.authorizations import amending, mandates, narrowing, representation, stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.representation import MANDATE_REVIEW, NOT_OPERATING
from yidaitong.enterprises import succession
from yidaitong.enterprises.errors import RegistrationClosedError
from yidaitong.enterprises.identity import RefusalReason, Refused, Verified
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.mandate_lifecycle import MandateState
from yidaitong.enterprises.mandates import entitled
from yidaitong.enterprises.succession import Claim
from yidaitong.enterprises.watching import Change
from yidaitong.kernel.actor import PUBLIC, SYSTEM, Actor
from yidaitong.kernel.errors import (
    DomainError,
    ForbiddenError,
    InvalidStateError,
    StepUpRequiredError,
)
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.runtime import Runtime

NEW = "赵新"


def says(uow: UnitOfWork, firm: Firm, **changes: object) -> Change:
    record = replace(a_record(), **changes)  # type: ignore[arg-type]
    return representation.registry_says(uow.acting(SYSTEM), firm.enterprise_id, record)


def chain_of(uow: UnitOfWork, chain_id: object) -> Chain:
    return (
        uow.acting(SYSTEM)
        .session.scalars(
            select(Chain).where(Chain.id == chain_id).execution_options(populate_existing=True)
        )
        .one()
    )


def a_successor(uow: UnitOfWork, name: str = NEW) -> Actor:
    claim = Claim(uscc=FIRM, identity=an_identity(name, 9))
    public = uow.acting(PUBLIC)
    assert succession.ask(public, claim) is None
    return actor_of(uow, succession.take_over(public, claim, Verified("S-9"), PASSWORD))


class TestNothingNew:
    def test_the_same_answer_changes_nothing(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)

        assert says(uow, firm) == Change()

        assert chain_of(uow, chain_id).state is ConsentState.ACTIVE


class TestNewRepresentative:
    @pytest.mark.promise("T33")
    def test_all_that_lives_waits_at_that_instant(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, companion_id = granted_pair(uow, firm)
        agent, mandate_id = an_agent(uow, firm)

        assert says(uow, firm, rep_name=NEW) == Change(representative=True)

        chain, own = chain_of(uow, chain_id), chain_of(uow, companion_id)
        assert (chain.state, chain.suspended_reason) == (ConsentState.SUSPENDED, MANDATE_REVIEW)
        assert (own.state, own.end_cause) == (ConsentState.EXPIRED, "REP_LEFT")
        assert mandate_now(uow, mandate_id).state is MandateState.SUSPENDED
        assert roles_now(uow, firm.rep) == []
        assert roles_now(uow, agent) == []
        assert entitled(uow.acting(SYSTEM), firm.enterprise_id) == frozenset()
        assert events_of(uow, firm.enterprise_id)[-1] == "subject.rep_changed"
        with pytest.raises(consent_errors.ConsentSuspendedError):
            service.lock_chain(desk_of(uow.acting(SYSTEM)), chain_id).require_active()

    def test_hearing_it_twice_is_once(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        granted_pair(uow, firm)
        says(uow, firm, rep_name=NEW)

        assert says(uow, firm, rep_name=NEW) == Change()

        assert events_of(uow, firm.enterprise_id).count("subject.rep_changed") == 1

    def test_signatures_waiting_for_others_are_dropped(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        an_agent(uow, firm, DATA)
        raise_quorum(uow, firm, 2)
        asked = ask(uow, firm, WITHOUT_PERSON)
        sign_as(uow, firm.rep, asked.request_id, asked.digest)

        says(uow, firm, rep_name=NEW)

        assert events_of(uow, asked.request_id)[-1] == "request.signature_dropped"

    def test_on_silence_it_ends_as_it_waits(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        says(uow, firm, rep_name=NEW)
        chain = chain_of(uow, chain_id)
        chain.ends_at = chain.due_at = uow.clock()
        uow.session.flush()

        stopping.record_due(uow.acting(SYSTEM))

        said = events_of(uow, chain_id)
        assert said[-2:] == ["consent.suspended", "consent.expired"]
        assert "consent.restored" not in said


class TestRace:
    @pytest.mark.promise("T26")
    @pytest.mark.promise("T33")
    def test_who_signs_while_the_registry_speaks_signs_nothing(self, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            firm = a_firm(uow)
            asked = ask(uow, firm, WITHOUT_PERSON)
            uow.acting(SYSTEM)
        found: list[object] = []

        def sign_now() -> None:
            try:
                with runtime.transaction(firm.rep) as other:
                    found.append(sign_as(other, firm.rep, asked.request_id, asked.digest))
            except DomainError as error:
                found.append(error)
            except consent_errors.ConsentError as error:
                found.append(error)

        thread = threading.Thread(target=sign_now)
        with runtime.transaction(SYSTEM) as uow:
            says(uow, firm, rep_name=NEW)
            thread.start()
            _until_somebody_waits(runtime)
        thread.join(10)

        assert [type(one) for one in found] == [consent_errors.MandateInsufficientError]


def _until_somebody_waits(runtime: Runtime) -> None:
    pause = threading.Event()
    for _ in range(1000):
        with runtime.transaction(SYSTEM) as uow:
            if uow.session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
        pause.wait(0.01)
    raise AssertionError("nobody came to wait")


class TestSuccession:
    def test_verifying_alone_resumes_nothing(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        says(uow, firm, rep_name=NEW)

        successor = a_successor(uow)

        assert enterprise_now(uow, firm).rep_person_id == successor.person_id
        assert chain_of(uow, chain_id).state is ConsentState.SUSPENDED
        assert representation.under_review(uow.acting(successor)) == [chain_id]

    def test_the_new_one_keeps_with_a_step_up(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        says(uow, firm, rep_name=NEW)
        own = uow.acting(a_successor(uow))
        digest = chain_of(uow, chain_id).digest
        uow.acting(own.actor)

        with pytest.raises(StepUpRequiredError):
            representation.keep_authorization(own, chain_id, "x")
        representation.keep_authorization(own, chain_id, stepup.issue(own, digest))

        assert chain_of(uow, chain_id).state is ConsentState.ACTIVE

    def test_the_new_one_narrows(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        says(uow, firm, rep_name=NEW)
        successor = a_successor(uow)
        own = uow.acting(successor)
        asked = amending.narrow_authorization(own, chain_id, narrowing.Less(calls=1))

        sign_as(uow, successor, asked.request_id, asked.digest)

        assert chain_of(uow, chain_id).state is ConsentState.ACTIVE
        assert events_of(uow, chain_id)[-3:] == [
            "consent.superseded",
            "consent.granted",
            "consent.restored",
        ]

    def test_the_new_one_revokes(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        says(uow, firm, rep_name=NEW)

        done = stopping.revoke(uow.acting(a_successor(uow)), Revoke(chain_id=chain_id))

        assert done.first

    def test_the_new_one_lets_agents_go_on(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, mandate_id = an_agent(uow, firm)
        says(uow, firm, rep_name=NEW)
        own = uow.acting(a_successor(uow))

        mandates.confirm(own, mandate_id, stepup.issue(own, str(mandate_id)))

        assert mandate_now(uow, mandate_id).state is MandateState.ACTIVE
        assert "ent_signatory" in roles_now(uow, agent)

    def test_the_former_one_keeps_nothing(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        says(uow, firm, rep_name=NEW)

        with pytest.raises(ForbiddenError):
            representation.keep_authorization(uow.acting(firm.rep), chain_id, "x")

    def test_an_order_is_not_lifted_by_the_representative(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        system = uow.acting(SYSTEM)
        service.suspend(desk_of(system), chain_id, service.Order(reason_class="REGULATOR_ORDER"))

        with pytest.raises(InvalidStateError):
            representation.keep_authorization(uow.acting(firm.rep), chain_id, "x")

    def test_somebody_the_registry_does_not_name_is_refused(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        says(uow, firm, rep_name=NEW)
        claim = Claim(uscc=FIRM, identity=an_identity("孙旧", 8))

        refused = succession.ask(uow.acting(PUBLIC), claim)

        assert refused == Refused(RefusalReason.NOT_REPRESENTATIVE)

    def test_without_a_change_nobody_takes_over(self, uow: UnitOfWork) -> None:
        a_firm(uow)

        with pytest.raises(RegistrationClosedError):
            succession.ask(uow.acting(PUBLIC), Claim(uscc=FIRM, identity=an_identity(NEW, 9)))

    def test_an_agent_may_become_the_representative(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, _ = an_agent(uow, firm, name=NEW, day=9)
        says(uow, firm, rep_name=NEW)

        successor = a_successor(uow)

        assert (successor.account_id, successor.person_id) == (agent.account_id, agent.person_id)
        assert roles_now(uow, successor) == ["ent_rep"]


class TestNewName:
    def test_agents_are_confirmed_by_the_same_answer(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, mandate_id = an_agent(uow, firm)
        chain_id, _ = granted_pair(uow, firm)

        assert says(uow, firm, name="济南新名机电有限公司") == Change(name=True)

        assert enterprise_now(uow, firm).name == "济南新名机电有限公司"
        assert mandate_now(uow, mandate_id).state is MandateState.ACTIVE
        assert events_of(uow, mandate_id)[-2:] == ["mandate.suspended", "mandate.confirmed"]
        assert "ent_signatory" in roles_now(uow, agent)
        assert chain_of(uow, chain_id).state is ConsentState.ACTIVE


class TestNotOperating:
    def test_everything_waits_and_goes_on_when_it_is_cured(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        _, mandate_id = an_agent(uow, firm)

        assert says(uow, firm, status="2") == Change(stopped=True)
        assert says(uow, firm, status="2") == Change()

        assert enterprise_now(uow, firm).state is EnterpriseState.SUSPENDED
        assert chain_of(uow, chain_id).suspended_reason == NOT_OPERATING
        assert mandate_now(uow, mandate_id).state is MandateState.SUSPENDED
        assert says(uow, firm) == Change(resumed=True)
        assert chain_of(uow, chain_id).state is ConsentState.ACTIVE
        # Whoever acts for it is confirmed by a person, not by a registry.
        assert mandate_now(uow, mandate_id).state is MandateState.SUSPENDED
