"""Who did what, and when: one append-only table that every room writes to."""

from yidaitong.audit.models import Outcome
from yidaitong.audit.recording import record, record_refusal

__all__ = ["Outcome", "record", "record_refusal"]
