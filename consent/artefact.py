"""The consent artefact 授权凭证: the frozen record people sign, its exact bytes and digest.

Members follow ISO/IEC TS 27560; bytes are RFC 8785. See yidaitong/docs/consent.md.
"""

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, Self, Union, cast, get_args, get_origin, get_type_hints

from consent.encoding import b64u
from consent.errors import InvalidArtefactError
from consent.events import canonical, sha256_b64u

SCHEMA_VERSION = "ydt-consent/1"

# Wire format: append only.
PURPOSES = ("PRECHECK", "ORIGINATION", "POST_LOAN", "CLAIM")
MODES = ("VIEW", "STORE", "COMPUTE")
FETCH_TYPES = ("ONE_TIME", "PERIODIC")
FREQUENCY_UNITS = ("HOUR", "DAY", "WEEK", "MONTH", "YEAR", "LIFE")
ENDS_ON = ("DECISION", "LOAN_CLOSED", "RECOVERY_CLOSED", "REP_LEFT")
SUBJECT_KINDS = ("ENTERPRISE", "PERSON")
MAX_LIFE_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose data: an enterprise by credit code, or a natural person by our id."""

    kind: str
    uscc: str | None
    person_id: str | None
    name: str
    pairwise_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """``m`` of ``n`` signatories grant; any one stops."""

    m: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligible:
    """One person who may sign, and by which mandate (None: the representative, or oneself)."""

    person_id: str
    role: str
    mandate_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """Who may sign, as it stood when asked."""

    quorum: Quorum
    eligible: tuple[Eligible, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """The bank that gets the data."""

    bank_id: str
    name: str
    branch: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A further recipient: processor, guarantor, fund."""

    org_id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The operator of the platform."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who oversees, and where to complain."""

    name: str
    complaint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What the data may be used for."""

    code: str
    version: int
    text_zh: str
    ref_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The policy version the scope comes from."""

    product_id: str
    policy_version: int
    policy_sha256: str
    catalogue_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The loan application it serves; amounts in fen."""

    application_id: str
    amount_fen: int
    term_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DateRange:
    """Half-open range of dates."""

    from_on: str
    to_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One resource, its fields and items; ``range`` None means present state."""

    resource: str
    fields: tuple[str, ...]
    items: tuple[str, ...]
    range: DateRange | None
    optional: bool
    sensitivity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFilter:
    """A filter applied at the source."""

    resource: str
    field: str
    op: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """At most ``n`` calls of each resource in one ``unit``, counted in ``anchor_tz``."""

    unit: str
    n: int
    anchor_tz: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLife:
    """How long the bank may keep what it got."""

    unit: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What was shown: template version and the hash of the rendered text."""

    uri: str
    version: int
    sha256: str
    rendered_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentArtefact:
    """The body people sign. It never changes; state, signatures and proofs are envelope."""

    schema_version: str = SCHEMA_VERSION
    suite: str
    consent_id: str
    chain_id: str
    version: int
    request_id: str
    txn_id: str
    subject: Subject
    mandate: Mandate
    controller: Controller | None
    recipients: tuple[Recipient, ...]
    platform: Platform
    authority: Authority
    purpose: Purpose
    product: Product
    application: Application | None
    lawful_basis: str
    datasets: tuple[Dataset, ...]
    data_filter: tuple[DataFilter, ...]
    mode: str
    fetch_type: str
    frequency: Frequency
    total_quota: int | None
    starts_at: str
    expires_at: str
    ends_on: tuple[str, ...]
    data_life: DataLife
    erase_basis: str
    storage_locations: tuple[str, ...]
    processing_locations: tuple[str, ...]
    geographic_restrictions: str
    jurisdiction: str
    language: str
    notice: Notice
    template_id: str
    template_rev_sha256: str
    withdrawal_method: str
    consequences_text: str
    rights_info: str
    impact_assessment_ref: str
    code_of_conduct_ref: str
    preview: bool
    supersedes: str | None
    renews: str | None
    companion_of: str | None
    prev_digest: str | None
    annex_commitment: str | None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """Read a body strictly.

        Raises:
            InvalidArtefactError: a member is missing, unknown or of the wrong type.
        """
        found = cast("Self", _read(cls, body, "body"))
        if found.body != body:
            raise InvalidArtefactError("body.subject")
        return found

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that is signed."""
        found = _write(self)
        if found["subject"]["kind"] == "ENTERPRISE":
            del found["subject"]["person_id"]
        else:
            del found["subject"]["uscc"]
        return cast("dict[str, Any]", found)

    @property
    def canonical(self) -> bytes:
        """RFC 8785 bytes of the body: what signatures cover."""
        return canonical(self.body)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical body, base64url."""
        return sha256_b64u(self.canonical)

    @property
    def validity(self) -> tuple[datetime, datetime]:
        """``[starts_at, expires_at)`` in UTC."""
        return parse_at(self.starts_at), parse_at(self.expires_at)

    @property
    def resources(self) -> tuple[str, ...]:
        """Codes of all resources, in order."""
        return tuple(dataset.resource for dataset in self.datasets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signatory's detached JWS over the canonical body."""

    role: str
    person_id: str
    auth_level: str
    signed_at: str
    jws: str


def artefact_payload(body: bytes, granted_at: str, signatures: Sequence[Signature]) -> bytes:
    """What the platform countersigns: RFC 8785 of body, grant time and signatures."""
    return canonical(
        {
            "body": json.loads(body),
            "granted_at": granted_at,
            "signatures": [_write(signature) for signature in signatures],
        }
    )


def artefact_sha256(text: str) -> str:
    """Hash of the artefact text, a compact JWS; it stands plain in the grant's leaf."""
    return sha256_b64u(text.encode("ascii"))


def detach(text: str) -> str:
    """A compact JWS without its payload (RFC 7515 appendix F)."""
    header, _, signature = text.split(".")
    return f"{header}..{signature}"


def attach(detached: str, payload: bytes) -> str:
    """The compact JWS of a detached one."""
    header, _, signature = detached.split(".")
    return f"{header}.{b64u(payload)}.{signature}"


def parse_at(text: str) -> datetime:
    """An instant written as RFC 3339 with ``Z``.

    Raises:
        InvalidArtefactError: it is not.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidArtefactError("time") from error
    if at.tzinfo is None or not text.endswith("Z"):
        raise InvalidArtefactError("time")
    return at.astimezone(UTC)


def write_at(at: datetime) -> str:
    """Whole seconds as RFC 3339 with ``Z``: times of validity carry no fraction."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _write(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _write(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple):
        return [_write(item) for item in value]
    return value


def _read(kind: Any, value: Any, where: str) -> Any:
    """``value`` as ``kind``: a dataclass, tuple of one type, optional, or scalar."""
    if get_origin(kind) in {Union, types.UnionType}:
        inner = next(option for option in get_args(kind) if option is not type(None))
        return None if value is None else _read(inner, value, where)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise InvalidArtefactError(where)
        return tuple(_read(get_args(kind)[0], item, f"{where}[]") for item in value)
    if is_dataclass(kind):
        return _read_object(cast("type[Any]", kind), value, where)
    # A bool is not an int here, whatever Python says.
    if type(value) is not kind:
        raise InvalidArtefactError(where)
    return value


def _read_object(kind: type[Any], value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise InvalidArtefactError(where)
    hints = get_type_hints(kind)
    given = dict(value)
    if kind is Subject:
        given = {"uscc": None, "person_id": None, **given}
    if set(given) != set(hints):
        raise InvalidArtefactError(f"{where}: {sorted(set(given) ^ set(hints))}")
    return kind(**{name: _read(hints[name], given[name], f"{where}.{name}") for name in hints})
