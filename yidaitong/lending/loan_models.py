"""Tables of money: offers, reserved credit, loans and their events."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import Fen, UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7
from yidaitong.lending.kinds import HoldState, OfferState
from yidaitong.lending.lifecycle import LoanEventKind, LoanState

_BOTH = Rls(enterprise="enterprise_id", bank="bank_id", gov=True)


class Offer(Base, kw_only=True):
    """Terms a bank offers until ``ends_at``; ``digest`` covers them and is what the firm signs."""

    __tablename__ = "offer"
    __table_args__ = (
        Index("ix_offer_open", "ends_at", postgresql_where=text("state = 'OPEN'")),
        {"info": {"rls": _BOTH}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), unique=True)
    enterprise_id: Mapped[UUID] = mapped_column(index=True)
    bank_id: Mapped[str] = mapped_column(String(64))
    product_id: Mapped[str] = mapped_column(String(64))
    amount_fen: Mapped[Fen]
    rate_bp: Mapped[int]
    term_months: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[OfferState] = mapped_column(str_enum(OfferState))
    digest: Mapped[str] = mapped_column(String(43))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    accepted_by: Mapped[UUID | None] = mapped_column(default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class ExposureHold(Base, kw_only=True):
    """Credit reserved (额度占用) by an approval; null ``ends_at``: until disbursed or withdrawn."""

    __tablename__ = "exposure_hold"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        {"info": {"rls": _BOTH}},
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), primary_key=True)
    enterprise_id: Mapped[UUID] = mapped_column(index=True)
    bank_id: Mapped[str] = mapped_column(String(64))
    amount_fen: Mapped[Fen]
    state: Mapped[HoldState] = mapped_column(str_enum(HoldState))
    held_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class Loan(Base, kw_only=True):
    """One loan under one contract; everything after the terms is folded from its events.

    ``owner_person_id`` answers for it after the loan was made (贷后责任人). ``first_loan`` is the
    bank's word that the enterprise never had a bank loan before.
    """

    __tablename__ = "loan"
    __table_args__ = (
        CheckConstraint("balance_fen >= 0", name="balance"),
        CheckConstraint("disbursed_fen <= amount_fen", name="disbursed"),
        {"info": {"rls": _BOTH}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), unique=True)
    enterprise_id: Mapped[UUID] = mapped_column(index=True)
    bank_id: Mapped[str] = mapped_column(String(64), index=True)
    product_id: Mapped[str] = mapped_column(String(64))
    amount_fen: Mapped[Fen]
    rate_bp: Mapped[int]
    term_months: Mapped[int] = mapped_column(SmallInteger)
    contracted_on: Mapped[date]
    owner_person_id: Mapped[UUID | None]
    first_loan: Mapped[bool]
    state: Mapped[LoanState] = mapped_column(str_enum(LoanState))
    disbursed_fen: Mapped[Fen] = mapped_column(default=0)
    balance_fen: Mapped[Fen] = mapped_column(default=0)
    disbursed_on: Mapped[date | None] = mapped_column(default=None)
    due_on: Mapped[date | None] = mapped_column(default=None)
    risk_class: Mapped[int] = mapped_column(SmallInteger, default=1)
    overdue_days: Mapped[int] = mapped_column(default=0)
    # The bank's class is milder than the days overdue demand.
    class_flagged: Mapped[bool] = mapped_column(default=False)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class LoanEventRow(Base, kw_only=True):
    """One reported event, for ever; ``amount_fen`` is principal. Corrected by REVERSE only."""

    __tablename__ = "loan_event"
    __table_args__ = (
        UniqueConstraint("bank_id", "serial"),
        Index("ix_loan_event_loan_id", "loan_id", "business_date", "seq"),
        Index("ix_loan_event_kind_date", "kind", "business_date"),
        {"info": {"append_only": True, "rls": _BOTH}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    seq: Mapped[int] = mapped_column(Identity(), init=False, unique=True)
    bank_id: Mapped[str] = mapped_column(String(64))
    serial: Mapped[str] = mapped_column(String(64))
    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loan.id"))
    enterprise_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[LoanEventKind] = mapped_column(str_enum(LoanEventKind))
    business_date: Mapped[date]
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    content_sha256: Mapped[str] = mapped_column(String(43))
    amount_fen: Mapped[Fen] = mapped_column(default=0)
    interest_fen: Mapped[Fen] = mapped_column(default=0)
    penalty_fen: Mapped[Fen] = mapped_column(default=0)
    days: Mapped[int | None] = mapped_column(default=None)
    risk_class: Mapped[int | None] = mapped_column(SmallInteger, default=None)
    due_on: Mapped[date | None] = mapped_column(default=None)
    # A REVERSE names what it undoes; once only.
    reverses_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("loan_event.id"), unique=True, default=None
    )
    maker_person_id: Mapped[UUID | None] = mapped_column(default=None)
    checker_person_id: Mapped[UUID | None] = mapped_column(default=None)
