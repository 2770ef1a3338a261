"""Tables of keys. Private parts and data keys rest wrapped under the key-encryption key."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, SmallInteger, String, Text, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.crypto.uses import DekKind, KeyUse
from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.types import UtcDateTime, str_enum

SUITE_INTL = 1  # The byte of a suite, as in sealed fields.


class SigningKey(Base):
    """One signing key; the active one of a use and suite has no ``retired_at``. Never deleted.

    ``kid`` is the RFC 7638 thumbprint of ``public`` (the raw Ed25519 or uncompressed SM2 point).
    """

    __tablename__ = "signing_key"
    __table_args__ = (
        Index(
            "uq_signing_key_active",
            "use",
            "alg",
            unique=True,
            postgresql_where=text("retired_at IS NULL"),
        ),
        # The sequencer's role signs heads; it reads keys and makes none.
        {"info": {"ledger_reads": True}},
    )

    kid: Mapped[str] = mapped_column(String(43), primary_key=True)
    use: Mapped[KeyUse] = mapped_column(str_enum(KeyUse))
    alg: Mapped[str] = mapped_column(String(16))
    public: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    kek_ver: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=text("clock_timestamp()"), init=False
    )
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    # What says that it took over from another: by that other key, and by itself.
    statement: Mapped[str | None] = mapped_column(Text, default=None)
    possession: Mapped[str | None] = mapped_column(Text, default=None)


class Dek(Base):
    """One data key. Destroyed: ``wrapped`` is null and ``destroyed_at`` says since when.

    ``held``: a legal hold delays its end; nobody destroys it meanwhile.
    """

    __tablename__ = "dek"
    __table_args__ = (
        Unique("kind", "owner_id"),
        CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed"),
        Index("ix_dek_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        # What a version of the KEK still wraps.
        Index(
            "ix_dek_kek_ver",
            "kek_ver",
            postgresql_where=text("parent_id IS NULL AND wrapped IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[DekKind] = mapped_column(str_enum(DekKind))
    owner_id: Mapped[UUID]
    # A child key is wrapped under its parent: it dies with it.
    parent_id: Mapped[UUID | None] = mapped_column(default=None)
    suite: Mapped[int] = mapped_column(SmallInteger, default=SUITE_INTL)
    kek_ver: Mapped[int] = mapped_column(SmallInteger, default=1)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary, default=None, repr=False)
    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=text("clock_timestamp()"), init=False
    )
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    held: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
