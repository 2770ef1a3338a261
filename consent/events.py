"""Every event that can stand in the ledger, the members each may carry, and its sealed form."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import rfc8785

from consent.encoding import b64u


# Wire format: append only.
class EventType(StrEnum):
    """Names of events, as they stand in leaves."""

    REQUEST_MADE = "request.made"
    REQUEST_NARROWED = "request.narrowed"
    REQUEST_SIGNED = "request.signed"
    REQUEST_SIGNATURE_DROPPED = "request.signature_dropped"
    REQUEST_GRANTED = "request.granted"
    REQUEST_DENIED = "request.denied"
    REQUEST_LAPSED = "request.lapsed"
    REQUEST_CANCELLED = "request.cancelled"
    CONSENT_GRANTED = "consent.granted"
    CONSENT_ACTIVATED = "consent.activated"
    CONSENT_EXPIRED = "consent.expired"
    CONSENT_EXHAUSTED = "consent.exhausted"
    CONSENT_RENEW_OFFERED = "consent.renew_offered"
    CONSENT_PAUSED = "consent.paused"
    CONSENT_RESUMED = "consent.resumed"
    CONSENT_SUSPENDED = "consent.suspended"
    CONSENT_RESTORED = "consent.restored"
    CONSENT_REVOKED = "consent.revoked"
    CONSENT_USE_WITHDRAWN = "consent.use_withdrawn"
    CONSENT_SUPERSEDED = "consent.superseded"
    CONSENT_VOIDED = "consent.voided"
    CONSENT_VOID_FOUND = "consent.void_found"
    MANDATE_GRANTED = "mandate.granted"
    MANDATE_SUSPENDED = "mandate.suspended"
    MANDATE_CONFIRMED = "mandate.confirmed"
    MANDATE_REVOKED = "mandate.revoked"
    MANDATE_EXPIRED = "mandate.expired"
    MANDATE_INVALIDATED = "mandate.invalidated"
    QUORUM_CHANGED = "quorum.changed"
    SUBJECT_REP_CHANGED = "subject.rep_changed"
    PULL_AUTHORISED = "pull.authorised"
    PULL_REJECTED = "pull.rejected"
    PULL_REPLAYED = "pull.replayed"
    PULL_LINE_SENT = "pull.line_sent"
    PULL_LINE_CLOSED = "pull.line_closed"
    PULL_HELD = "pull.held"
    PULL_UNHELD = "pull.unheld"
    PULL_DONE = "pull.done"
    PULL_FAILED = "pull.failed"
    PULL_CANCELLED = "pull.cancelled"
    PULL_SLOT_REFUNDED = "pull.slot_refunded"
    PACKET_ISSUED = "packet.issued"
    PACKET_FETCHED = "packet.fetched"
    PACKET_LAPSED = "packet.lapsed"
    PACKET_WITHDRAWN = "packet.withdrawn"
    PACKET_ACKED = "packet.acked"
    PACKET_DISPUTED = "packet.disputed"
    PACKET_DISPUTE_RESOLVED = "packet.dispute_resolved"
    COPY_OPENED = "copy.opened"
    COPY_ERASE_DUE = "copy.erase_due"
    COPY_ERASED = "copy.erased"
    COPY_OVERDUE = "copy.overdue"
    COPY_HELD = "copy.held"
    COPY_HOLD_LIFTED = "copy.hold_lifted"
    KEY_DESTROYED = "key.destroyed"
    EVIDENCE_DESTROYED = "evidence.destroyed"
    NOTICE_SENT = "notice.sent"
    NOTICE_ACKED = "notice.acked"
    NOTICE_ESCALATED = "notice.escalated"
    ACCESS_VIEWED = "access.viewed"
    RECONCILE_MISMATCH = "reconcile.mismatch"
    SECURITY_ROLLUP = "security.rollup"
    TEMPLATE_REVISED = "template.revised"
    LOG_OPENED = "log.opened"
    KEYS_CHANGED = "keys.changed"


_CONSENT_CLOCK = ("effective_at", "cause")
_MANDATE = ("rights", "ends_at", "evidence_sha256")
_PULL_END = ("manifest_sha256", "complete", "cause", "lines")
_PACKET = ("pull_id", "packet_sha256", "bank_key_id", "cause")
_COPY = ("packet_sha256", "erase_due_at", "attestation_sha256", "late")
_HOLD = ("basis", "scope", "until_at", "evidence_sha256")
_NOTICE = ("receiver", "notice_sha256")
_REQUEST = ("request_id", "draft_digest", "lapses_at", "signatures_dropped")
_SIGNED = ("person_id", "draft_digest", "signature_sha256")
_FROZEN = ("frozen_origin", "frozen_size", "frozen_root")
_GRANTED = ("artefact_sha256", "starts_at", "expires_at", "supersedes", "renews")

# Wire format: append only.
MEMBERS: Mapping[EventType, tuple[str, ...]] = {
    EventType.REQUEST_MADE: _REQUEST,
    EventType.REQUEST_NARROWED: _REQUEST,
    EventType.REQUEST_SIGNED: _SIGNED,
    EventType.REQUEST_SIGNATURE_DROPPED: _SIGNED,
    EventType.REQUEST_GRANTED: ("request_id",),
    EventType.REQUEST_DENIED: ("request_id",),
    EventType.REQUEST_LAPSED: ("request_id",),
    EventType.REQUEST_CANCELLED: ("request_id",),
    EventType.CONSENT_GRANTED: _GRANTED,
    EventType.CONSENT_ACTIVATED: _CONSENT_CLOCK,
    EventType.CONSENT_EXPIRED: _CONSENT_CLOCK,
    EventType.CONSENT_EXHAUSTED: _CONSENT_CLOCK,
    EventType.CONSENT_RENEW_OFFERED: _CONSENT_CLOCK,
    EventType.CONSENT_PAUSED: ("resumes_at",),
    EventType.CONSENT_RESUMED: ("resumes_at",),
    EventType.CONSENT_SUSPENDED: ("reason_class", "order_id", "use_frozen"),
    EventType.CONSENT_RESTORED: ("reason_class", "order_id", "use_frozen"),
    EventType.CONSENT_REVOKED: (),
    EventType.CONSENT_USE_WITHDRAWN: (),
    EventType.CONSENT_SUPERSEDED: ("new_consent_id", "diff_sha256"),
    EventType.CONSENT_VOIDED: ("order_id", "releases"),
    EventType.CONSENT_VOID_FOUND: ("order_id", "releases"),
    EventType.MANDATE_GRANTED: _MANDATE,
    EventType.MANDATE_SUSPENDED: _MANDATE,
    EventType.MANDATE_CONFIRMED: _MANDATE,
    EventType.MANDATE_REVOKED: _MANDATE,
    EventType.MANDATE_EXPIRED: _MANDATE,
    EventType.MANDATE_INVALIDATED: _MANDATE,
    EventType.QUORUM_CHANGED: ("m", "n", "registry_answer_sha256"),
    EventType.SUBJECT_REP_CHANGED: ("m", "n", "registry_answer_sha256"),
    EventType.PULL_AUTHORISED: (
        "pull_id",
        "body_sha256",
        "resources",
        "slots",
        "idempotency_key_sha256",
        "operator_id",
    ),
    EventType.PULL_REJECTED: ("code", "pull_id"),
    EventType.PULL_REPLAYED: ("code", "pull_id"),
    EventType.PULL_LINE_SENT: ("line_id", "resource", "attempt", "request_sha256"),
    EventType.PULL_LINE_CLOSED: (
        "line_id",
        "status",
        "outcome",
        "as_of",
        "row_count",
        "answer_sha256",
    ),
    EventType.PULL_HELD: ("cause",),
    EventType.PULL_UNHELD: ("cause",),
    EventType.PULL_DONE: _PULL_END,
    EventType.PULL_FAILED: _PULL_END,
    EventType.PULL_CANCELLED: _PULL_END,
    EventType.PULL_SLOT_REFUNDED: ("slots",),
    EventType.PACKET_ISSUED: _PACKET,
    EventType.PACKET_FETCHED: _PACKET,
    EventType.PACKET_LAPSED: _PACKET,
    EventType.PACKET_WITHDRAWN: _PACKET,
    EventType.PACKET_ACKED: ("rx_sha256", "cause", "outcome"),
    EventType.PACKET_DISPUTED: ("rx_sha256", "cause", "outcome"),
    EventType.PACKET_DISPUTE_RESOLVED: ("rx_sha256", "cause", "outcome"),
    EventType.COPY_OPENED: _COPY,
    EventType.COPY_ERASE_DUE: _COPY,
    EventType.COPY_ERASED: _COPY,
    EventType.COPY_OVERDUE: _COPY,
    EventType.COPY_HELD: _HOLD,
    EventType.COPY_HOLD_LIFTED: _HOLD,
    EventType.KEY_DESTROYED: ("key_id", "kind", "cause"),
    EventType.EVIDENCE_DESTROYED: ("range", "order_id", "cause"),
    EventType.NOTICE_SENT: _NOTICE,
    EventType.NOTICE_ACKED: _NOTICE,
    EventType.NOTICE_ESCALATED: _NOTICE,
    EventType.ACCESS_VIEWED: ("what", "purpose"),
    EventType.RECONCILE_MISMATCH: ("pull_id", "kind"),
    EventType.SECURITY_ROLLUP: ("count", "digest", "kind"),
    EventType.TEMPLATE_REVISED: ("template_id", "rev_sha256", "requires_reconsent"),
    EventType.LOG_OPENED: ("origin", *_FROZEN),
    EventType.KEYS_CHANGED: ("owner", "added", "retired", "compromised", "statement_sha256"),
}

# Plain in the leaf beside the commitment. Wire format: append only.
PUBLIC: Mapping[EventType, tuple[str, ...]] = {
    EventType.CONSENT_GRANTED: ("artefact_sha256",),
    EventType.PACKET_ISSUED: ("packet_sha256", "packet_sm3"),
}

SALT_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One act about to be recorded.

    ``ref`` is the id of the object, ``n`` its version after the act; (type, ref, n) never repeats.
    ``chain_id`` is the consent it belongs to, None where there is none. ``evidence_id`` owns the
    key that seals the event; it defaults to the chain. ``enterprise_id`` and ``bank_id`` say who
    may see an event without a chain. ``suite`` is that of its leaf, None for the desk's.
    """

    type: EventType
    ref: UUID
    n: int
    chain_id: UUID | None = None
    digest: str | None = None
    before: str | None = None
    after: str | None = None
    reason: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict)
    public: Mapping[str, str] = field(default_factory=dict)
    evidence_id: UUID | None = None
    enterprise_id: UUID | None = None
    bank_id: str | None = None
    suite: str | None = None

    def unknown(self) -> set[str]:
        """Names this type of event does not carry."""
        strange = set(self.members) - set(MEMBERS[self.type])
        return strange | (set(self.public) - set(PUBLIC.get(self.type, ())))


def iso(at: datetime) -> str:
    """``2026-03-05T08:30:21.418Z``: UTC to the millisecond, as in leaves and artefacts."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def canonical(value: Mapping[str, Any]) -> bytes:
    """RFC 8785 bytes of a JSON object."""
    return rfc8785.dumps(dict(value))


def sha256_b64u(data: bytes) -> str:
    """Digest in the form records use."""
    return b64u(hashlib.sha256(data).digest())


# Key and data to 32 bytes.
Mac = Callable[[bytes, bytes], bytes]


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """The MAC of suite ``intl``."""
    return hmac.digest(key, data, hashlib.sha256)


def commitment(salt: bytes, event: Mapping[str, Any], mac: Mac = hmac_sha256) -> str:
    """The suite's MAC over the canonical event, keyed with its salt: hides it, binds us to it."""
    return b64u(mac(salt, canonical(event)))
