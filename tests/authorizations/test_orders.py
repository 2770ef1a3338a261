"""Two-person orders: one proposes, another person confirms, and only then something happens."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from consent import errors as consent_errors
from consent.lifecycle import ConsentState
from tests.authorizations.builders import (
    WITHOUT_PERSON,
    Firm,
    a_banker,
    a_firm,
    ask,
    granted_pair,
    sign,
)
from tests.authorizations.people import an_agent, an_official, enterprise_now, mandate_now
from tests.authorizations.test_mandates import DATA, events_of, raise_quorum, sign_as
from tests.authorizations.test_representation import chain_of
from tests.authorizations.test_stopping import promised
from yidaitong.authorizations import mandates, orders, queries, revisions, signing
from yidaitong.authorizations.order_kinds import OrderKind, OrderState
from yidaitong.authorizations.orders import Propose
from yidaitong.enterprises.mandate_lifecycle import MandateState
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import (
    ConflictError,
    ForbiddenError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

OFFICER = an_official("centre_officer")
CHECKER = an_official("centre_checker")


def a_proposal(kind: OrderKind, target_id: UUID, **terms: str) -> Propose:
    return Propose(
        kind=kind,
        target_id=target_id,
        reason_class=orders.REASONS[kind][0],
        case_number="A-1",
        terms=terms,
    )


def suspension(chain_id: UUID, *, frozen: bool = False) -> Propose:
    return a_proposal(OrderKind.SUSPEND, chain_id, use_frozen="yes" if frozen else "no")


def propose(uow: UnitOfWork, command: Propose) -> UUID:
    return orders.propose(uow.acting(OFFICER), command)


def carry_out(uow: UnitOfWork, command: Propose) -> UUID:
    order_id = propose(uow, command)
    orders.confirm(uow.acting(CHECKER), order_id)
    return order_id


class TestTwoPersons:
    def test_a_proposal_does_nothing(self, uow: UnitOfWork) -> None:
        chain_id, _ = granted_pair(uow, a_firm(uow))

        order_id = propose(uow, suspension(chain_id))

        assert chain_of(uow, chain_id).state is ConsentState.ACTIVE
        assert orders.order_of(uow.acting(CHECKER), order_id).state is OrderState.PROPOSED

    def test_the_same_person_under_another_account_is_the_same_person(
        self, uow: UnitOfWork
    ) -> None:
        chain_id, _ = granted_pair(uow, a_firm(uow))
        order_id = propose(uow, suspension(chain_id))
        both = replace(CHECKER, person_id=OFFICER.person_id, account_id=uuid7())

        with pytest.raises(FourEyesError):
            orders.confirm(uow.acting(both), order_id)
        with pytest.raises(FourEyesError):
            orders.reject(uow.acting(both), order_id)

    def test_it_is_decided_once(self, uow: UnitOfWork) -> None:
        chain_id, _ = granted_pair(uow, a_firm(uow))
        order_id = carry_out(uow, suspension(chain_id))

        with pytest.raises(InvalidStateError):
            orders.confirm(uow.acting(CHECKER), order_id)

    def test_turned_down_it_does_nothing(self, uow: UnitOfWork) -> None:
        chain_id, _ = granted_pair(uow, a_firm(uow))
        order_id = propose(uow, suspension(chain_id))

        orders.reject(uow.acting(CHECKER), order_id)

        assert chain_of(uow, chain_id).state is ConsentState.ACTIVE
        propose(uow, suspension(chain_id))

    def test_the_same_is_proposed_once(self, uow: UnitOfWork) -> None:
        chain_id, _ = granted_pair(uow, a_firm(uow))
        propose(uow, suspension(chain_id))

        with pytest.raises(ConflictError):
            propose(uow, suspension(chain_id))

    def test_each_role_does_its_own_part(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)

        for actor in (CHECKER, an_official("auditor"), a_banker(), firm.rep):
            with pytest.raises(ForbiddenError):
                orders.propose(uow.acting(actor), suspension(chain_id))
        order_id = propose(uow, suspension(chain_id))
        for actor in (OFFICER, an_official("auditor"), a_banker(), firm.rep):
            with pytest.raises(ForbiddenError):
                orders.confirm(uow.acting(actor), order_id)

    def test_only_the_centre_reads_them(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        order_id = propose(uow, suspension(chain_id))

        assert [one.id for one in orders.orders(uow.acting(CHECKER))] == [order_id]
        with pytest.raises(ForbiddenError):
            orders.orders(uow.acting(firm.rep))
        with pytest.raises(NotFoundError):
            orders.order_of(uow.acting(OFFICER), uuid7())

    @pytest.mark.parametrize(
        "changes",
        [
            {"reason_class": "BECAUSE"},
            {"terms": {}},
            {"terms": {"use_frozen": "maybe"}},
            {"terms": {"use_frozen": "no", "more": "x"}},
            {"kind": OrderKind.VOID, "reason_class": "SIGNATURE_FORGED", "terms": {"without": ""}},
            {
                "kind": OrderKind.RESET_QUORUM,
                "reason_class": "SIGNATORIES_GONE",
                "terms": {"m": "0"},
            },
            {
                "kind": OrderKind.REVISE_TEXT,
                "reason_class": "TEXT_REVISED",
                "terms": {"template_id": "tpl-x", "reconsent_by": ""},
            },
        ],
    )
    def test_what_cannot_be_read_is_refused(
        self, uow: UnitOfWork, changes: dict[str, object]
    ) -> None:
        chain_id, _ = granted_pair(uow, a_firm(uow))

        with pytest.raises(InvalidRequestError):
            propose(uow, replace(suspension(chain_id), **changes))  # type: ignore[arg-type]

    @pytest.mark.parametrize("kind", [OrderKind.SUSPEND, OrderKind.INVALIDATE_MANDATE])
    def test_what_is_not_there_is_not_found(self, uow: UnitOfWork, kind: OrderKind) -> None:
        terms = {"use_frozen": "no"} if kind is OrderKind.SUSPEND else {}

        with pytest.raises(NotFoundError):
            propose(uow, a_proposal(kind, uuid7(), **terms))


class TestSuspending:
    def test_it_waits_and_goes_on(self, uow: UnitOfWork) -> None:
        chain_id, _ = granted_pair(uow, a_firm(uow))

        carry_out(uow, suspension(chain_id, frozen=True))
        chain = chain_of(uow, chain_id)
        assert (chain.state, chain.use_frozen) == (ConsentState.SUSPENDED, True)

        carry_out(uow, a_proposal(OrderKind.RESTORE, chain_id))
        chain = chain_of(uow, chain_id)
        assert (chain.state, chain.use_frozen) == (ConsentState.ACTIVE, False)
        assert events_of(uow, chain_id)[-2:] == ["consent.suspended", "consent.restored"]

    def test_what_has_moved_on_is_refused_and_stays_proposed(self, uow: UnitOfWork) -> None:
        chain_id, _ = granted_pair(uow, a_firm(uow))
        order_id = propose(uow, a_proposal(OrderKind.RESTORE, chain_id))

        with pytest.raises(consent_errors.InvalidStateError), uow.session.begin_nested():
            orders.confirm(uow.acting(CHECKER), order_id)

        uow.session.expire_all()
        assert orders.order_of(uow.acting(CHECKER), order_id).state is OrderState.PROPOSED


class TestVoiding:
    def test_nothing_opens_what_it_brought(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, companion_id = granted_pair(uow, firm)

        order_id = carry_out(
            uow, a_proposal(OrderKind.VOID, chain_id, without=str(firm.rep.person_id))
        )

        assert chain_of(uow, chain_id).state is ConsentState.VOIDED
        assert chain_of(uow, companion_id).state is ConsentState.REVOKED
        assert {args["chain_id"] for args in promised(uow)} == {str(chain_id), str(companion_id)}
        full = queries.authorization_in_full(uow.acting(firm.rep), chain_id)
        assert full.events[-1].event["order_id"] == str(order_id)
        assert full.receipts[-1]["receipt_type"] == "VOID"

    def test_without_somebody_who_did_not_sign_it_has_force(self, uow: UnitOfWork) -> None:
        chain_id, _ = granted_pair(uow, a_firm(uow))
        order_id = propose(uow, a_proposal(OrderKind.VOID, chain_id, without=str(uuid7())))

        with pytest.raises(consent_errors.InvalidStateError):
            orders.confirm(uow.acting(CHECKER), order_id)


def signed_by(uow: UnitOfWork, firm: Firm, *people: object) -> UUID:
    asked = ask(uow, firm, WITHOUT_PERSON)
    granted = None
    for person in people:
        granted = sign_as(uow, person, asked.request_id, asked.digest)  # type: ignore[arg-type]
    assert isinstance(granted, signing.Granted)
    return granted.chain_id


class TestInvalidatingAMandate:
    def test_consents_that_stand_on_it_are_void(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, mandate_id = an_agent(uow, firm, DATA)
        chain_id = signed_by(uow, firm, agent)

        carry_out(uow, a_proposal(OrderKind.INVALIDATE_MANDATE, mandate_id))

        assert mandate_now(uow, mandate_id).state is MandateState.INVALID
        assert chain_of(uow, chain_id).state is ConsentState.VOIDED

    def test_an_ended_one_too(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, mandate_id = an_agent(uow, firm, DATA)
        chain_id = signed_by(uow, firm, agent)
        mandates.revoke(uow.acting(firm.rep), mandate_id)

        carry_out(uow, a_proposal(OrderKind.INVALIDATE_MANDATE, mandate_id))

        assert chain_of(uow, chain_id).state is ConsentState.VOIDED

    def test_a_quorum_that_holds_without_it_stands(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        agent, mandate_id = an_agent(uow, firm, DATA)
        other = signed_by(uow, firm, firm.rep)

        carry_out(uow, a_proposal(OrderKind.INVALIDATE_MANDATE, mandate_id))

        assert agent.person_id is not None
        assert chain_of(uow, other).state is ConsentState.ACTIVE


class TestResettingAQuorum:
    def test_it_helps_who_lost_their_signatories(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        _, mandate_id = an_agent(uow, firm, DATA)
        raise_quorum(uow, firm, 2)
        mandates.revoke(uow.acting(firm.rep), mandate_id)

        carry_out(uow, a_proposal(OrderKind.RESET_QUORUM, firm.enterprise_id, m="1"))

        assert enterprise_now(uow, firm).quorum == 1
        assert events_of(uow, firm.enterprise_id)[-1] == "quorum.changed"
        asked = ask(uow, firm, WITHOUT_PERSON)
        assert sign(uow, firm, asked.request_id, asked.digest)


class TestRevisingAText:
    def revise(self, uow: UnitOfWork, reconsent_by: str) -> None:
        carry_out(
            uow,
            a_proposal(
                OrderKind.REVISE_TEXT,
                revisions.template_of("tpl-origination"),
                template_id="tpl-origination",
                reconsent_by=reconsent_by,
            ),
        )

    def test_consents_stay_on_theirs(self, uow: UnitOfWork) -> None:
        chain_id, _ = granted_pair(uow, a_firm(uow))
        self.revise(uow, "")

        assert revisions.suspend_overdue(uow.acting(SYSTEM)) == []
        assert chain_of(uow, chain_id).state is ConsentState.ACTIVE
        said = events_of(uow, revisions.template_of("tpl-origination"))
        assert said == ["template.revised"]

    def test_from_the_date_on_those_under_another_text_wait(
        self, uow: UnitOfWork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        chain_id, companion_id = granted_pair(uow, a_firm(uow))
        monkeypatch.setattr(
            "yidaitong.authorizations.text.revision_sha256", lambda _template: "B" * 43
        )
        self.revise(uow, (uow.now - timedelta(seconds=1)).isoformat())

        assert revisions.suspend_overdue(uow.acting(SYSTEM)) == [chain_id]

        assert chain_of(uow, chain_id).suspended_reason == "RECONSENT"
        assert chain_of(uow, companion_id).state is ConsentState.ACTIVE
        assert revisions.suspend_overdue(uow.acting(SYSTEM)) == []

    def test_whoever_agreed_to_it_goes_on(self, uow: UnitOfWork) -> None:
        chain_id, _ = granted_pair(uow, a_firm(uow))
        self.revise(uow, (uow.now - timedelta(seconds=1)).isoformat())

        assert revisions.suspend_overdue(uow.acting(SYSTEM)) == []
        assert chain_of(uow, chain_id).state is ConsentState.ACTIVE
