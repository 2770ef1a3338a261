"""Versions of the key-encryption key, and the key of the blind indexes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.types import UtcDateTime


class Kek(Base):
    """One version; the key itself is never here. The one that wraps has no ``retired_at``.

    ``check_value`` is a known value wrapped under it: whoever holds another key learns so at the
    start. ``rewrapped_at``: when the last key left a retired version.
    """

    __tablename__ = "kek"
    __table_args__ = (
        CheckConstraint("(check_value IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed"),
        CheckConstraint("destroyed_at IS NULL OR retired_at IS NOT NULL", name="retired_first"),
    )

    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    check_value: Mapped[bytes | None] = mapped_column(LargeBinary, repr=False)
    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=text("clock_timestamp()"), init=False
    )
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    rewrapped_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class IndexKey(Base):
    """The key of the blind indexes: neither a KEK nor a data key, so it outlives both."""

    __tablename__ = "index_key"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    kek_ver: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=text("clock_timestamp()"), init=False
    )
