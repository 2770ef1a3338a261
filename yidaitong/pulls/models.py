"""Tables of pulls: the request, its lines, the slots it took."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.departments.answers import Outcome
from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7
from yidaitong.pulls.lifecycle import LineStatus, PullState

_PARTIES = {"info": {"rls": Rls(enterprise="enterprise_id", bank="bank_id", gov=True)}}


class Pull(Base, kw_only=True):
    """One data request under one consent.

    ``n`` counts its events. ``epoch`` is the consent's as last evaluated. ``held`` names why lines
    wait (PAUSED, SUSPENDED), None while they go on. ``client`` and ``idempotency_key`` make a
    repeated request the same pull; a refusal that may pass keeps no key. What is not released
    by ``expires_at`` has failed. ``person_id`` is set where the principal is a natural person. No
    foreign key leads to the consent: it would be a share lock on its row.
    """

    __tablename__ = "pull"
    __table_args__ = (
        UniqueConstraint("client", "idempotency_key"),
        Index("ix_pull_chain_id", "chain_id"),
        Index("ix_pull_application_id", "application_id"),
        Index("ix_pull_bank_id", "bank_id", "id"),
        Index("ix_pull_enterprise_id", "enterprise_id", "id"),
        Index(
            "ix_pull_unreleased",
            "expires_at",
            postgresql_where=text("state IN ('AUTHORISED', 'COLLECTING', 'SEALED')"),
        ),
        _PARTIES,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    chain_id: Mapped[UUID]
    consent_id: Mapped[UUID]
    digest: Mapped[str] = mapped_column(String(43))
    epoch: Mapped[int]
    enterprise_id: Mapped[UUID]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    bank_id: Mapped[str | None] = mapped_column(String(64))
    application_id: Mapped[UUID | None]
    purpose: Mapped[str] = mapped_column(String(32))
    product_id: Mapped[str] = mapped_column(String(64))
    operator_id: Mapped[UUID | None] = mapped_column(default=None)
    client: Mapped[str] = mapped_column(String(64))
    idempotency_key: Mapped[str | None] = mapped_column(String(128))
    body_sha256: Mapped[str] = mapped_column(String(43))
    state: Mapped[PullState] = mapped_column(str_enum(PullState))
    n: Mapped[int] = mapped_column(default=1)
    held: Mapped[str | None] = mapped_column(String(16), default=None)
    code: Mapped[str | None] = mapped_column(String(32), default=None)
    cause: Mapped[str | None] = mapped_column(String(32), default=None)
    manifest_sha256: Mapped[str | None] = mapped_column(String(43), default=None)
    complete: Mapped[bool | None] = mapped_column(default=None)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class PullLine(Base, kw_only=True):
    """One resource of one pull: asked for under a lease, closed once.

    ``attempt`` is the fence: an answer to an older attempt changes nothing. ``end_by`` is when the
    newest ticket ends, so nothing of the attempt can be answered later. ``answer_sealed`` holds
    the department's signed answer under the data key of the consent.
    """

    __tablename__ = "pull_line"
    __table_args__ = (
        UniqueConstraint("pull_id", "resource"),
        CheckConstraint("attempt >= 0", name="attempt"),
        Index("ix_pull_line_open", "chain_id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_pull_line_leased", "resource", postgresql_where=text("leased_until IS NOT NULL")),
        _PARTIES,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    pull_id: Mapped[UUID] = mapped_column(ForeignKey("pull.id"))
    chain_id: Mapped[UUID]
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str | None] = mapped_column(String(64))
    resource: Mapped[str] = mapped_column(String(32))
    from_on: Mapped[str | None] = mapped_column(String(10), default=None)
    to_on: Mapped[str | None] = mapped_column(String(10), default=None)
    status: Mapped[LineStatus] = mapped_column(str_enum(LineStatus), default=LineStatus.PENDING)
    outcome: Mapped[Outcome | None] = mapped_column(str_enum(Outcome), default=None)
    why: Mapped[str | None] = mapped_column(String(32), default=None)
    quality: Mapped[str | None] = mapped_column(String(16), default=None)
    attempt: Mapped[int] = mapped_column(SmallInteger, default=0)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    end_by: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    as_of: Mapped[date | None] = mapped_column(default=None)
    produced_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    row_count: Mapped[int | None] = mapped_column(default=None)
    request_sha256: Mapped[str | None] = mapped_column(String(43), default=None)
    answer_sha256: Mapped[str | None] = mapped_column(String(43), default=None)
    answer_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)


class PullSlot(Base, kw_only=True):
    """The right to one call of one resource in one window; the key is the limit.

    ``window_at`` is the start of the window, counted from the start of the chain's first version.
    A refunded slot is taken out again; its event stays.
    """

    __tablename__ = "pull_slot"
    __table_args__ = (
        CheckConstraint("ordinal >= 1", name="ordinal"),
        Index("ix_pull_slot_pull_id", "pull_id"),
        _PARTIES,
    )

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(String(32), primary_key=True)
    window_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    pull_id: Mapped[UUID]
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str | None] = mapped_column(String(64))
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
