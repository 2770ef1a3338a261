"""Until when a bank may keep what it fetched."""

from datetime import datetime, timedelta

from consent.artefact import DataLife

_VIEW_LIFE = timedelta(hours=24)
_UNITS = {
    "HOUR": timedelta(hours=1),
    "DAY": timedelta(days=1),
    "WEEK": timedelta(weeks=1),
    "MONTH": timedelta(days=30),
    "YEAR": timedelta(days=365),
}


def erase_due(at: datetime, mode: str, life: DataLife) -> datetime:
    """Until when the bank may keep what was released at ``at``."""
    return at + (_VIEW_LIFE if mode == "VIEW" else _UNITS[life.unit] * life.n)
