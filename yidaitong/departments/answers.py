"""One department's answer, as the platform keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What a department said, or that it said nothing."""

    # Wire format: append only.
    DATA = "DATA"
    NO_RECORD = "NO_RECORD"
    NOT_AUTHORISED = "NOT_AUTHORISED"
    SUBJECT_MISMATCH = "SUBJECT_MISMATCH"
    PARTIAL = "PARTIAL"
    STALE = "STALE"
    UNAVAILABLE = "UNAVAILABLE"
    RATE_LIMITED = "RATE_LIMITED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: raw items as the department signed them, units unconverted; ``jws`` is its text.

    ``as_of`` is the date the source was true. ``why`` is set (a code of ``reading.Why``) when the
    answer may not be used, for example BAD_ANSWER for a wrong signature.
    """

    outcome: Outcome
    as_of: date | None
    produced_at: datetime | None = None
    items: Mapping[str, object]
    serial: str = ""
    jws: str = ""
    sha256: str = ""
    why: str | None = None
