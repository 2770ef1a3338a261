"""Writing and reading the evidence of onboarding."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from yidaitong.enterprises.models import OnboardingEvidence, OnboardingStep
from yidaitong.kernel.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one step found; see :class:`OnboardingEvidence`."""

    step: OnboardingStep
    result: str
    rule_version: int
    response_ref: str | None = None
    response_sha256: str | None = None
    as_of: date | None = None


def record_finding(uow: UnitOfWork, enterprise_id: UUID, finding: Finding) -> None:
    """Keep one finding for ever."""
    uow.session.add(
        OnboardingEvidence(
            enterprise_id=enterprise_id,
            step=finding.step,
            result=finding.result,
            rule_version=finding.rule_version,
            response_ref=finding.response_ref,
            response_sha256=finding.response_sha256,
            as_of=finding.as_of,
            at=uow.now,
        )
    )


def findings_of(uow: UnitOfWork, enterprise_id: UUID) -> list[OnboardingEvidence]:
    """All findings about one enterprise, oldest first; row security hides other people's."""
    return list(
        uow.session.scalars(
            select(OnboardingEvidence)
            .where(OnboardingEvidence.enterprise_id == enterprise_id)
            .order_by(OnboardingEvidence.at, OnboardingEvidence.id)
        )
    )
