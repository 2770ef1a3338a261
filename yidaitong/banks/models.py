"""Tables of the banks: the bank, its agreement with the centre, its public keys."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.text import Text


# Wire format: append only.
class AgreementState(StrEnum):
    """Where an agreement stands; only an ACTIVE one inside its dates accredits a bank."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    ENDED = "ENDED"


# Wire format: append only.
class KeyPurpose(StrEnum):
    """What a key is for: packets are encrypted to ``enc``, receipts are signed by ``ack``."""

    ENC = "enc"
    ACK = "ack"


# Wire format: append only.
class KeyState(StrEnum):
    """Where a key stands; only an ACTIVE one is used for anything new."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"
    REVOKED = "REVOKED"
    REFUSED = "REFUSED"


class Bank(Base, kw_only=True):
    """One bank; everybody may read who takes part."""

    __tablename__ = "bank"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    contact: Mapped[str] = mapped_column(String(100))
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def name(self) -> Text:
        """The bank's name."""
        return Text(self.name_zh, self.name_en)


class BankAgreement(Base, kw_only=True):
    """One agreement of a bank with the centre, valid from ``starts_on`` to ``ends_on`` included."""

    __tablename__ = "bank_agreement"
    __table_args__ = (
        Index(
            "uq_bank_agreement_active",
            "bank_id",
            unique=True,
            postgresql_where=text("state = 'ACTIVE'"),
        ),
        {"info": {"rls": Rls(bank="bank_id", gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    bank_id: Mapped[str] = mapped_column(ForeignKey("bank.id"), index=True)
    state: Mapped[AgreementState] = mapped_column(
        str_enum(AgreementState), default=AgreementState.PROPOSED
    )
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    maker_person_id: Mapped[UUID | None]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checker_person_id: Mapped[UUID | None] = mapped_column(default=None)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class BankKey(Base, kw_only=True):
    """One public key of a bank; ``kid`` is its RFC 7638 thumbprint, ``jwk`` holds nothing more."""

    __tablename__ = "bank_key"
    __table_args__ = (
        UniqueConstraint("kid"),
        # Packets go to one key: two would be a choice nobody made.
        Index(
            "uq_bank_key_active_enc",
            "bank_id",
            unique=True,
            postgresql_where=text("state = 'ACTIVE' AND use = 'enc'"),
        ),
        {"info": {"rls": Rls(bank="bank_id", gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    bank_id: Mapped[str] = mapped_column(ForeignKey("bank.id"), index=True)
    kid: Mapped[str] = mapped_column(String(64))
    use: Mapped[KeyPurpose] = mapped_column(str_enum(KeyPurpose))
    jwk: Mapped[dict[str, str]] = mapped_column(JSONB)
    state: Mapped[KeyState] = mapped_column(str_enum(KeyState), default=KeyState.PROPOSED)
    maker_person_id: Mapped[UUID | None]
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checker_person_id: Mapped[UUID | None] = mapped_column(default=None)
    from_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it
