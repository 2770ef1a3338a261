"""Agents: invited with a step-up, verified, signing within their rights, and stopped at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from consent import errors as consent_errors
from consent.evidence import open_event
from consent.models import ConsentRequest, EventRow
from consent.service import EventType
from tests.authorizations.builders import WITHOUT_PERSON, Firm, a_firm, ask
from tests.authorizations.people import (
    PASSWORD,
    actor_of,
    an_agent,
    an_identity,
    an_invite,
    invite,
    mandate_now,
    roles_now,
)
from yidaitong.accounts import stepup
from yidaitong.authorizations import accepting, invitations, mandates, quorums, signing, stopping
from yidaitong.authorizations.commands import Revoke, Sign
from yidaitong.authorizations.desk import desk_of
from yidaitong.enterprises.errors import RegistrationClosedError
from yidaitong.enterprises.identity import RefusalReason, Refused, Verified
from yidaitong.enterprises.mandate_lifecycle import (
    MANDATE_LIFECYCLE,
    MandateRight,
    MandateState,
    after,
)
from yidaitong.enterprises.mandates import entitled
from yidaitong.enterprises.models import Mandate
from yidaitong.kernel.actor import PUBLIC, SYSTEM, Actor
from yidaitong.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
    StepUpRequiredError,
)
from yidaitong.kernel.uow import UnitOfWork

DATA = {MandateRight.AUTHORISE_DATA}


def events_of(uow: UnitOfWork, ref: UUID) -> list[str]:
    rows = uow.acting(SYSTEM).session.scalars(
        select(EventRow).where(EventRow.ref == ref).order_by(EventRow.entry_id)
    )
    return [row.type for row in rows]


def sign_as(uow: UnitOfWork, actor: Actor, request_id: UUID, digest: str) -> object:
    own = uow.acting(actor)
    token = stepup.issue(own, digest)
    return signing.sign_and_grant(own, Sign(request_id=request_id, digest=digest, token=token))


def raise_quorum(uow: UnitOfWork, firm: Firm, m: int) -> None:
    rep = uow.acting(firm.rep)
    quorums.raise_to(rep, m, stepup.issue(rep, quorums.digest_of(firm.enterprise_id, m)))


class TestTable:
    @pytest.mark.parametrize("event", [e for e in EventType if e.value.startswith("mandate.")])
    @pytest.mark.parametrize("state", sorted(MandateState))
    def test_every_pair_is_an_edge_or_refused(self, state: MandateState, event: EventType) -> None:
        if (state, event) in MANDATE_LIFECYCLE:
            assert after(state, event) is MANDATE_LIFECYCLE[state, event]
        else:
            with pytest.raises(InvalidStateError):
                after(state, event)

    def test_an_ended_mandate_becomes_void_at_most(self) -> None:
        left = {
            event
            for state, event in MANDATE_LIFECYCLE
            if state not in {MandateState.ACTIVE, MandateState.SUSPENDED}
        }
        assert left == {EventType.MANDATE_INVALIDATED}


Act = Callable[[UnitOfWork, Firm, UUID], object]


def _confirm(uow: UnitOfWork, firm: Firm, mandate_id: UUID) -> object:
    rep = uow.acting(firm.rep)
    return mandates.confirm(rep, mandate_id, stepup.issue(rep, str(mandate_id)))


def _suspend(uow: UnitOfWork, firm: Firm, _mandate_id: UUID) -> object:
    return mandates.suspend_living(uow.acting(SYSTEM), firm.enterprise_id, "MANDATE_REVIEW")


def _expire(uow: UnitOfWork, _firm: Firm, mandate_id: UUID) -> object:
    end_term(uow, mandate_id)
    return mandates.tick(uow.acting(SYSTEM))


def end_term(uow: UnitOfWork, mandate_id: UUID) -> None:
    mandate = mandate_now(uow, mandate_id)
    mandate.ends_at = mandate.granted_at + timedelta(microseconds=1)
    uow.session.flush()


def row_of(uow: UnitOfWork, mandate_id: UUID) -> dict[str, Any]:
    """Every column of a mandate as it is stored."""
    query = select(Mandate.__table__).where(Mandate.id == mandate_id)
    uow.acting(SYSTEM).session.flush()
    return dict(uow.session.execute(query).one()._mapping)


def _invalidate(uow: UnitOfWork, _firm: Firm, mandate_id: UUID) -> object:
    system = uow.acting(SYSTEM)
    mandate = mandates.locked_as_system(system, mandate_id)
    return mandates.move(system, mandate, EventType.MANDATE_INVALIDATED)


ACTS: dict[EventType, Act] = {
    EventType.MANDATE_SUSPENDED: _suspend,
    EventType.MANDATE_CONFIRMED: _confirm,
    EventType.MANDATE_REVOKED: lambda uow, firm, one: mandates.revoke(uow.acting(firm.rep), one),
    EventType.MANDATE_EXPIRED: _expire,
    EventType.MANDATE_INVALIDATED: _invalidate,
}
REACH = {
    MandateState.SUSPENDED: EventType.MANDATE_SUSPENDED,
    MandateState.REVOKED: EventType.MANDATE_REVOKED,
    MandateState.EXPIRED: EventType.MANDATE_EXPIRED,
    MandateState.INVALID: EventType.MANDATE_INVALIDATED,
}


class TestEveryPair:
    @pytest.mark.parametrize("event", sorted(ACTS))
    @pytest.mark.parametrize("state", sorted(MandateState))
    def test_it_follows_the_table_or_changes_nothing(
        self, uow: UnitOfWork, state: MandateState, event: EventType
    ) -> None:
        firm = a_firm(uow)
        agent, mandate_id = an_agent(uow, firm)
        if state in REACH:
            ACTS[REACH[state]](uow, firm, mandate_id)
        before, said = row_of(uow, mandate_id), events_of(uow, mandate_id)
        if event is EventType.MANDATE_EXPIRED:
            # Its term is over before the act; that is the clock's doing.
            end_term(uow, mandate_id)
            before = row_of(uow, mandate_id)

        try:
            with uow.session.begin_nested():
                ACTS[event](uow, firm, mandate_id)
        except InvalidStateError:
            assert (state, event) not in MANDATE_LIFECYCLE
        mandate = mandate_now(uow, mandate_id)

        if (state, event) in MANDATE_LIFECYCLE:
            assert mandate.state is MANDATE_LIFECYCLE[state, event]
            assert events_of(uow, mandate_id) == [*said, event.value]
            assert mandate.n == before["n"] + 1
        else:
            assert row_of(uow, mandate_id) == before
            assert events_of(uow, mandate_id) == said
        in_force = mandate.state is MandateState.ACTIVE
        assert (roles_now(uow, agent) != []) is in_force


class TestInviting:
    def test_a_verified_agent_may_sign(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)

        agent, mandate_id = an_agent(uow, firm, DATA)

        assert agent.person_id in entitled(uow.acting(firm.rep), firm.enterprise_id)
        assert agent.may("consent.grant")
        assert not agent.may("offer.accept")
        assert not agent.may("mandate.grant")
        (event,) = events_of(uow, mandate_id)
        assert event == "mandate.granted"

    def test_filling_in_forms_signs_nothing(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)

        agent, _ = an_agent(uow, firm, {MandateRight.FILL})

        assert not agent.may("consent.grant")
        assert agent.person_id not in entitled(uow.acting(firm.rep), firm.enterprise_id)

    def test_only_the_representative_invites(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, _ = an_agent(uow, firm)
        command = an_invite(uow)

        with pytest.raises(ForbiddenError):
            invitations.invite(uow.acting(agent), command, "x")
        with pytest.raises(ForbiddenError):
            invitations.invite(uow.acting(firm.colleague()), command, "x")

    def test_the_proof_of_identity_is_bound_to_the_terms(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        rep = uow.acting(firm.rep)
        token = stepup.issue(rep, invitations.digest_of(firm.enterprise_id, an_invite(uow, DATA)))

        with pytest.raises(StepUpRequiredError):
            invitations.invite(rep, an_invite(uow), token)

    @pytest.mark.parametrize(
        "changes",
        [
            {"rights": frozenset()},
            {"name": " "},
            {"ends_at": timedelta(days=367)},
            {"ends_at": timedelta(0)},
        ],
    )
    def test_terms_that_cannot_be_are_refused(
        self, uow: UnitOfWork, changes: dict[str, object]
    ) -> None:
        firm = a_firm(uow)
        if isinstance(changes.get("ends_at"), timedelta):
            changes = {"ends_at": uow.now + changes["ends_at"]}  # type: ignore[operator]

        with pytest.raises(InvalidRequestError):
            invite(uow, firm, an_invite(uow, **changes))  # type: ignore[arg-type]

    def test_another_person_cannot_take_it_up(self, uow: UnitOfWork) -> None:
        invited = invite(uow, a_firm(uow), an_invite(uow))

        refused = accepting.ask(uow.acting(PUBLIC), invited.code, an_identity("王芳", 2))

        assert refused == Refused(RefusalReason.MISMATCH)

    def test_it_is_taken_up_once(self, uow: UnitOfWork) -> None:
        invited = invite(uow, a_firm(uow), an_invite(uow))
        public, identity = uow.acting(PUBLIC), an_identity()
        accepting.accept(public, invited.code, (identity, Verified("S")), PASSWORD)

        with pytest.raises(RegistrationClosedError):
            accepting.accept(public, invited.code, (identity, Verified("S")), PASSWORD)

    def test_one_person_holds_one_mandate(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        an_agent(uow, firm)
        again = invite(uow, firm, an_invite(uow))

        with pytest.raises(ConflictError):
            accepting.accept(
                uow.acting(PUBLIC), again.code, (an_identity(), Verified("S")), PASSWORD
            )

    def test_a_withdrawn_one_is_nobodys(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        invited = invite(uow, firm, an_invite(uow))
        (open_one,) = invitations.open_invitations(uow.acting(firm.rep))
        assert open_one.id == invited.invitation_id

        invitations.withdraw(uow.acting(firm.rep), invited.invitation_id)

        assert invitations.open_invitations(uow.acting(firm.rep)) == []
        with pytest.raises(RegistrationClosedError):
            accepting.ask(uow.acting(PUBLIC), invited.code, an_identity())

    def test_who_was_revoked_may_be_invited_again(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, mandate_id = an_agent(uow, firm)
        mandates.revoke(uow.acting(firm.rep), mandate_id)
        again = invite(uow, firm, an_invite(uow, DATA))

        account = accepting.accept(
            uow.acting(PUBLIC), again.code, (an_identity(), Verified("S")), PASSWORD
        )

        assert account.id == agent.account_id
        assert actor_of(uow, account).may("consent.grant")


class TestRevoking:
    def test_the_agent_may_leave(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, mandate_id = an_agent(uow, firm)

        mandates.revoke(uow.acting(agent), mandate_id)

        assert mandate_now(uow, mandate_id).state is MandateState.REVOKED

    def test_another_agent_may_not_send_one_away(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        _, mandate_id = an_agent(uow, firm)
        other, _ = an_agent(uow, firm, DATA, "王芳", 2)

        with pytest.raises(ForbiddenError):
            mandates.revoke(uow.acting(other), mandate_id)

    def test_another_firm_finds_nothing(self, uow: UnitOfWork) -> None:
        _, mandate_id = an_agent(uow, a_firm(uow))
        stranger = a_firm(uow, "92370199MA3HH7712T")

        with pytest.raises(NotFoundError):
            mandates.revoke(uow.acting(stranger.rep), mandate_id)

    def test_granted_consents_stay(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, mandate_id = an_agent(uow, firm)
        asked = ask(uow, firm, WITHOUT_PERSON)
        granted = sign_as(uow, agent, asked.request_id, asked.digest)
        assert isinstance(granted, signing.Granted)

        mandates.revoke(uow.acting(firm.rep), mandate_id)

        assert stopping.revoke(uow.acting(firm.rep), Revoke(chain_id=granted.chain_id)).first

    @pytest.mark.promise("T33")
    def test_lost_while_people_sign_the_signature_counts_no_more(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        first, mandate_id = an_agent(uow, firm)
        second, _ = an_agent(uow, firm, DATA, "王芳", 2)
        raise_quorum(uow, firm, 2)
        asked = ask(uow, firm, WITHOUT_PERSON)
        assert sign_as(uow, first, asked.request_id, asked.digest) is None

        mandates.revoke(uow.acting(firm.rep), mandate_id)

        row = uow.acting(SYSTEM).session.get_one(ConsentRequest, asked.request_id)
        assert row.state == "REQUESTED"
        assert events_of(uow, asked.request_id)[-1] == "request.signature_dropped"
        assert sign_as(uow, second, asked.request_id, asked.digest) is None
        assert sign_as(uow, firm.rep, asked.request_id, asked.digest) is not None

    @pytest.mark.promise("T33")
    def test_who_lost_it_signs_nothing(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, mandate_id = an_agent(uow, firm)
        asked = ask(uow, firm, WITHOUT_PERSON)
        mandates.revoke(uow.acting(firm.rep), mandate_id)

        # As a session that was opened before would still hold the permission.
        with pytest.raises(consent_errors.MandateInsufficientError):
            sign_as(uow, agent, asked.request_id, asked.digest)

    def test_the_mandate_stands_in_the_evidence_of_each_act(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, mandate_id = an_agent(uow, firm)
        asked = ask(uow, firm, WITHOUT_PERSON)
        granted = sign_as(uow, agent, asked.request_id, asked.digest)
        assert isinstance(granted, signing.Granted)

        system = uow.acting(SYSTEM)
        row = system.session.scalars(
            select(EventRow).where(
                EventRow.chain_id == granted.chain_id, EventRow.type == "consent.granted"
            )
        ).one()
        event = open_event(desk_of(system), row).event
        assert (event["actor_role"], event["mandate_id"]) == ("AGENT", str(mandate_id))


class TestTick:
    def test_a_review_nobody_answers_ends_it(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        _, mandate_id = an_agent(uow, firm)
        _suspend(uow, firm, mandate_id)
        mandate = mandate_now(uow, mandate_id)
        mandate.suspended_at = uow.clock() - mandates.UNANSWERED

        assert mandates.tick(uow.acting(SYSTEM)) == 1

        assert mandate_now(uow, mandate_id).state is MandateState.EXPIRED
        assert mandates.tick(uow.acting(SYSTEM)) == 0
