"""The acts of this package in one place: each is one edge with its event and leaf.

Asking stands in ``requests``, signing in ``grants``, ending in ``stops``, the lock in ``chains``,
writing down in ``evidence``, receipts in ``receipts``.
"""

from consent.chains import LiveChain, artefact_of, ends_on, lock_chain, lock_chains
from consent.events import Event, EventType
from consent.evidence import Opened, Recorded, history, history_of_consent, record, views
from consent.grants import Signed, Signing, sign
from consent.models import ReceiptType
from consent.receipts import Effects, issue, receipt_of, receipts_of
from consent.requests import Ask, cancel, deny, lapse_due, make
from consent.stops import (
    Order,
    Stopped,
    close,
    exhaust,
    pause,
    record_due,
    restore,
    resume,
    revoke,
    suspend,
)

__all__ = [
    "Ask",
    "Effects",
    "Event",
    "EventType",
    "LiveChain",
    "Opened",
    "Order",
    "ReceiptType",
    "Recorded",
    "Signed",
    "Signing",
    "Stopped",
    "artefact_of",
    "cancel",
    "close",
    "deny",
    "ends_on",
    "exhaust",
    "history",
    "history_of_consent",
    "issue",
    "lapse_due",
    "lock_chain",
    "lock_chains",
    "make",
    "pause",
    "receipt_of",
    "receipts_of",
    "record",
    "record_due",
    "restore",
    "resume",
    "revoke",
    "sign",
    "suspend",
    "views",
]
