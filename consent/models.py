"""Tables of requests, consents, their events and receipts (schema ``consent``).

No foreign key leads outwards and nothing here is ever deleted: the log outlives rows. What only
evidence may show (texts, names, reasons) is sealed; ids, states and times stand plain.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    String,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from consent.lifecycle import ConsentState, Facts, RequestState

SCHEMA = "consent"
_PARTIES: dict[str, Any] = {"enterprise": "enterprise_id", "bank": "bank_id", "gov": True}
_PRINCIPAL: dict[str, Any] = {"enterprise": "enterprise_id", "gov": True}


def _kept(rls: dict[str, Any]) -> dict[str, Any]:
    return {"schema": SCHEMA, "info": {"rls": rls}}


def _evidence(rls: dict[str, Any]) -> dict[str, Any]:
    return {"schema": SCHEMA, "info": {"append_only": True, "rls": rls}}


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Typed rows of this package alone."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Instant(TypeDecorator[datetime]):
    """``timestamptz`` that takes aware times only and gives UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: they would be read in the server's zone."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError("naive datetime")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Times leave as UTC whatever the session's zone is."""
        del dialect
        return None if value is None else value.astimezone(UTC)


def _enum(kind: type[StrEnum], name: str) -> Enum:
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
        name=name,
    )


class ReceiptType(StrEnum):
    """What a receipt confirms. Wire format: append only."""

    GRANT = "GRANT"
    AMEND = "AMEND"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    SUSPEND = "SUSPEND"
    REINSTATE = "REINSTATE"
    REVOKE = "REVOKE"
    EXPIRE = "EXPIRE"
    VOID = "VOID"
    RELEASE = "RELEASE"
    ERASURE = "ERASURE"


class ConsentRequest(Base):
    """What is asked. ``body`` (sealed) becomes the artefact's body, byte for byte, when granted.

    ``person_id`` is set where the principal is a natural person. ``bank_id`` is null where the
    enterprise itself is the recipient. ``requester`` is the organisation that asked; ``supersedes``
    names the version an amendment replaces. ``version`` counts edges; ``round`` counts the sets of
    signatures (narrowing starts a new one). ``m`` signatures grant.
    """

    __tablename__ = "request"
    __table_args__ = (
        Index(
            "uq_request_open",
            "enterprise_id",
            "person_id",
            "bank_id",
            "purpose",
            "product_id",
            unique=True,
            postgresql_where=text("state IN ('REQUESTED', 'PARTIALLY_SIGNED')"),
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("m >= 1", name="quorum"),
        Index("ix_request_lapses_at", "lapses_at", postgresql_where=text("state <> 'GRANTED'")),
        Index("ix_request_enterprise_id", "enterprise_id"),
        Index("ix_request_application_id", "application_id"),
        _kept(_PARTIES),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consent_id: Mapped[UUID] = mapped_column(unique=True)
    chain_id: Mapped[UUID]
    enterprise_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    bank_id: Mapped[str | None] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(32))
    product_id: Mapped[str] = mapped_column(String(64))
    application_id: Mapped[UUID | None]
    companion_of: Mapped[UUID | None]
    supersedes: Mapped[UUID | None]
    requester: Mapped[str] = mapped_column(String(64))
    state: Mapped[RequestState] = mapped_column(_enum(RequestState, "request_state"))
    version: Mapped[int]
    m: Mapped[int] = mapped_column(SmallInteger)
    digest: Mapped[str] = mapped_column(String(43))
    rendered_sha256: Mapped[str] = mapped_column(String(43))
    made_at: Mapped[datetime] = mapped_column(Instant)
    lapses_at: Mapped[datetime] = mapped_column(Instant)
    sealed: Mapped[bytes]
    round: Mapped[int] = mapped_column(SmallInteger, default=1)
    closed_at: Mapped[datetime | None] = mapped_column(Instant, default=None)


class RequestSignature(Base):
    """One person's signature over one draft; ``evidence`` names the proof of identity used."""

    __tablename__ = "request_signature"
    __table_args__ = (_evidence(_PRINCIPAL),)

    request_id: Mapped[UUID] = mapped_column(ForeignKey(ConsentRequest.id), primary_key=True)
    round: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    enterprise_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(String(32))
    mandate_id: Mapped[UUID | None]
    auth_level: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[str] = mapped_column(String(128))
    digest: Mapped[str] = mapped_column(String(43))
    signed_at: Mapped[datetime] = mapped_column(Instant)
    jws: Mapped[str]


class Chain(Base):
    """The lock row of a consent and its amendments: state, epoch and the facts behind them.

    Whoever decides about a consent locks this row first. ``state`` is what was recorded last;
    what holds now is computed. ``anchor_at`` is the start of the first version: windows of calls
    count from it. ``use_ended_at``: since then what the bank holds may not be used.
    """

    __tablename__ = "chain"
    __table_args__ = (
        CheckConstraint("epoch >= 1", name="epoch"),
        Index("ix_chain_enterprise_id", "enterprise_id"),
        Index("ix_chain_bank_id", "bank_id"),
        Index("ix_chain_application_id", "application_id"),
        Index("ix_chain_companion_of", "companion_of"),
        Index("ix_chain_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        _kept(_PARTIES),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    state: Mapped[ConsentState] = mapped_column(_enum(ConsentState, "consent_state"))
    enterprise_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    bank_id: Mapped[str | None] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(32))
    product_id: Mapped[str] = mapped_column(String(64))
    application_id: Mapped[UUID | None]
    companion_of: Mapped[UUID | None]
    m: Mapped[int] = mapped_column(SmallInteger)
    consent_id: Mapped[UUID]
    digest: Mapped[str] = mapped_column(String(43))
    anchor_at: Mapped[datetime] = mapped_column(Instant)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    end_cause: Mapped[str] = mapped_column(String(32), default="TIME")
    due_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    paused: Mapped[bool] = mapped_column(default=False)
    paused_by: Mapped[UUID | None] = mapped_column(default=None)
    resumes_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    suspended: Mapped[bool] = mapped_column(default=False)
    suspended_reason: Mapped[str | None] = mapped_column(String(32), default=None)
    use_frozen: Mapped[bool] = mapped_column(default=False)
    use_ended_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    superseded_by: Mapped[UUID | None] = mapped_column(default=None)
    void_found_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    renew_offered_at: Mapped[datetime | None] = mapped_column(Instant, default=None)

    @property
    def facts(self) -> Facts:
        """What the state is computed from."""
        return Facts(
            recorded=self.state,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            paused=self.paused,
            resumes_at=self.resumes_at,
            suspended=self.suspended,
        )


class ConsentRow(Base):
    """One version of a consent artefact; ``sealed`` is the artefact text, a compact JWS."""

    __tablename__ = "consent"
    __table_args__ = (
        UniqueConstraint("chain_id", "version"),
        _evidence(_PARTIES),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    chain_id: Mapped[UUID]
    version: Mapped[int]
    request_id: Mapped[UUID] = mapped_column(unique=True)
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(43))
    artefact_sha256: Mapped[str] = mapped_column(String(43), unique=True)
    granted_at: Mapped[datetime] = mapped_column(Instant)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    ends_on: Mapped[str] = mapped_column(String(128))
    sealed: Mapped[bytes]


class EventRow(Base):
    """One recorded act: what its leaf says openly, and the sealed salt and event behind it.

    ``entry_id`` is its place in the log's queue: within a chain, order of entry ids is the order
    of acts. Never order by time.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("type", "ref", "n"),
        Index("ix_event_chain_id", "chain_id"),
        Index("ix_event_ref", "ref"),
        _evidence(_PARTIES),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    type: Mapped[str] = mapped_column(String(64))
    ref: Mapped[UUID]
    n: Mapped[int]
    chain_id: Mapped[UUID | None]
    evidence_id: Mapped[UUID]
    enterprise_id: Mapped[UUID | None]
    bank_id: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)
    sealed: Mapped[bytes]


class Receipt(Base):
    """One issued receipt (sealed JSON); issued again once its leaf is proved."""

    __tablename__ = "receipt"
    __table_args__ = (
        Index("ix_receipt_chain_id", "chain_id"),
        Index("ix_receipt_event_id", "event_id"),
        _evidence(_PARTIES),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    chain_id: Mapped[UUID]
    consent_id: Mapped[UUID]
    event_id: Mapped[UUID] = mapped_column(ForeignKey(EventRow.id))
    type: Mapped[ReceiptType] = mapped_column(_enum(ReceiptType, "receipt_type"))
    view_for: Mapped[str] = mapped_column(String(16))
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str | None] = mapped_column(String(64))
    proved: Mapped[bool]
    previous_id: Mapped[UUID | None]
    issued_at: Mapped[datetime] = mapped_column(Instant)
    sealed: Mapped[bytes]
