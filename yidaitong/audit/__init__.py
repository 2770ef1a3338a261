"""Who did what, and when: one append-only table that every room writes to."""

from yidaitong.audit.counting import count_refusal
from yidaitong.audit.models import Outcome
from yidaitong.audit.recording import record, record_refusal

__all__ = ["Outcome", "count_refusal", "record", "record_refusal"]
