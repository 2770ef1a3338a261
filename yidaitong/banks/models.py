"""Tables of the banks: agreements with the centre, public keys, machine clients, spent nonces."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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
    """What a key is for.

    Packets are encrypted to ``enc``, receipts are signed by ``ack``, calls to the API by ``msg``.
    """

    ENC = "enc"
    ACK = "ack"
    MSG = "msg"

    @property
    def text(self) -> Text:
        """The use in words for people."""
        return _USES[self]


_USES = {
    KeyPurpose.ENC: Text("数据包加密", "Packets are encrypted to it"),
    KeyPurpose.ACK: Text("回执签名", "Signs receipts and answers"),
    KeyPurpose.MSG: Text("接口报文签名", "Signs calls of the API"),
}


# Wire format: append only.
class KeyState(StrEnum):
    """Where a key stands; only an ACTIVE one is used for anything new."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"
    REVOKED = "REVOKED"
    REFUSED = "REFUSED"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _STATES[self.value]


# Wire format: append only.
class ClientState(StrEnum):
    """Where a machine client stands; only an ACTIVE one's tokens are worth anything."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REFUSED = "REFUSED"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _STATES[self.value]


_STATES = {
    "PROPOSED": Text("待复核", "Waits for the second person"),
    "ACTIVE": Text("使用中", "In use"),
    "RETIRED": Text("已换下", "Replaced"),
    "REVOKED": Text("已吊销", "Revoked"),
    "SUSPENDED": Text("已停用", "Suspended"),
    "REFUSED": Text("未通过", "Turned down"),
}


# Wire format: append only.
class NonceUse(StrEnum):
    """What was said once: the nonce of a signed message, the ``jti`` of a client's assertion."""

    MESSAGE = "MESSAGE"
    ASSERTION = "ASSERTION"


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


class ApiClient(Base, kw_only=True):
    """A machine of a bank: what it may do, and the one ``msg`` key it signs everything with.

    The key signs its assertions for a token and, afterwards, each of its calls.
    """

    __tablename__ = "api_client"
    __table_args__ = ({"info": {"rls": Rls(bank="bank_id", gov=True)}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    bank_id: Mapped[str] = mapped_column(ForeignKey("bank.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    permissions: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    kid: Mapped[str] = mapped_column(ForeignKey("bank_key.kid"))
    state: Mapped[ClientState] = mapped_column(str_enum(ClientState), default=ClientState.PROPOSED)
    maker_person_id: Mapped[UUID | None]
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checker_person_id: Mapped[UUID | None] = mapped_column(default=None)
    admitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class MessageNonce(Base, kw_only=True):
    """What was said once under a key; the primary key decides between two copies."""

    __tablename__ = "message_nonce"
    __table_args__ = ({"info": {"rls": Rls()}},)

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    use: Mapped[NonceUse] = mapped_column(str_enum(NonceUse), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
