"""Column types: money, aware time, enums as checked text."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, TypeDecorator
from sqlalchemy.orm import mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """``timestamptz`` that only takes and gives aware UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: they would be read in the server's zone."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError("naive datetime")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Times leave as UTC whatever the session's zone is."""
        del dialect
        return None if value is None else value.astimezone(UTC)


Fen = Annotated[int, mapped_column(BigInteger)]
"""Money in fen."""


def str_enum(kind: type[StrEnum], name: str | None = None) -> Enum:
    """VARCHAR with a check; stored by value, so that new members need no type migration."""
    length = max(32, *(len(member.value) for member in kind))
    options: dict[str, Any] = {
        "native_enum": False,
        "create_constraint": True,
        "length": length,
        "values_callable": lambda enum: [member.value for member in enum],
        "name": name or kind.__name__.lower(),
    }
    return Enum(kind, **options)
