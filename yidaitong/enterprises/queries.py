"""Reading enterprises: progress of a registration, one's own profile, lists for the centre."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from yidaitong.enterprises.evidence import findings_of
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.models import Enterprise, OnboardingStep
from yidaitong.enterprises.uscc import uscc_of
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom departments are asked about."""

    enterprise_id: UUID
    uscc: str
    name: str
    rep_name: str | None
    rep_person_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a registration stands; ``registry`` and ``representative`` are the last results.

    ``rep_hint`` is the registered representative's family name with the rest masked.
    """

    enterprise_id: UUID
    state: EnterpriseState
    uscc: str
    name: str
    district: str | None
    industry: str | None
    size: str | None
    rep_hint: str
    registry: str | None
    representative: str | None


def masked(name: str | None) -> str:
    """A person's name with all but the first sign hidden."""
    return "" if not name else name[0] + "*" * (len(name) - 1)


def progress_of(uow: UnitOfWork, enterprise: Enterprise) -> Progress:
    """Where the registration of ``enterprise`` stands."""
    results = {finding.step: finding.result for finding in findings_of(uow, enterprise.id)}
    return Progress(
        enterprise_id=enterprise.id,
        state=enterprise.state,
        uscc=uscc_of(uow, enterprise),
        name=enterprise.name,
        district=enterprise.district,
        industry=enterprise.industry,
        size=enterprise.size,
        rep_hint=masked(enterprise.rep_name),
        registry=results.get(OnboardingStep.REGISTRY),
        representative=results.get(OnboardingStep.REPRESENTATIVE),
    )


def enterprise_of(uow: UnitOfWork, enterprise_id: UUID) -> Enterprise:
    """One enterprise the actor may see.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    enterprise = uow.session.scalar(select(Enterprise).where(Enterprise.id == enterprise_id))
    if enterprise is None:
        raise NotFoundError(f"enterprise {enterprise_id}")
    return enterprise


def subject_of(uow: UnitOfWork, enterprise_id: UUID) -> Subject:
    """Whom departments are asked about, with the credit code in clear.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    enterprise = enterprise_of(uow, enterprise_id)
    return Subject(
        enterprise_id=enterprise.id,
        uscc=uscc_of(uow, enterprise),
        name=enterprise.name,
        rep_name=enterprise.rep_name,
        rep_person_id=enterprise.rep_person_id,
    )


def registered(uow: UnitOfWork, after: UUID | None = None, limit: int = 20) -> list[Enterprise]:
    """Registered enterprises the actor may see, newest first; ``after`` is the last id seen."""
    query = select(Enterprise).where(Enterprise.registered_at.is_not(None))
    if after is not None:
        query = query.where(Enterprise.id < after)
    return list(uow.session.scalars(query.order_by(Enterprise.id.desc()).limit(limit)))


def indexes_of(uow: UnitOfWork, enterprise_ids: Collection[UUID]) -> Mapping[UUID, bytes]:
    """Blind indexes of the codes of some enterprises: what their pseudonyms are made of."""
    rows = uow.session.execute(
        select(Enterprise.id, Enterprise.uscc_index).where(Enterprise.id.in_(enterprise_ids))
    )
    return {row.id: row.uscc_index for row in rows}
