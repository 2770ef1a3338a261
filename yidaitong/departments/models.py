"""Tables of the departments: providers, catalogue entries, and the log of calls."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.departments.answers import Outcome
from yidaitong.departments.definitions import ShareType
from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7


class ResourceState(StrEnum):
    """Whether a resource is served at all."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"


class DepartmentRow(Base, kw_only=True):
    """One data provider, as the catalogue shows it."""

    __tablename__ = "department"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    uscc: Mapped[str] = mapped_column(String(18), unique=True)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ResourceEntry(Base, kw_only=True):
    """One published version of a catalogue entry; the current one has no ``superseded_at``.

    ``stopped_at`` is the kill switch: a stopped resource serves nobody until it is resumed.
    """

    __tablename__ = "resource_entry"
    __table_args__ = (
        UniqueConstraint("resource", "version"),
        Index(
            "uq_resource_entry_current",
            "resource",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    resource: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    department_code: Mapped[str] = mapped_column(ForeignKey("department.code"), index=True)
    state: Mapped[ResourceState] = mapped_column(
        str_enum(ResourceState), default=ResourceState.ONLINE
    )
    share_type: Mapped[ShareType] = mapped_column(str_enum(ShareType))
    onward_release: Mapped[bool]
    onward_basis_zh: Mapped[str] = mapped_column(String(200))
    onward_basis_en: Mapped[str] = mapped_column(String(200))
    freshness_sla_days: Mapped[int]
    look_back_months: Mapped[int | None]
    negative_list: Mapped[bool]
    definition_sha256: Mapped[str] = mapped_column(String(43))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    stopped_by: Mapped[UUID | None] = mapped_column(default=None)
    stop_reason: Mapped[str | None] = mapped_column(String(200), default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class DepartmentCall(Base, kw_only=True):
    """One finished call of one resource: evidence, counted once per idempotency key.

    ``outcome`` is None when the answer could not be trusted; ``why`` then says so. ``fresh`` says
    whether the answer met its freshness promise, None when it carries no date.
    """

    __tablename__ = "department_call"
    __table_args__ = (
        Index("ix_department_call_counted", "ended_at", "outcome"),
        {
            "info": {
                "rls": Rls(enterprise="enterprise_id", bank="bank_id", gov=True),
                "append_only": True,
            }
        },
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    request_id: Mapped[UUID] = mapped_column(index=True)
    line_id: Mapped[UUID | None] = mapped_column(default=None)
    department: Mapped[str] = mapped_column(String(16))
    resource: Mapped[str] = mapped_column(String(32))
    chain_id: Mapped[UUID] = mapped_column(index=True)
    enterprise_id: Mapped[UUID] = mapped_column(index=True)
    bank_id: Mapped[str | None] = mapped_column(String(64), default=None)
    outcome: Mapped[Outcome | None] = mapped_column(str_enum(Outcome))
    why: Mapped[str | None] = mapped_column(String(32), default=None)
    as_of: Mapped[date | None] = mapped_column(default=None)
    fresh: Mapped[bool | None] = mapped_column(default=None)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str] = mapped_column(String(128), unique=True)


class DepartmentBreaker(Base, kw_only=True):
    """Whether a department is left alone because it failed: open while ``opened_at`` is set.

    ``failures`` counts in a row. ``probe_at`` is when one call may try again while it is open.
    No row: it never failed.
    """

    __tablename__ = "department_breaker"

    department: Mapped[str] = mapped_column(String(16), primary_key=True)
    failures: Mapped[int]
    last_problem: Mapped[str] = mapped_column(String(32))
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    probe_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
