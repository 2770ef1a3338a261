"""Tables of lending: applications, evaluations, commands, decisions; and those of money."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.actor import Realm
from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import Fen, UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7
from yidaitong.lending.kinds import CommandKind, CommandState, Outcome
from yidaitong.lending.lifecycle import ApplicationEvent, ApplicationState
from yidaitong.lending.loan_models import ExposureHold, Loan, LoanEventRow, Offer

__all__ = [
    "Application",
    "ApplicationStep",
    "Decision",
    "Evaluation",
    "EvaluationPart",
    "ExposureHold",
    "Loan",
    "LoanEventRow",
    "Offer",
    "PendingCommand",
]

_BOTH = Rls(enterprise="enterprise_id", bank="bank_id", gov=True)
_BANK = Rls(bank="bank_id", gov=True)


class Application(Base, kw_only=True):
    """One enterprise's application for one product of one bank.

    The applicant's name, code and class are the registry's when it applied; ``uscc`` is null for an
    individual business, whose code is its owner's personal information. ``product_version`` is the
    version consented to and effective at submission. ``maker_person_id`` is whoever took the case.
    """

    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("term_months BETWEEN 1 AND 120", name="term"),
        Index("ix_application_bank_state", "bank_id", "state"),
        {"info": {"rls": _BOTH}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    enterprise_id: Mapped[UUID] = mapped_column(ForeignKey("enterprise.id"), index=True)
    bank_id: Mapped[str] = mapped_column(String(64))
    product_id: Mapped[str] = mapped_column(String(64))
    product_version: Mapped[int]
    state: Mapped[ApplicationState] = mapped_column(str_enum(ApplicationState))
    amount_fen: Mapped[Fen]
    term_months: Mapped[int] = mapped_column(SmallInteger)
    applicant_name: Mapped[str] = mapped_column(String(100))
    uscc: Mapped[str | None] = mapped_column(String(18), default=None)
    district: Mapped[str | None] = mapped_column(String(6), default=None)
    industry: Mapped[str | None] = mapped_column(String(5), default=None)
    size: Mapped[str | None] = mapped_column(String(2), default=None)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True, default=None)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True, default=None)
    approved_fen: Mapped[Fen | None] = mapped_column(default=None)
    maker_person_id: Mapped[UUID | None] = mapped_column(default=None)
    # The newest evaluation; null until every pull of the application has ended.
    evaluation_id: Mapped[UUID | None] = mapped_column(default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class ApplicationStep(Base, kw_only=True):
    """One edge of an application's life: when, and by whom of which side."""

    __tablename__ = "application_step"
    __table_args__ = (
        Index("ix_application_step_application_id", "application_id", "seq"),
        {"info": {"append_only": True, "rls": _BOTH}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    seq: Mapped[int] = mapped_column(Identity(), init=False)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str] = mapped_column(String(64))
    event: Mapped[ApplicationEvent] = mapped_column(str_enum(ApplicationEvent))
    state: Mapped[ApplicationState] = mapped_column(str_enum(ApplicationState))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    realm: Mapped[Realm] = mapped_column(str_enum(Realm))
    person_id: Mapped[UUID | None]
    # Words of one side to the other (a question, an answer), sealed under the enterprise's key.
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None, repr=False)


class Evaluation(Base, kw_only=True):
    """What the product's policy said, once per set of packets; facts and trace are in its parts.

    ``input_sha256`` covers policy, packets and application; ``record_sha256`` the canonical record
    with its trace, so that a replay can be compared byte for byte. ``limit_fen`` of a REFER is
    indicative and the bank's alone.
    """

    __tablename__ = "evaluation"
    __table_args__ = (
        UniqueConstraint("application_id", "input_sha256"),
        {"info": {"append_only": True, "rls": _BOTH}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    engine: Mapped[str] = mapped_column(String(32))
    product_version: Mapped[int]
    policy_sha256: Mapped[str] = mapped_column(String(64))
    packets: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    result: Mapped[str] = mapped_column(String(16))
    main_reason: Mapped[str | None] = mapped_column(String(64))
    reasons: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    limit_fen: Mapped[Fen | None]
    rate_bp: Mapped[int | None]
    exposure_fen: Mapped[Fen]
    input_sha256: Mapped[str] = mapped_column(String(43))
    record_sha256: Mapped[str] = mapped_column(String(43))


class EvaluationPart(Base, kw_only=True):
    """Facts and trace that came under one consent, sealed under its data key: they die with it.

    ``main`` is the part of the enterprise's consent; without it nothing can be approved. Without
    the representative's own part a person has to look.
    """

    __tablename__ = "evaluation_part"
    __table_args__ = ({"info": {"append_only": True, "rls": _BOTH}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluation.id"), index=True)
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str] = mapped_column(String(64))
    chain_id: Mapped[UUID]
    main: Mapped[bool]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, repr=False)


class PendingCommand(Base, kw_only=True):
    """What one person submitted and another has to confirm, byte for byte.

    ``sha256`` is the hash of the exact JSON in ``sealed``; the checker signs that hash. Rows stay:
    a rejection keeps its reason.
    """

    __tablename__ = "pending_command"
    __table_args__ = (
        Index(
            "uq_pending_command_awaiting",
            "application_id",
            unique=True,
            postgresql_where=text("state = 'AWAITING'"),
        ),
        CheckConstraint("checker_person_id <> maker_person_id", name="four_eyes"),
        {"info": {"rls": _BANK}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[CommandKind] = mapped_column(str_enum(CommandKind))
    state: Mapped[CommandState] = mapped_column(str_enum(CommandState))
    maker_person_id: Mapped[UUID]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    sha256: Mapped[str] = mapped_column(String(43))
    checker_person_id: Mapped[UUID | None] = mapped_column(default=None)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    check_note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None, repr=False)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class Decision(Base, kw_only=True):
    """One final decision: terms or reason codes, and whose four eyes saw it.

    A refusal by the policy's own rules (screening) has a maker only and no command.
    """

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("outcome = 'APPROVE' OR cardinality(reasons) > 0", name="reasons"),
        CheckConstraint("checker_person_id <> maker_person_id", name="four_eyes"),
        {"info": {"append_only": True, "rls": _BOTH}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), unique=True)
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[Outcome] = mapped_column(str_enum(Outcome))
    reasons: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    amount_fen: Mapped[Fen | None]
    rate_bp: Mapped[int | None]
    term_months: Mapped[int | None]
    maker_person_id: Mapped[UUID]
    checker_person_id: Mapped[UUID | None]
    command_sha256: Mapped[str | None] = mapped_column(String(43))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
