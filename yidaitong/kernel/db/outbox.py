"""The job outbox: promises made inside a transaction, kept by workers afterwards."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.types import UtcDateTime


class OutboxJob(Base):
    """One promised job. Open while ``done_at`` and ``dead_at`` are null."""

    __tablename__ = "outbox_job"
    __table_args__ = (
        Index(
            "ix_outbox_job_open",
            "not_before",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
        # One open promise per key: a double promise is the same promise.
        Index(
            "uq_outbox_job_open_key",
            "name",
            "key",
            unique=True,
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL AND key IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    args: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=text("now()"), init=False
    )
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    key: Mapped[str | None] = mapped_column(String(128), default=None)
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    hinted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    lease_token: Mapped[UUID | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    dead_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    last_error: Mapped[str | None] = mapped_column(Text, default=None)
