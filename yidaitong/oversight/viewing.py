"""Opening a named enterprise's file: needs a case, and the enterprise sees that it happened."""

from dataclasses import dataclass
from uuid import UUID

from consent import service
from yidaitong import audit
from yidaitong.authorizations.desk import desk_of
from yidaitong.enterprises.evidence import findings_of
from yidaitong.enterprises.models import Enterprise, OnboardingEvidence
from yidaitong.enterprises.queries import enterprise_of, masked
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

READ = "enterprise.read"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """Why a file is opened: the number of the case and what it is for."""

    case_number: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One enterprise by name, its representative masked, and the evidence of its onboarding."""

    enterprise: Enterprise
    rep_hint: str
    findings: list[OnboardingEvidence]


def open_file(uow: UnitOfWork, enterprise_id: UUID, command: OpenFile) -> File:
    """One enterprise by name; the look stands in its own log for good.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: there is no such enterprise.
    """
    uow.actor.require(READ)
    enterprise = enterprise_of(uow, enterprise_id)
    service.record(
        desk_of(uow),
        service.Event(
            type=service.EventType.ACCESS_VIEWED,
            ref=uuid7(),
            n=1,
            reason=command.case_number,
            members={"what": "enterprise", "purpose": command.purpose},
            evidence_id=enterprise.id,
            enterprise_id=enterprise.id,
        ),
    )
    audit.record(uow, "enterprise.view", object_type="enterprise", object_id=enterprise.id)
    return File(
        enterprise=enterprise,
        rep_hint=masked(enterprise.rep_name),
        findings=list(findings_of(uow, enterprise.id)),
    )
