"""Asking and signing end to end: text by hash, scope by derivation, the personal part apart."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from consent import errors as consent_errors
from consent.events import sha256_b64u
from tests.authorizations.builders import (
    OFFER,
    WITHOUT_PERSON,
    a_banker,
    a_firm,
    ask,
    granted_pair,
    sign,
)
from yidaitong.accounts import stepup
from yidaitong.authorizations import asking, queries, signing
from yidaitong.authorizations.commands import RequestAuthorization, Sign
from yidaitong.authorizations.purposes import Purpose
from yidaitong.departments.models import ResourceEntry
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.models import Enterprise
from yidaitong.kernel.actor import SYSTEM, AuthLevel
from yidaitong.kernel.errors import (
    ForbiddenError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
    SourceNotReadyError,
    StepUpRequiredError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

INDIVIDUAL = "92370199MA3HH7712T"


class TestAsk:
    @pytest.mark.promise("T32")
    def test_the_text_shown_is_kept_by_the_hash_that_is_signed(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)

        asked = ask(uow, firm)

        shown = queries.ask_of_enterprise(uow.acting(firm.rep), asked.request_id)
        assert shown.digest == asked.digest == shown.artefact.digest
        assert shown.artefact.notice.rendered_sha256 == sha256_b64u(shown.text.encode())
        for part in ("税易贷", "齐鲁示例银行", "登记状态", "近12个月缴税", "最多3次", "我的授权"):
            assert part in shown.text

    def test_age_is_asked_of_the_representative_alone(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)

        asked = ask(uow, firm)

        assert asked.companion_id is not None
        own = queries.ask_of_enterprise(uow.acting(firm.rep), asked.companion_id)
        main = queries.ask_of_enterprise(uow.acting(firm.rep), asked.request_id)
        named = {item for dataset in main.artefact.datasets for item in dataset.items}
        assert "reg.legal_rep_age" not in named
        assert [dataset.items for dataset in own.artefact.datasets] == [("reg.legal_rep_age",)]
        assert own.artefact.subject.kind == "PERSON"
        assert own.artefact.companion_of == main.artefact.consent_id
        assert "周岁年龄" in own.text
        assert own.artefact.template_id != main.artefact.template_id

    def test_a_policy_without_personal_items_asks_once(self, uow: UnitOfWork) -> None:
        assert ask(uow, a_firm(uow), WITHOUT_PERSON).companion_id is None

    def test_an_individual_business_is_asked_as_its_owner(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow, INDIVIDUAL)

        asked = ask(uow, firm)

        shown = queries.ask_of_enterprise(uow.acting(firm.rep), asked.request_id)
        assert asked.companion_id is None
        assert shown.artefact.subject.kind == "PERSON"
        named = {item for dataset in shown.artefact.datasets for item in dataset.items}
        assert {"reg.legal_rep_age", "tax.paid_12m_fen"} <= named

    def test_english_is_a_text_of_its_own(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        command = RequestAuthorization(
            product_id=OFFER.product_id, purpose=Purpose.ORIGINATION, language="en"
        )

        asked = asking.ask(uow.acting(firm.rep), OFFER, command)

        shown = queries.ask_of_enterprise(uow.acting(firm.rep), asked.request_id)
        assert "at most 3 times" in shown.text
        assert shown.artefact.language == "en"

    def test_a_second_request_names_the_first(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm)

        with pytest.raises(consent_errors.RequestExistsError) as refusal:
            ask(uow, firm)

        assert refusal.value.details == {"request_id": asked.request_id}

    def test_a_stopped_resource_is_named(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        entry = uow.session.scalars(
            select(ResourceEntry).where(ResourceEntry.resource == "TAX.PAY")
        ).one()
        entry.stopped_at = uow.now
        uow.acting(SYSTEM).session.flush()

        with pytest.raises(SourceNotReadyError) as refusal:
            ask(uow, firm)

        assert refusal.value.details == {"resources": [{"resource": "TAX.PAY", "why": "STOPPED"}]}

    def test_while_the_firm_is_suspended_nobody_is_asked(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        enterprise = uow.acting(SYSTEM).session.get_one(Enterprise, firm.enterprise_id)
        enterprise.state = EnterpriseState.SUSPENDED
        uow.session.flush()

        with pytest.raises(InvalidStateError):
            ask(uow, firm)

    def test_an_unknown_language_is_refused(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        command = RequestAuthorization(
            product_id=OFFER.product_id, purpose=Purpose.ORIGINATION, language="fr"
        )

        with pytest.raises(InvalidRequestError):
            asking.ask(uow.acting(firm.rep), OFFER, command)

    def test_a_bank_cannot_ask_in_the_name_of_a_firm(self, uow: UnitOfWork) -> None:
        a_firm(uow)
        command = RequestAuthorization(product_id=OFFER.product_id, purpose=Purpose.ORIGINATION)

        with pytest.raises(ForbiddenError):
            asking.ask(uow.acting(a_banker()), OFFER, command)


class TestSignAndGrant:
    def test_the_receipt_comes_at_once(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm)

        granted = sign(uow, firm, asked.request_id, asked.digest)

        assert granted.receipt["receipt_type"] == "GRANT"
        assert granted.receipt["digest"] == asked.digest
        assert uow.session.info["actor"].auth_level is AuthLevel.SESSION

    def test_a_proof_of_identity_for_another_text_is_refused(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm)
        rep = uow.acting(firm.rep)
        token = stepup.issue(rep, asked.companion_digest or "")

        with pytest.raises(StepUpRequiredError):
            signing.sign_and_grant(
                rep, Sign(request_id=asked.request_id, digest=asked.digest, token=token)
            )

    def test_a_proof_of_identity_works_once(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm)
        rep = uow.acting(firm.rep)
        token = stepup.issue(rep, asked.digest)
        command = Sign(request_id=asked.request_id, digest=asked.digest, token=token)
        signing.sign_and_grant(rep, command)

        with pytest.raises(StepUpRequiredError):
            signing.sign_and_grant(rep, command)

    def test_the_digest_of_another_draft_is_refused(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm)
        rep = uow.acting(firm.rep)
        token = stepup.issue(rep, "B" * 43)

        with pytest.raises(consent_errors.DraftChangedError):
            signing.sign_and_grant(
                rep, Sign(request_id=asked.request_id, digest="B" * 43, token=token)
            )

    def test_an_agent_may_not_grant(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm)
        agent = replace(firm.rep, permissions=frozenset({"application.create"}))

        with pytest.raises(ForbiddenError):
            signing.sign_and_grant(
                uow.acting(agent), Sign(request_id=asked.request_id, digest="x", token="x")
            )

    def test_the_representatives_own_consent_is_signed_apart(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        application_id = uuid7()

        chain_id, companion_id = granted_pair(uow, firm, application_id)

        found = queries.chains_of_application(uow.acting(a_banker()), application_id)
        assert [(one.chain_id, one.personal) for one in found] == [
            (chain_id, False),
            (companion_id, True),
        ]


class TestDeny:
    def test_refusing_ends_the_companion_too(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm)

        signing.deny(uow.acting(firm.rep), asked.request_id, "TOO_MUCH")

        assert queries.open_asks_of_enterprise(uow.acting(firm.rep)) == []

    def test_refusing_the_personal_part_blocks_nothing(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm)
        assert asked.companion_id is not None

        signing.deny(uow.acting(firm.rep), asked.companion_id)

        assert sign(uow, firm, asked.request_id, asked.digest).chain_id is not None

    def test_another_firm_finds_nothing(self, uow: UnitOfWork) -> None:
        firm = a_firm(uow)
        asked = ask(uow, firm)
        stranger = replace(firm.rep, org_id=str(uuid7()))

        with pytest.raises(consent_errors.NotFoundError):
            signing.deny(uow.acting(stranger), asked.request_id)
        with pytest.raises(NotFoundError):
            queries.ask_of_enterprise(uow.acting(stranger), asked.request_id)
