"""What travels between us and a department: question, pull ticket, signed answer envelope."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from consent.artefact import parse_at
from consent.errors import InvalidArtefactError
from consent.events import canonical, sha256_b64u
from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.clock import iso_ms, monotonic
from yidaitong.kernel.strictjson import parse_object

# Wire format: append only.
REQUEST_VERSION: Final = "ydt-request/1"
TICKET_VERSION: Final = "ydt-ticket/1"
ANSWER_VERSION: Final = "ydt-answer/1"
TICKET_TYP: Final = "ydt-ticket+jws"
ANSWER_TYP: Final = "ydt-answer+jws"
TICKET_HEADER: Final = "Pull-Ticket"
ANSWER_MEDIA: Final = "application/jose"

MAX_ANSWER_BYTES: Final = 1 << 20
# A year of invoices fits; read only after the signature.
MAX_ANSWER_VALUES: Final = 150_000
MAX_REQUEST_BYTES: Final = 1 << 16
MAX_TICKET_BYTES: Final = 1 << 13
_MAX_SERIAL: Final = 128
_NONCE_BYTES: Final = 16
ENVELOPE: Final = frozenset(
    {
        "v",
        "department",
        "resource",
        "subject_code",
        "outcome",
        "as_of",
        "produced_at",
        "source_serial",
        "items",
        "sha256",
        "request_sha256",
    }
)


class WireError(ValueError):
    """A message is not in the agreed form; it carries no text of the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What one line asks of one resource; dates are ISO 8601, the range is half-open.

    ``filters`` are (field, op, value). ``name`` may be empty: then the department compares none.
    """

    pull_id: UUID
    line_id: UUID
    attempt: int
    resource: str
    uscc: str = field(repr=False)
    name: str = field(repr=False)
    fields: tuple[str, ...]
    from_on: str | None = None
    to_on: str | None = None
    filters: tuple[tuple[str, str, str], ...] = ()
    consent_digest: str
    purpose: str
    bank_id: str | None = None

    @property
    def department(self) -> str:
        """Code of the department that answers."""
        return RESOURCES[self.resource].department


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Question):
    """One dispatch of one line: the question, its exact bytes, and the ticket that allows it.

    ``made`` is monotonic: the call's deadline runs from there, however late it is sent.
    """

    body: bytes = field(repr=False)
    request_sha256: str
    ticket: str = field(repr=False)
    not_after: datetime
    made: float = field(default_factory=monotonic, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of one dispatch; ``problem`` is None when ``answer`` is good.

    ``answer`` is None when nothing usable came. A refused answer has ``why`` set and neither items
    nor text: its hash stays for the incident. ``retry_after`` is what the department asked, in
    seconds.
    """

    answer: Answer | None
    problem: str | None
    retryable: bool
    started_at: datetime
    ended_at: datetime
    retry_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The department's reply before it is signed, or after the signature was checked."""

    resource: str
    subject_code: str
    outcome: Outcome
    as_of: date
    produced_at: datetime
    serial: str
    items: Mapping[str, object]
    request_sha256: str


def request_body(question: Question) -> bytes:
    """The exact bytes (RFC 8785) sent to the department; each attempt has its own."""
    return canonical(
        {
            "v": REQUEST_VERSION,
            "pull_id": str(question.pull_id),
            "line_id": str(question.line_id),
            "attempt": question.attempt,
            "resource": question.resource,
            "subject": {"uscc": question.uscc, "name": question.name},
            "fields": list(question.fields),
            "from_on": question.from_on,
            "to_on": question.to_on,
            "filters": [list(one) for one in question.filters],
            "consent_digest": question.consent_digest,
            "purpose": question.purpose,
            "bank_id": question.bank_id,
        }
    )


def ticket_payload(question: Question, request_sha256: str, not_after: datetime) -> bytes:
    """What the pull ticket says: this request, this resource, once, and not for long."""
    return canonical(
        {
            "v": TICKET_VERSION,
            "digest": question.consent_digest,
            "pull": str(question.pull_id),
            "line": str(question.line_id),
            "attempt": question.attempt,
            "department": question.department,
            "resources": [question.resource],
            "request_sha256": request_sha256,
            "nonce": secrets.token_urlsafe(_NONCE_BYTES),
            "not_after": iso_ms(not_after),
        }
    )


def make_order(question: Question, not_after: datetime, sign: Callable[[bytes], str]) -> Order:
    """The question with its bytes, hash and a fresh ticket signed by ``sign``."""
    body = request_body(question)
    digest = sha256_b64u(body)
    members = {name: getattr(question, name) for name in Question.__dataclass_fields__}
    return Order(
        **members,
        body=body,
        request_sha256=digest,
        ticket=sign(ticket_payload(question, digest, not_after)),
        not_after=not_after,
    )


def write_envelope(envelope: Envelope) -> bytes:
    """The bytes a department signs as one."""
    digest = sha256_b64u(canonical(envelope.items))
    return canonical({"v": ANSWER_VERSION, "sha256": digest, **members_of(envelope)})


def members_of(envelope: Envelope) -> dict[str, Any]:
    """The members both forms of an answer have."""
    return {
        "department": RESOURCES[envelope.resource].department,
        "resource": envelope.resource,
        "subject_code": envelope.subject_code,
        "outcome": envelope.outcome.value,
        "as_of": envelope.as_of.isoformat(),
        "produced_at": iso_ms(envelope.produced_at),
        "source_serial": envelope.serial,
        "items": envelope.items,
        "request_sha256": envelope.request_sha256,
    }


def read_envelope(payload: bytes) -> Envelope:
    """The envelope in signed bytes, read strictly.

    Raises:
        StrictJsonError: it is not JSON we accept.
        WireError: members are missing, unknown or of the wrong form.
    """
    body = parse_object(payload, max_bytes=MAX_ANSWER_BYTES, max_values=MAX_ANSWER_VALUES)
    if body.keys() != ENVELOPE or body["v"] != ANSWER_VERSION:
        raise WireError("members")
    envelope = envelope_of(body)
    if body["sha256"] != sha256_b64u(canonical(envelope.items)):
        raise WireError("sha256")
    return envelope


def envelope_of(body: Mapping[str, Any]) -> Envelope:
    """The envelope in members of either form, all of them there.

    Raises:
        WireError: one is of the wrong form.
    """
    resource, items = body["resource"], body["items"]
    if not isinstance(resource, str) or resource not in RESOURCES or not isinstance(items, dict):
        raise WireError("members")
    if body["department"] != RESOURCES[resource].department:
        raise WireError("department")
    try:
        return Envelope(
            resource=resource,
            subject_code=_text(body, "subject_code"),
            outcome=Outcome(_text(body, "outcome")),
            as_of=date.fromisoformat(_text(body, "as_of")),
            produced_at=parse_at(_text(body, "produced_at")),
            serial=_text(body, "source_serial"),
            items=items,
            request_sha256=_text(body, "request_sha256"),
        )
    except (ValueError, InvalidArtefactError):
        raise WireError("members") from None


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body[name]
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_SERIAL:
        raise WireError(name)
    return value
