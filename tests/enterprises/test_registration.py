"""Registration inside the database: guards, evidence, scope."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from tests.enterprises.test_registry import NAME, a_record
from yidaitong.enterprises import registration
from yidaitong.enterprises.commands import BeginRegistration, Ticket
from yidaitong.enterprises.errors import AlreadyRegisteredError, RegistrationClosedError
from yidaitong.enterprises.evidence import findings_of
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.models import Enterprise
from yidaitong.enterprises.queries import progress_of, subject_of
from yidaitong.enterprises.uscc import uscc_of
from yidaitong.kernel.actor import PUBLIC, SYSTEM, Actor, Realm
from yidaitong.kernel.errors import InvalidStateError, NotFoundError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

FIRM = "91370199MA31U2DL73"
INDIVIDUAL = "92370199MA3HH7712T"


def a_registration(
    uow: UnitOfWork, uscc: str = FIRM, name: str = NAME
) -> tuple[Enterprise, Ticket]:
    public = uow.acting(PUBLIC)
    return registration.begin(public, BeginRegistration(uscc=uscc, name=name))


def a_matched_registration(uow: UnitOfWork, uscc: str = FIRM) -> tuple[Enterprise, Ticket]:
    _, ticket = a_registration(uow, uscc)
    return registration.record_registry(uow.acting(PUBLIC), ticket, a_record()), ticket


def a_registered_enterprise(uow: UnitOfWork, uscc: str = FIRM) -> Enterprise:
    enterprise, _ = a_matched_registration(uow, uscc)
    enterprise.state = EnterpriseState.ACTIVE
    enterprise.registered_at = uow.now
    uow.acting(SYSTEM).session.flush()
    return enterprise


class TestBegin:
    def test_a_good_code_opens_a_registration_with_evidence(self, uow: UnitOfWork) -> None:
        enterprise, ticket = a_registration(uow)

        assert enterprise.state is EnterpriseState.CODE_OK
        assert ticket.enterprise_id == enterprise.id
        (finding,) = findings_of(uow.acting(SYSTEM), enterprise.id)
        assert (finding.step, finding.result, finding.rule_version) == ("CODE", "OK", 1)

    @pytest.mark.parametrize(
        ("code", "problem"),
        [
            ("91370199MA31U2DL74", "CHECK_DIGIT"),
            ("91370199MA31U2DL86", "BODY_CHECK_DIGIT"),
            ("91370199MA31U2DL7", "LENGTH"),
            ("91370199ma31u2dl73", "SIGNS"),
            ("'; DROP TABLE --  ", "SIGNS"),
            ("", "LENGTH"),
        ],
    )
    def test_a_bad_code_ends_it_and_leaves_evidence(
        self, uow: UnitOfWork, code: str, problem: str
    ) -> None:
        enterprise, ticket = a_registration(uow, code)

        assert enterprise.state is EnterpriseState.CODE_BAD
        assert enterprise.uscc is None
        assert [found.result for found in findings_of(uow, enterprise.id)] == [problem]
        with pytest.raises(RegistrationClosedError):
            registration.resume(uow, ticket)

    def test_a_registered_code_is_refused(self, uow: UnitOfWork) -> None:
        a_registered_enterprise(uow)

        with pytest.raises(AlreadyRegisteredError):
            a_registration(uow)

    def test_an_unfinished_registration_blocks_nobody(self, uow: UnitOfWork) -> None:
        first, _ = a_registration(uow)
        second, _ = a_registration(uow)

        assert first.id != second.id

    def test_the_code_of_an_individual_business_is_sealed(self, uow: UnitOfWork) -> None:
        enterprise, _ = a_registration(uow, INDIVIDUAL)
        uow.session.flush()

        row = uow.acting(SYSTEM).session.execute(
            text("SELECT enterprise::text FROM enterprise WHERE id = :id"), {"id": enterprise.id}
        )
        assert INDIVIDUAL not in row.scalar_one()
        assert uscc_of(uow, enterprise) == INDIVIDUAL

    def test_the_resume_code_is_kept_as_a_hash_only(self, uow: UnitOfWork) -> None:
        enterprise, ticket = a_registration(uow)
        uow.session.flush()

        row = uow.acting(SYSTEM).session.execute(
            text("SELECT enterprise::text FROM enterprise WHERE id = :id"), {"id": enterprise.id}
        )
        assert ticket.resume_code not in row.scalar_one()
        assert ticket.resume_code not in repr(ticket)


class TestResume:
    def test_its_owner_finds_it_again(self, uow: UnitOfWork) -> None:
        enterprise, ticket = a_registration(uow)

        _, found = registration.resume(uow.acting(PUBLIC), ticket)

        assert found.id == enterprise.id

    @pytest.mark.parametrize("code", ["", "x", "é" * 5000, "\x00"])
    def test_a_wrong_resume_code_finds_nothing(self, uow: UnitOfWork, code: str) -> None:
        _, ticket = a_registration(uow)

        with pytest.raises(RegistrationClosedError):
            registration.resume(uow, Ticket(ticket.enterprise_id, code))

    def test_an_unknown_registration_looks_the_same(self, uow: UnitOfWork) -> None:
        with pytest.raises(RegistrationClosedError):
            registration.resume(uow, Ticket(uuid7(), "whatever"))

    def test_after_a_week_it_is_over(self, uow: UnitOfWork) -> None:
        enterprise, ticket = a_registration(uow)
        enterprise.started_at = uow.now - timedelta(days=7, seconds=1)
        uow.session.flush()

        with pytest.raises(RegistrationClosedError):
            registration.resume(uow, ticket)


class TestRecordRegistry:
    def test_a_match_takes_over_what_the_registry_says(self, uow: UnitOfWork) -> None:
        enterprise, _ = a_registration(uow)
        ticket = Ticket(enterprise.id, _.resume_code)

        registration.record_registry(
            uow, ticket, a_record(district="370112", industry="C3812", size="XS")
        )

        assert enterprise.state is EnterpriseState.REGISTRY_MATCHED
        assert (enterprise.district, enterprise.industry, enterprise.size) == (
            "370112",
            "C3812",
            "XS",
        )
        assert enterprise.rep_name == "王建国"

    def test_the_evidence_names_the_answer(self, uow: UnitOfWork) -> None:
        enterprise, _ = a_matched_registration(uow)

        finding = findings_of(uow, enterprise.id)[-1]
        assert finding.result == "MATCHED"
        assert finding.response_ref == "SAMR-1"
        assert finding.as_of == date(2018, 6, 29)

    def test_a_difference_takes_nothing_over(self, uow: UnitOfWork) -> None:
        enterprise, ticket = a_registration(uow)

        registration.record_registry(uow, ticket, a_record(status="4"))

        assert enterprise.state is EnterpriseState.MISMATCH
        assert enterprise.rep_name is None
        assert enterprise.district is None

    def test_a_second_answer_is_refused(self, uow: UnitOfWork) -> None:
        _, ticket = a_matched_registration(uow)

        with pytest.raises(InvalidStateError):
            registration.record_registry(uow, ticket, a_record())
        with pytest.raises(InvalidStateError):
            registration.ask_registry(uow, ticket)

    def test_a_misspelt_name_can_be_corrected(self, uow: UnitOfWork) -> None:
        enterprise, ticket = a_registration(uow, name="济南奇云精密制造有限公司")
        registration.record_registry(uow, ticket, a_record())

        registration.correct_name(uow, ticket, NAME)
        question = registration.ask_registry(uow, ticket)
        registration.record_registry(uow, ticket, a_record())

        assert question.uscc == FIRM
        assert enterprise.state is EnterpriseState.REGISTRY_MATCHED


class TestRowSecurity:
    def _as_enterprise(self, uow: UnitOfWork, enterprise_id: UUID) -> UnitOfWork:
        return uow.acting(Actor(realm=Realm.ENTERPRISE, org_id=str(enterprise_id)))

    def test_an_enterprise_sees_itself_only(self, uow: UnitOfWork) -> None:
        mine = a_registered_enterprise(uow)
        other = a_registered_enterprise(uow, "91370199MA3H40CL89")
        uow.session.flush()

        scoped = self._as_enterprise(uow, mine.id)

        assert list(scoped.session.scalars(select(Enterprise.id))) == [mine.id]
        assert subject_of(scoped, mine.id).uscc == FIRM
        with pytest.raises(NotFoundError):
            subject_of(scoped, other.id)

    @pytest.mark.parametrize("realm", [Realm.BANK, Realm.PUBLIC])
    def test_banks_and_the_public_see_none(self, uow: UnitOfWork, realm: Realm) -> None:
        a_registered_enterprise(uow)
        uow.session.flush()

        scoped = uow.acting(Actor(realm=realm, org_id="bank-qilu"))

        assert list(scoped.session.scalars(select(Enterprise.id))) == []


class TestProgressOf:
    def test_it_hides_the_representatives_name(self, uow: UnitOfWork) -> None:
        enterprise, _ = a_matched_registration(uow)

        progress = progress_of(uow, enterprise)

        assert progress.rep_hint == "王**"
        assert progress.registry == "MATCHED"
        assert progress.representative is None
