"""Registration from end to end, with real commits."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from tests.enterprises.test_registration import FIRM
from tests.enterprises.test_registry import NAME, a_record
from tests.enterprises.test_representative import MISMATCH, REP
from yidaitong.enterprises.commands import BeginRegistration, Ticket
from yidaitong.enterprises.errors import (
    RegistrationClosedError,
    RegistryUnavailableError,
    VerifierUnavailableError,
)
from yidaitong.enterprises.identity import Identity, Refused, Verified
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.models import OnboardingEvidence
from yidaitong.enterprises.onboarding import Onboarding
from yidaitong.enterprises.registry import RegistryQuestion, RegistryRecord
from yidaitong.kernel.actor import PUBLIC, SYSTEM
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.runtime import Runtime

COMMAND = BeginRegistration(uscc=FIRM, name=NAME)


@dataclass
class Registry:
    """A registry that answers, or is away."""

    answer: RegistryRecord | None = field(default_factory=a_record)
    asked: list[RegistryQuestion] = field(default_factory=list)

    def look_up(self, question: RegistryQuestion) -> RegistryRecord:
        self.asked.append(question)
        if self.answer is None:
            raise RegistryUnavailableError("away")
        return self.answer


@dataclass
class Verifier:
    """A provider that answers, or is away."""

    answer: Verified | Refused | None = field(default_factory=lambda: Verified("V-1"))
    asked: int = 0

    def verify(self, identity: Identity) -> Verified | Refused:
        del identity
        self.asked += 1
        if self.answer is None:
            raise VerifierUnavailableError("away")
        return self.answer


Desk = Callable[..., Onboarding]


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    def make(registry: Registry | None = None, verifier: Verifier | None = None) -> Onboarding:
        return Onboarding(runtime.transaction, registry or Registry(), verifier or Verifier())

    return make


class TestBegin:
    def test_a_good_firm_is_matched_at_once(self, desk: Desk) -> None:
        registry = Registry()

        ticket, progress = desk(registry).begin(PUBLIC, COMMAND)

        assert progress.state is EnterpriseState.REGISTRY_MATCHED
        assert progress.enterprise_id == ticket.enterprise_id
        assert [question.uscc for question in registry.asked] == [FIRM]

    def test_a_bad_code_is_refused_and_stays_on_record(self, desk: Desk, runtime: Runtime) -> None:
        bad = BeginRegistration(uscc=FIRM[:-1] + "4", name=NAME)

        with pytest.raises(InvalidRequestError) as caught:
            desk().begin(PUBLIC, bad)

        assert caught.value.fields == {"uscc": "CHECK_DIGIT"}
        with runtime.transaction(SYSTEM) as uow:
            assert list(uow.session.scalars(select(OnboardingEvidence.result))) == ["CHECK_DIGIT"]

    def test_when_the_registry_is_away_the_registration_waits(self, desk: Desk) -> None:
        registry = Registry(None)

        ticket, progress = desk(registry).begin(PUBLIC, COMMAND)

        assert progress.state is EnterpriseState.CODE_OK
        registry.answer = a_record()
        assert desk(registry).match(PUBLIC, ticket).state is EnterpriseState.REGISTRY_MATCHED


class TestRename:
    def test_the_corrected_name_is_compared_again(self, desk: Desk) -> None:
        ticket, progress = desk().begin(PUBLIC, BeginRegistration(uscc=FIRM, name="济南奇云"))
        assert progress.registry == "NAME"

        assert desk().rename(PUBLIC, ticket, NAME).registry == "MATCHED"


class TestVerify:
    def test_the_representative_is_verified(self, desk: Desk) -> None:
        ticket, _ = desk().begin(PUBLIC, COMMAND)

        assert desk().verify(PUBLIC, ticket, REP).state is EnterpriseState.REP_VERIFIED

    def test_another_name_never_reaches_the_provider(self, desk: Desk) -> None:
        verifier = Verifier()
        ticket, _ = desk().begin(PUBLIC, COMMAND)

        progress = desk(None, verifier).verify(
            PUBLIC, ticket, Identity("李四", REP.id_number, REP.mobile)
        )

        assert progress.representative == "NOT_REPRESENTATIVE"
        assert verifier.asked == 0

    def test_a_refusal_is_shown(self, desk: Desk) -> None:
        ticket, _ = desk().begin(PUBLIC, COMMAND)

        progress = desk(None, Verifier(MISMATCH)).verify(PUBLIC, ticket, REP)

        assert progress.state is EnterpriseState.REP_FAILED
        assert progress.representative == "MISMATCH"

    def test_a_silent_provider_costs_no_try(self, desk: Desk) -> None:
        ticket, _ = desk().begin(PUBLIC, COMMAND)

        for _ in range(6):
            with pytest.raises(VerifierUnavailableError):
                desk(None, Verifier(None)).verify(PUBLIC, ticket, REP)

        assert desk().verify(PUBLIC, ticket, REP).state is EnterpriseState.REP_VERIFIED


class TestProgress:
    def test_only_the_resume_code_opens_it(self, desk: Desk) -> None:
        ticket, _ = desk().begin(PUBLIC, COMMAND)

        with pytest.raises(RegistrationClosedError):
            desk().progress(PUBLIC, Ticket(ticket.enterprise_id, "guess"))
        assert desk().progress(PUBLIC, ticket).name == NAME
