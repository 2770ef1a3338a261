"""From a request to what the department says: only what was asked, of whom, of when."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from consent.events import sha256_b64u
from yidaitong.departments.fields import Field, FieldType
from yidaitong.departments.registry import RESOURCES
from yidaitong.departments.wire import MAX_REQUEST_BYTES, REQUEST_VERSION, Envelope
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.strictjson import StrictJsonError, parse_object
from yidaitong.sandbox import data

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_OPERATORS: Final = frozenset({"eq", "ne"})
_MEMBERS: Final = frozenset(
    {
        "v",
        "pull_id",
        "line_id",
        "attempt",
        "resource",
        "subject",
        "fields",
        "from_on",
        "to_on",
        "filters",
        "consent_digest",
        "purpose",
        "bank_id",
    }
)


class RequestRefusedError(Exception):
    """The request is not in the agreed form; ``code`` says where."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as the department understands it; months outside ``[from_on, to_on)`` stay."""

    resource: str
    uscc: str = field(repr=False)
    name: str = field(repr=False)
    fields: tuple[str, ...]
    from_on: str
    to_on: str
    filters: tuple[tuple[str, str, str], ...]
    sha256: str


def read_request(raw: bytes, resource: str) -> Asked:
    """Understand a request for ``resource``.

    Raises:
        RequestRefusedError: REQUEST_FORM, REQUEST_RESOURCE, REQUEST_FIELDS, REQUEST_FILTERS.
    """
    try:
        body = parse_object(raw, max_bytes=MAX_REQUEST_BYTES)
    except StrictJsonError:
        raise RequestRefusedError("REQUEST_FORM") from None
    if body.keys() != _MEMBERS or body["v"] != REQUEST_VERSION:
        raise RequestRefusedError("REQUEST_FORM")
    if body["resource"] != resource:
        raise RequestRefusedError("REQUEST_RESOURCE")
    subject = body["subject"]
    if not isinstance(subject, dict) or subject.keys() != {"uscc", "name"}:
        raise RequestRefusedError("REQUEST_FORM")
    return Asked(
        resource=resource,
        uscc=str(subject["uscc"]),
        name=str(subject["name"]),
        fields=_fields(resource, body["fields"]),
        from_on=_day(body["from_on"], date.min),
        to_on=_day(body["to_on"], date.max),
        filters=_filters(body["filters"]),
        sha256=sha256_b64u(raw),
    )


def reply_to(asked: Asked, now: datetime) -> Envelope:
    """The honest answer of today."""
    outcome, as_of, items = data.answer(
        asked.resource,
        asked.uscc,
        business_date(now),
        asked.name or None,
        fields=frozenset(asked.fields) | RESOURCES[asked.resource].beside(asked.fields),
    )
    return Envelope(
        resource=asked.resource,
        subject_code=asked.uscc,
        outcome=outcome,
        as_of=as_of,
        produced_at=now,
        serial=f"{asked.resource}-{asked.sha256[:16]}",
        items=_narrowed(asked, items),
        request_sha256=asked.sha256,
    )


def _fields(resource: str, names: Any) -> tuple[str, ...]:
    """Fields one may ask for; what a department only compares or adds is not among them."""
    fields = RESOURCES[resource].fields
    offered = {one.name for one in fields if not one.match_only and not one.beside}
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RequestRefusedError("REQUEST_FIELDS")
    if not names or not set(names) <= offered:
        raise RequestRefusedError("REQUEST_FIELDS")
    return tuple(names)


def _day(value: Any, default: date) -> str:
    if value is None:
        return default.isoformat()
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise RequestRefusedError("REQUEST_FORM")
    return value


def _filters(value: Any) -> tuple[tuple[str, str, str], ...]:
    found = []
    for one in value if isinstance(value, list) else [None]:
        if not isinstance(one, list) or [type(part) for part in one] != [str, str, str]:
            raise RequestRefusedError("REQUEST_FILTERS")
        path, operator, text = one
        if "." not in path or operator not in _OPERATORS:
            raise RequestRefusedError("REQUEST_FILTERS")
        found.append((path, operator, text))
    return tuple(found)


def _narrowed(asked: Asked, items: Mapping[str, object]) -> Mapping[str, object]:
    known = {one.name: one for one in RESOURCES[asked.resource].fields}
    return {name: _value(asked, known[name], value) for name, value in items.items()}


def _value(asked: Asked, spec: Field, value: object) -> object:
    """A list without the rows nobody asked for; anything else as it is."""
    if spec.type is not FieldType.LIST or not isinstance(value, list):
        return value
    inner = {one.name: one for one in spec.rows}
    months = [one.name for one in spec.rows if one.type is FieldType.MONTH]
    return [
        {name: _value(asked, inner[name], part) for name, part in row.items()}
        for row in value
        if all(asked.from_on <= f"{row[month]}-01" < asked.to_on for month in months)
        and all(_kept(spec.name, row, rule) for rule in asked.filters)
    ]


def _kept(field_name: str, row: Mapping[str, object], rule: tuple[str, str, str]) -> bool:
    path, operator, text = rule
    top, _, inner = path.partition(".")
    if top != field_name or inner not in row:
        return True
    return (row[inner] == text) is (operator == "eq")
