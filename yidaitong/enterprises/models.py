"""Tables of enterprises: who they are, who may act for them, the evidence of onboarding."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.mandate_lifecycle import MandateState
from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7

_LIVING = "state IN ('ACTIVE', 'SUSPENDED')"


class Enterprise(Base, kw_only=True):
    """One enterprise, or one attempt to register it.

    ``uscc`` is public for a firm and kept in clear; the code of an individual business (92…) is its
    owner's personal information: then it is null and ``uscc_sealed`` holds it. Search by
    ``uscc_index``. ``name``, ``district``, ``industry``, ``size`` and ``rep_name`` are the
    registry's once the registry matched. ``resume_sha256`` proves who started the registration.
    """

    __tablename__ = "enterprise"
    __table_args__ = (
        CheckConstraint("quorum >= 1", name="quorum"),
        Index(
            "uq_enterprise_registered",
            "uscc_index",
            unique=True,
            postgresql_where=text("state IN ('ACTIVE', 'SUSPENDED')"),
        ),
        {"info": {"rls": Rls(enterprise="id", gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    state: Mapped[EnterpriseState] = mapped_column(str_enum(EnterpriseState), index=True)
    uscc: Mapped[str | None] = mapped_column(String(18), default=None)
    uscc_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    uscc_index: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)
    name: Mapped[str] = mapped_column(String(100))
    district: Mapped[str | None] = mapped_column(String(6), default=None)
    industry: Mapped[str | None] = mapped_column(String(5), default=None)
    size: Mapped[str | None] = mapped_column(String(2), default=None)
    rep_name: Mapped[str | None] = mapped_column(String(50), default=None)
    rep_person_id: Mapped[UUID | None] = mapped_column(default=None)
    # What the provider confirmed, kept until the account is opened: name, number, mobile.
    rep_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    resume_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True, default=None)
    # How many of those who may sign must: any one stops, so many widen.
    quorum: Mapped[int] = mapped_column(default=1)
    # Counts what the log says about who may act: quorum and representative.
    standing_n: Mapped[int] = mapped_column(default=0)
    # Since when nobody represents it: the registry named somebody who is not verified yet.
    review_since: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    # When the registry was last asked.
    watched_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True, default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class OnboardingStep(StrEnum):
    """One checked step of onboarding."""

    # Wire format: append only.
    CODE = "CODE"
    REGISTRY = "REGISTRY"
    REPRESENTATIVE = "REPRESENTATIVE"


class OnboardingEvidence(Base, kw_only=True):
    """What one step found, for ever; no face image, no ID number.

    ``response_ref`` is the serial of the registry's or the provider's answer, ``as_of`` the date
    the answer was true, ``rule_version`` the version of the rule applied, ``result`` a code.
    """

    __tablename__ = "onboarding_evidence"
    __table_args__ = (
        {"info": {"rls": Rls(enterprise="enterprise_id", gov=True), "append_only": True}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    enterprise_id: Mapped[UUID] = mapped_column(ForeignKey("enterprise.id"), index=True)
    step: Mapped[OnboardingStep] = mapped_column(str_enum(OnboardingStep))
    result: Mapped[str] = mapped_column(String(32))
    rule_version: Mapped[int]
    response_ref: Mapped[str | None] = mapped_column(String(128), default=None)
    response_sha256: Mapped[str | None] = mapped_column(String(64), default=None)
    as_of: Mapped[date | None] = mapped_column(default=None)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class VerificationTries(Base, kw_only=True):
    """Unsuccessful and running tries of one firm or one person on one business date.

    ``key`` is a blind index of the credit code or of the ID number, so no scope is needed.
    """

    __tablename__ = "verification_tries"
    __table_args__ = (UniqueConstraint("key", "on_date"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    key: Mapped[bytes] = mapped_column(LargeBinary(16))
    on_date: Mapped[date]
    tries: Mapped[int] = mapped_column(default=0)


class Mandate(Base, kw_only=True):
    """An agent's right to act for an enterprise, given by its representative for a time.

    ``n`` counts edges; ``suspended_at`` is set while it waits for a new representative.
    """

    __tablename__ = "mandate"
    __table_args__ = (
        CheckConstraint("ends_at > granted_at", name="term"),
        Index("ix_mandate_ends_at", "ends_at", postgresql_where=text(_LIVING)),
        # One person holds one living mandate of an enterprise.
        Index(
            "uq_mandate_living",
            "enterprise_id",
            "person_id",
            unique=True,
            postgresql_where=text(_LIVING),
        ),
        {"info": {"rls": Rls(enterprise="enterprise_id", gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    enterprise_id: Mapped[UUID] = mapped_column(ForeignKey("enterprise.id"), index=True)
    person_id: Mapped[UUID]
    rights: Mapped[list[str]] = mapped_column(JSONB)
    state: Mapped[MandateState] = mapped_column(str_enum(MandateState))
    granted_by: Mapped[UUID]
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    n: Mapped[int] = mapped_column(default=1)
    evidence_sha256: Mapped[str | None] = mapped_column(String(43), default=None)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class MandateInvitation(Base, kw_only=True):
    """A mandate the representative offers; it begins when the invited person proves who they are.

    ``name`` (sealed) is whom the representative means; ``code_sha256`` proves the invitation.
    """

    __tablename__ = "mandate_invitation"
    __table_args__ = ({"info": {"rls": Rls(enterprise="enterprise_id", gov=True)}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    enterprise_id: Mapped[UUID] = mapped_column(ForeignKey("enterprise.id"), index=True)
    rights: Mapped[list[str]] = mapped_column(JSONB)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    invited_by: Mapped[UUID]
    invited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    digest: Mapped[str] = mapped_column(String(43))
    evidence: Mapped[str] = mapped_column(String(128))
    code_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    mandate_id: Mapped[UUID | None] = mapped_column(default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class QuorumChange(Base, kw_only=True):
    """A lower quorum somebody proposes: the present quorum must agree. One open at a time."""

    __tablename__ = "quorum_change"
    __table_args__ = (
        Index(
            "uq_quorum_change_open",
            "enterprise_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        {"info": {"rls": Rls(enterprise="enterprise_id", gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    enterprise_id: Mapped[UUID] = mapped_column(ForeignKey("enterprise.id"))
    m: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class QuorumApproval(Base, kw_only=True):
    """One person's agreement to a lower quorum; ``evidence`` names the proof of identity."""

    __tablename__ = "quorum_approval"
    __table_args__ = (
        {"info": {"rls": Rls(enterprise="enterprise_id", gov=True), "append_only": True}},
    )

    change_id: Mapped[UUID] = mapped_column(ForeignKey("quorum_change.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    enterprise_id: Mapped[UUID]
    evidence: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
