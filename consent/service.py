"""The acts of this package in one place: each is one edge with its event and leaf.

Asking stands in ``requests``, asking for less in ``narrowing``, signing in ``grants``, the next
version in ``amending``, ending in ``stops``, orders in ``orders``, the lock in ``chains``, writing
down in ``evidence``, receipts in ``receipts``.
"""

from consent.amending import only_narrows
from consent.asks import Ask
from consent.chains import LiveChain, artefact_of, ends_on, lock_chain, lock_chains
from consent.differences import Difference, covers, diff_sha256, differences, narrows
from consent.events import Event, EventType
from consent.evidence import Opened, Recorded, history, history_of_consent, record, views
from consent.grants import Signed, Signing, sign
from consent.models import ReceiptType
from consent.narrowing import drop_signatures, narrow
from consent.orders import Order, releases_of, restore, signatories_of, suspend, void
from consent.receiptbody import Effects
from consent.receipts import (
    issue,
    issue_missing,
    prove,
    receipt_by_id,
    receipt_of,
    receipts_of,
    unproved,
)
from consent.receipttexts import BANK
from consent.renewing import offer_renewals
from consent.requests import cancel, deny, draft, lapse_due, make, put
from consent.stops import (
    REP_LEFT,
    Stopped,
    close,
    exhaust,
    pause,
    record_due,
    resume,
    revoke,
)

__all__ = [
    "BANK",
    "REP_LEFT",
    "Ask",
    "Difference",
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
    "covers",
    "deny",
    "diff_sha256",
    "differences",
    "draft",
    "drop_signatures",
    "ends_on",
    "exhaust",
    "history",
    "history_of_consent",
    "issue",
    "issue_missing",
    "lapse_due",
    "lock_chain",
    "lock_chains",
    "make",
    "narrow",
    "narrows",
    "offer_renewals",
    "only_narrows",
    "pause",
    "prove",
    "put",
    "receipt_by_id",
    "receipt_of",
    "receipts_of",
    "record",
    "record_due",
    "releases_of",
    "restore",
    "resume",
    "revoke",
    "sign",
    "signatories_of",
    "suspend",
    "unproved",
    "views",
    "void",
]
