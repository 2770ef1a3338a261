"""Tables: the message to each receiver, how receivers do, callback addresses of banks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from consent.service import EventType
from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7
from yidaitong.notices.lifecycle import EndpointState, NoticeState, ReceiverKind


class Notice(Base, kw_only=True):
    """One message about one act to one receiver; ``jws`` is what is sent, the same each time.

    ``receiver`` is the code of the bank or department, or the enterprise's id. ``n`` counts events
    (the version in the log), ``attempts`` the deliveries tried. ``person_id`` is set where the
    principal is a natural person.
    """

    __tablename__ = "notice"
    __table_args__ = (
        # One notice an act and receiver: a repeated promise finds the first.
        UniqueConstraint("event_id", "receiver"),
        Index("ix_notice_chain_id", "chain_id"),
        Index("ix_notice_receiver", "receiver", "id"),
        Index("ix_notice_bank_id", "bank_id", "id"),
        Index("ix_notice_enterprise_id", "enterprise_id", "id"),
        Index(
            "ix_notice_unanswered",
            "escalate_at",
            postgresql_where=text("state IN ('PENDING', 'SENT')"),
        ),
        Index("ix_notice_escalated", "id", postgresql_where=text("state = 'ESCALATED'")),
        {"info": {"rls": Rls(enterprise="enterprise_id", bank="bank_id", gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    receiver: Mapped[str] = mapped_column(String(64))
    kind: Mapped[ReceiverKind] = mapped_column(str_enum(ReceiverKind))
    act: Mapped[str] = mapped_column(String(64))
    event_id: Mapped[UUID]
    entry_id: Mapped[int] = mapped_column(BigInteger)
    chain_id: Mapped[UUID]
    consent_id: Mapped[UUID]
    digest: Mapped[str] = mapped_column(String(43))
    enterprise_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    bank_id: Mapped[str | None] = mapped_column(String(64))
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    escalate_at: Mapped[datetime] = mapped_column(UtcDateTime)
    must_ack: Mapped[bool]
    jws: Mapped[str] = mapped_column(repr=False)
    sha256: Mapped[str] = mapped_column(String(43), unique=True)
    state: Mapped[NoticeState] = mapped_column(str_enum(NoticeState), default=NoticeState.PENDING)
    n: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    problem: Mapped[str | None] = mapped_column(String(64), default=None)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    acked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    # The receiver's signed answer: a digest and ids, no data. Null where a person opened it.
    ack: Mapped[str | None] = mapped_column(default=None, deferred=True, repr=False)

    @property
    def words(self) -> EventType:
        """The act as a type of event."""
        return EventType(self.act)

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be sent."""
        return self.acked_at is not None or (self.sent_at is not None and not self.must_ack)


class NoticeReceiver(Base, kw_only=True):
    """How one receiver does: after a failure all its notices wait until ``not_before``."""

    __tablename__ = "notice_receiver"
    __table_args__ = ({"info": {"rls": Rls(gov=True)}},)

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    problem: Mapped[str | None] = mapped_column(String(64), default=None)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    reached_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class CallbackEndpoint(Base, kw_only=True):
    """The address a bank takes notices at; one person proposes it, another puts it into use."""

    __tablename__ = "callback_endpoint"
    __table_args__ = (
        Index("ix_callback_endpoint_bank_id", "bank_id"),
        # One address a bank: two would be a choice nobody made.
        Index(
            "uq_callback_endpoint_active",
            "bank_id",
            unique=True,
            postgresql_where=text("state = 'ACTIVE'"),
        ),
        {"info": {"rls": Rls(bank="bank_id", gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    bank_id: Mapped[str] = mapped_column(ForeignKey("bank.id"))
    url: Mapped[str] = mapped_column(String(300))
    state: Mapped[EndpointState] = mapped_column(
        str_enum(EndpointState), default=EndpointState.PROPOSED
    )
    maker_person_id: Mapped[UUID | None]
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checker_person_id: Mapped[UUID | None] = mapped_column(default=None)
    from_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it
