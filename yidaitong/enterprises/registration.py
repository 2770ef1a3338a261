"""Steps of registration inside the database; the network is asked between them."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from yidaitong.enterprises import uscc as codes
from yidaitong.enterprises.commands import BeginRegistration, Ticket
from yidaitong.enterprises.errors import AlreadyRegisteredError, RegistrationClosedError
from yidaitong.enterprises.evidence import Finding, record_finding
from yidaitong.enterprises.lifecycle import REGISTERED, EnterpriseEvent, EnterpriseState, after
from yidaitong.enterprises.models import Enterprise, OnboardingStep
from yidaitong.enterprises.registry import (
    RULE_VERSION,
    MatchResult,
    RegistryQuestion,
    RegistryRecord,
    compare,
)
from yidaitong.enterprises.scope import applicant, as_system
from yidaitong.kernel.codes import uscc_problem
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

RESUME_FOR = timedelta(days=7)
_RESUME_BYTES = 24


def _hash(resume_code: str) -> bytes:
    return hashlib.sha256(resume_code.encode()).digest()


def refuse_taken(uow: UnitOfWork, index: bytes) -> None:
    """Lock a credit code for this transaction and refuse it if it is registered.

    Raises:
        AlreadyRegisteredError: it is.
    """
    with as_system(uow) as wide:
        wide.session.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(index.hex(), 0)))
        )
        taken = wide.session.scalar(
            select(Enterprise.id).where(
                Enterprise.uscc_index == index, Enterprise.state.in_(REGISTERED)
            )
        )
    if taken is not None:
        raise AlreadyRegisteredError(f"code of enterprise {taken}")


def begin(uow: UnitOfWork, command: BeginRegistration) -> tuple[Enterprise, Ticket]:
    """Open a registration: the code is checked by both check digits, nothing is asked yet.

    The enterprise is CODE_OK, or CODE_BAD: then it is over and only the evidence stays.

    Raises:
        AlreadyRegisteredError: the code belongs to a registered enterprise.
    """
    index = codes.uscc_index(uow, command.uscc)
    refuse_taken(uow, index)
    ticket = Ticket(uuid7(), secrets.token_urlsafe(_RESUME_BYTES))
    scoped = applicant(uow, ticket.enterprise_id)
    problem = uscc_problem(command.uscc)
    enterprise = Enterprise(
        id=ticket.enterprise_id,
        state=EnterpriseState.DRAFT,
        uscc_index=index,
        name=command.name.strip(),
        resume_sha256=None if problem else _hash(ticket.resume_code),
        started_at=uow.now,
    )
    event = EnterpriseEvent.CODE_ACCEPTED if problem is None else EnterpriseEvent.CODE_REFUSED
    enterprise.state = after(enterprise.state, event)
    if problem is None:
        codes.keep_uscc(scoped, enterprise, command.uscc)
    uow.session.add(enterprise)
    uow.session.flush()
    record_finding(
        scoped,
        enterprise.id,
        Finding(step=OnboardingStep.CODE, result=problem or "OK", rule_version=codes.RULE_VERSION),
    )
    return enterprise, ticket


def resume(uow: UnitOfWork, ticket: Ticket) -> tuple[UnitOfWork, Enterprise]:
    """Open one's own registration again, locked; the unit of work then sees only its rows.

    Raises:
        RegistrationClosedError: unknown, finished, older than a week, or the wrong resume code.
    """
    scoped = applicant(uow, ticket.enterprise_id)
    enterprise = scoped.session.scalar(
        select(Enterprise).where(Enterprise.id == ticket.enterprise_id).with_for_update()
    )
    if (
        enterprise is None
        or enterprise.resume_sha256 is None
        or not hmac.compare_digest(enterprise.resume_sha256, _hash(ticket.resume_code))
        or enterprise.started_at + RESUME_FOR < uow.now
    ):
        raise RegistrationClosedError(f"registration {ticket.enterprise_id}")
    return scoped, enterprise


def correct_name(uow: UnitOfWork, ticket: Ticket, name: str) -> Enterprise:
    """Give another name after a mismatch; the registry may then be asked again."""
    _, enterprise = resume(uow, ticket)
    enterprise.state = after(enterprise.state, EnterpriseEvent.NAME_CORRECTED)
    enterprise.name = name.strip()
    return enterprise


def ask_registry(uow: UnitOfWork, ticket: Ticket) -> RegistryQuestion:
    """The question to the registry; ask it after this transaction ended.

    Raises:
        InvalidStateError: the code was refused, or the registry has answered.
    """
    scoped, enterprise = resume(uow, ticket)
    if enterprise.state is not EnterpriseState.CODE_OK:
        raise InvalidStateError(f"enterprise {enterprise.id} is {enterprise.state}")
    return RegistryQuestion(uuid7(), enterprise.id, codes.uscc_of(scoped, enterprise))


def record_registry(uow: UnitOfWork, ticket: Ticket, record: RegistryRecord) -> Enterprise:
    """Compare what was typed with what the registry said, and keep the evidence."""
    scoped, enterprise = resume(uow, ticket)
    result = compare(enterprise.name, record)
    matched = result is MatchResult.MATCHED
    event = EnterpriseEvent.REGISTRY_MATCHES if matched else EnterpriseEvent.REGISTRY_DIFFERS
    enterprise.state = after(enterprise.state, event)
    if matched:
        _take_over(enterprise, record)
    record_finding(
        scoped,
        enterprise.id,
        Finding(
            step=OnboardingStep.REGISTRY,
            result=result.value,
            rule_version=RULE_VERSION,
            response_ref=record.serial or None,
            response_sha256=record.sha256 or None,
            as_of=record.as_of,
        ),
    )
    return enterprise


def _take_over(enterprise: Enterprise, record: RegistryRecord) -> None:
    enterprise.name = record.name
    enterprise.district = record.district
    enterprise.industry = record.industry
    enterprise.size = record.size
    enterprise.rep_name = record.rep_name


def registered_id(uow: UnitOfWork, uscc: str) -> UUID | None:
    """Id of the registered enterprise with this code, whoever asks."""
    with as_system(uow) as wide:
        return wide.session.scalar(
            select(Enterprise.id).where(
                Enterprise.uscc_index == codes.uscc_index(uow, uscc),
                Enterprise.state.in_(REGISTERED),
            )
        )
