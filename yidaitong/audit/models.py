"""Acts and refusals: rows of the trail are added and read, never changed; counts only grow."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.actor import AuthLevel, Realm
from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7


class Outcome(StrEnum):
    """Whether the act took effect."""

    # Wire format: append only.
    DONE = "DONE"
    REFUSED = "REFUSED"


class AuditEvent(Base, kw_only=True):
    """One act or one refused attempt. ``ids`` holds ids and codes only, never a name."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_object", "object_type", "object_id"),
        Index("ix_audit_event_org_at", "org_id", "at"),
        Index("ix_audit_event_at", "at"),
        {
            "info": {
                "append_only": True,
                "rls": Rls(enterprise="org_id", bank="org_id", gov=True),
            }
        },
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    realm: Mapped[Realm] = mapped_column(str_enum(Realm))
    org_id: Mapped[str | None] = mapped_column(String(64))
    person_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    roles: Mapped[str] = mapped_column(String(128))  # Role codes in order, joined by blanks.
    auth_level: Mapped[AuthLevel] = mapped_column(str_enum(AuthLevel))
    action: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[Outcome] = mapped_column(str_enum(Outcome))
    code: Mapped[str | None] = mapped_column(String(64))  # Error code of a refusal.
    object_type: Mapped[str | None] = mapped_column(String(32))
    object_id: Mapped[str | None] = mapped_column(String(128))
    trace_id: Mapped[str] = mapped_column(String(64))
    ids: Mapped[dict[str, str]] = mapped_column(JSONB)


class RefusalCount(Base, kw_only=True):
    """How often nobody in particular was refused in one hour, by code; ``rolled_at``: ledgered."""

    __tablename__ = "refusal_count"
    __table_args__ = ({"info": {"rls": Rls(gov=True)}},)

    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    rolled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
