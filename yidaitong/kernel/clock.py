"""The only place that reads a clock of this machine; business time is the database's."""

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def wall() -> datetime:
    """Now in UTC by this machine; for logs and client-side deadlines only."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that never go backwards."""
    return time.monotonic()


def business_date(at: datetime) -> date:
    """The Asia/Shanghai date of an instant."""
    return at.astimezone(SHANGHAI).date()


def iso_ms(at: datetime) -> str:
    """``2026-03-05T08:30:21.418Z``: the form used in leaves, artefacts and receipts."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
