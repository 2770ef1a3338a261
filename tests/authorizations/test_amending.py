"""Narrowing what is asked, amending what was granted, renewing what ends: text and difference."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from consent import errors as consent_errors
from consent.events import sha256_b64u
from consent.lifecycle import ConsentState
from tests.authorizations.builders import (
    OFFER,
    WITHOUT_PERSON,
    Firm,
    a_banker,
    a_firm,
    ask,
    granted_pair,
    sign,
)
from tests.authorizations.people import an_agent
from tests.authorizations.test_mandates import DATA, events_of, raise_quorum, sign_as
from tests.authorizations.test_representation import chain_of
from yidaitong.authorizations import amending, asking, narrowing, queries, signing
from yidaitong.authorizations.commands import RequestAuthorization, Revoke
from yidaitong.authorizations.narrowing import Less
from yidaitong.authorizations.purposes import Purpose
from yidaitong.authorizations.stopping import revoke
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.errors import ForbiddenError, InvalidRequestError, NotFoundError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

# A policy that only refers to a person when the court's list is unknown.
LENIENT = replace(WITHOUT_PERSON, optional=frozenset({"court.dishonest_open"}))


def resources_of(uow: UnitOfWork, firm: Firm, request_id: UUID) -> tuple[str, ...]:
    return queries.ask_of_enterprise(uow.acting(firm.rep), request_id).artefact.resources


def court_of(uow: UnitOfWork, firm: Firm, request_id: UUID) -> str:
    shown = queries.ask_of_enterprise(uow.acting(firm.rep), request_id)
    return next(one.resource for one in shown.artefact.datasets if one.optional)


class TestNarrow:
    def test_what_is_optional_may_be_left_out(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm, LENIENT)
        optional = court_of(uow, firm, asked.request_id)

        narrowed = narrowing.narrow(
            uow.acting(firm.rep), asked.request_id, Less(drop=frozenset({optional}))
        )

        shown = queries.ask_of_enterprise(uow.acting(firm.rep), asked.request_id)
        assert optional not in shown.artefact.resources
        assert shown.digest == narrowed.digest != asked.digest
        assert shown.artefact.notice.rendered_sha256 == sha256_b64u(shown.text.encode())
        assert "失信" not in shown.text
        assert sign(uow, firm, asked.request_id, narrowed.digest).receipt["digest"] == (
            narrowed.digest
        )

    def test_an_item_by_name(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm, LENIENT)
        optional = court_of(uow, firm, asked.request_id)

        narrowing.narrow(
            uow.acting(firm.rep),
            asked.request_id,
            Less(drop=frozenset({"court.dishonest_open"})),
        )

        assert optional not in resources_of(uow, firm, asked.request_id)

    def test_time_and_calls(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm, WITHOUT_PERSON)
        until = business_date(uow.now) + timedelta(days=5)

        narrowing.narrow(uow.acting(firm.rep), asked.request_id, Less(until=until, calls=1))

        shown = queries.ask_of_enterprise(uow.acting(firm.rep), asked.request_id)
        assert (shown.artefact.frequency.n, shown.artefact.total_quota) == (1, 1)
        assert business_date(shown.artefact.validity[1]) == until
        assert "最多1次" in shown.text

    def test_what_the_product_needs_stays(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm, LENIENT)

        with pytest.raises(consent_errors.InvalidScopeError):
            narrowing.narrow(
                uow.acting(firm.rep), asked.request_id, Less(drop=frozenset({"TAX.PAY"}))
            )

    @pytest.mark.parametrize("less", [Less(drop=frozenset({"TAX.X"})), Less(calls=9), Less()])
    def test_what_is_no_less_is_refused(self, uow: UnitOfWork, less: Less) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm, LENIENT)

        with pytest.raises((InvalidRequestError, consent_errors.InvalidScopeError)):
            narrowing.narrow(uow.acting(firm.rep), asked.request_id, less)

    def test_a_first_day_after_the_last_is_refused(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm, LENIENT)

        with pytest.raises(InvalidRequestError):
            narrowing.narrow(
                uow.acting(firm.rep),
                asked.request_id,
                Less(from_on=business_date(uow.now) + timedelta(days=400)),
            )

    def test_a_bank_does_not_narrow(self, uow: UnitOfWork) -> None:
        asked = ask(uow, a_firm(uow), LENIENT)

        with pytest.raises(ForbiddenError):
            narrowing.narrow(uow.acting(a_banker()), asked.request_id, Less(calls=1))

    def test_another_firm_finds_nothing(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm, LENIENT)
        stranger = replace(firm.rep, org_id=str(uuid7()))

        with pytest.raises(NotFoundError):
            narrowing.narrow(uow.acting(stranger), asked.request_id, Less(calls=1))

    def test_the_personal_part_is_the_persons_own(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm)
        assert asked.companion_id is not None

        narrowed = narrowing.narrow(uow.acting(firm.rep), asked.companion_id, Less(calls=1))

        assert narrowed.digest != asked.companion_digest


class TestAmend:
    def test_one_signature_narrows_and_the_difference_is_signed(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        an_agent(uow, firm, DATA)
        raise_quorum(uow, firm, 2)
        asked = ask(uow, firm, LENIENT)
        optional = court_of(uow, firm, asked.request_id)
        chain_id = self.signed_by_two(uow, firm, asked)

        more = amending.narrow_authorization(
            uow.acting(firm.rep), chain_id, Less(drop=frozenset({optional}))
        )

        shown = queries.ask_of_enterprise(uow.acting(firm.rep), more.request_id)
        assert shown.m == 1
        (change,) = shown.changes
        assert change.zh.startswith("不再查询：")
        assert change.zh in shown.text
        assert shown.artefact.notice.rendered_sha256 == sha256_b64u(shown.text.encode())
        granted = sign_as(uow, firm.rep, more.request_id, more.digest)
        assert isinstance(granted, signing.Granted)
        assert granted.receipt["receipt_type"] == "AMEND"
        assert events_of(uow, chain_id)[-2:] == ["consent.superseded", "consent.granted"]
        names = uow.acting(SYSTEM).session.scalars(select(OutboxJob.name)).all()
        assert "pulls.amend" in names

    def signed_by_two(self, uow: UnitOfWork, firm: Firm, asked: asking.Asked) -> UUID:
        second, _ = an_agent(uow, firm, DATA, "王芳", 2)
        assert sign_as(uow, firm.rep, asked.request_id, asked.digest) is None
        # Whoever came later was not asked: the text names who may sign.
        with pytest.raises(consent_errors.MandateInsufficientError):
            sign_as(uow, second, asked.request_id, asked.digest)
        shown = queries.ask_of_enterprise(uow.acting(firm.rep), asked.request_id)
        assert len(shown.signed_by) == 1
        narrowing.narrow(uow.acting(firm.rep), asked.request_id, Less(calls=2))
        revoked = queries.ask_of_enterprise(uow.acting(firm.rep), asked.request_id)
        assert revoked.signed_by == frozenset()
        agent = next(one for one in revoked.artefact.mandate.eligible if one.mandate_id is not None)
        rep = replace(firm.rep, person_id=UUID(agent.person_id))
        assert sign_as(uow, firm.rep, asked.request_id, revoked.digest) is None
        granted = sign_as(uow, rep, asked.request_id, revoked.digest)
        assert isinstance(granted, signing.Granted)
        return granted.chain_id

    def test_a_new_version_of_the_rules_takes_the_quorum(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        an_agent(uow, firm, DATA)
        raise_quorum(uow, firm, 2)
        offer = replace(
            WITHOUT_PERSON, policy_version=2, items=WITHOUT_PERSON.items | {"ss.insured_now"}
        )

        more = amending.update_authorization(uow.acting(firm.rep), chain_id, offer)

        shown = queries.ask_of_enterprise(uow.acting(firm.rep), more.request_id)
        assert shown.m == 2
        said = [change.zh for change in shown.changes]
        assert any(one.startswith("新增查询：") for one in said)
        assert "产品规则版本：由1改为2" in said
        assert sign_as(uow, firm.rep, more.request_id, more.digest) is None

    def test_nothing_less_is_no_amendment(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)

        with pytest.raises(consent_errors.InvalidStateError):
            amending.narrow_authorization(uow.acting(firm.rep), chain_id, Less())

    def test_an_ended_one_is_not_amended(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        revoke(uow.acting(firm.rep), Revoke(chain_id=chain_id))

        with pytest.raises(consent_errors.InvalidStateError):
            amending.narrow_authorization(uow.acting(firm.rep), chain_id, Less(calls=1))

    def test_another_firm_finds_nothing(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)
        stranger = a_firm(uow, "92370199MA3HH7712T")

        with pytest.raises(NotFoundError):
            amending.narrow_authorization(uow.acting(stranger.rep), chain_id, Less(calls=1))

    def test_english_texts_say_it_in_english(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        command = RequestAuthorization(
            product_id=OFFER.product_id, purpose=Purpose.ORIGINATION, language="en"
        )
        asked = asking.ask(uow.acting(firm.rep), WITHOUT_PERSON, command)
        chain_id = sign(uow, firm, asked.request_id, asked.digest).chain_id

        more = amending.narrow_authorization(uow.acting(firm.rep), chain_id, Less(calls=1))

        shown = queries.ask_of_enterprise(uow.acting(firm.rep), more.request_id)
        assert "- Most calls of each: from 3 to 1" in shown.text


class TestRenew:
    def a_claim(self, uow: UnitOfWork, firm: Firm) -> UUID:
        command = RequestAuthorization(product_id=OFFER.product_id, purpose=Purpose.CLAIM)
        asked = asking.ask(uow.acting(firm.rep), WITHOUT_PERSON, command)
        return sign(uow, firm, asked.request_id, asked.digest).chain_id

    def test_a_further_term_begins_where_the_present_one_ends(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id = self.a_claim(uow, firm)

        more = amending.renew_authorization(uow.acting(firm.rep), chain_id, WITHOUT_PERSON)
        granted = sign(uow, firm, more.request_id, more.digest)

        assert granted.chain_id != chain_id
        new = chain_of(uow, granted.chain_id)
        assert new.state is ConsentState.SCHEDULED
        assert new.starts_at == chain_of(uow, chain_id).ends_at

    def test_what_ends_with_its_act_is_not_renewed(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id, _ = granted_pair(uow, firm)

        with pytest.raises(consent_errors.InvalidStateError):
            amending.renew_authorization(uow.acting(firm.rep), chain_id, WITHOUT_PERSON)

    def test_it_is_offered_when_the_end_is_near(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        chain_id = self.a_claim(uow, firm)
        chain = chain_of(uow, chain_id)
        chain.ends_at = chain.due_at = uow.clock() + timedelta(days=29)
        uow.session.flush()

        assert amending.offer_renewals(uow.acting(SYSTEM)) == 1
        assert amending.offer_renewals(uow.acting(SYSTEM)) == 0

        (one,) = queries.wallet_of_enterprise(uow.acting(firm.rep))
        assert one.renewable
