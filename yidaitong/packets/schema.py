"""The form of a signed packet: exactly these members, each of its kind."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from yidaitong.departments.answers import Outcome
from yidaitong.departments.fields import FieldType
from yidaitong.departments.reading import Why
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.strictjson import StrictJsonError, parse_object
from yidaitong.packets.composing import VERSION
from yidaitong.pulls.lifecycle import LineStatus

MAX_BYTES: Final = 3 * 1024 * 1024
# Read only after the signature: as many values as fit, so that a long answer is no bomb.
MAX_VALUES: Final = 400_000

_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z", re.ASCII)
_MAX_TEXT: Final = 4000


class PacketFormError(ValueError):
    """Signed bytes that are no packet; the message names a member, never a value."""


Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT


def _digest(value: Any) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _parsed(read: Callable[[str], object]) -> Check:
    def check(value: Any) -> bool:
        try:
            return isinstance(value, str) and str(read(value)) is not None
        except ValueError:
            return False

    return check


def _time(value: Any) -> bool:
    return (
        _text(value)
        and _TIME.fullmatch(value) is not None
        and _parsed(datetime.fromisoformat)(value)
    )


def _uuid(value: Any) -> bool:
    return _parsed(UUID)(value) and str(UUID(value)) == value


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _value(value: Any) -> bool:
    return value is None or isinstance(value, str | int)  # A flag is a whole number here.


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _one_of(*known: str) -> Check:
    return lambda value: isinstance(value, str) and value in known


def _codes(kind: Any) -> Check:
    return _one_of(*(member.value for member in kind))


def _codes_of_resources(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(code, str) and code in RESOURCES for code in value
    )


_day: Final = _parsed(date.fromisoformat)

_LEAF_ITEM: Final = {
    "name": _text,
    "type": _codes(FieldType),
    "raw": _optional(lambda value: isinstance(value, str)),
    "value": _value,
    "unit": lambda value: isinstance(value, str),
}
_LIST_ITEM: Final = frozenset({"name", "type", "rows"})
_DERIVED: Final = {
    "name": _text,
    "value": _value,
    "why": _optional(_codes(Why)),
    "as_of": _optional(_day),
    "late": _flag,
    "version": _whole,
    "resources": _codes_of_resources,
}
_RESOURCE: Final = {
    "resource": _one_of(*RESOURCES),
    "status": _codes(LineStatus),
    "outcome": _optional(_codes(Outcome)),
    "quality": _optional(_text),
    "why": _optional(_text),
    "as_of": _optional(_day),
    "produced_at": _optional(_time),
    "fetched_at": _optional(_time),
    "request_sha256": _optional(_digest),
    "answer_sha256": _optional(_digest),
    "items": lambda value: isinstance(value, list),
}
# Stands only where the answer can be narrowed.
_ISSUED: Final = {"issued_sha256": _digest}
_PACKET: Final = {
    "v": _one_of(VERSION),
    "packet_id": _uuid,
    "issuer": _text,
    "audience": _text,
    "consent": {"chain_id": _uuid, "consent_id": _uuid, "artefact_sha256": _digest},
    "pull": {"id": _uuid, "body_sha256": _digest},
    "subject": {"kind": _one_of("ENTERPRISE", "PERSON"), "uscc": _text, "name": _text},
    "purpose": _text,
    "product": {"product_id": _text, "policy_version": _whole, "policy_sha256": _text},
    "issued_at": _time,
    "fetch_before": _time,
    "erase_due_at": _time,
    "complete": _flag,
    "resources": lambda value: isinstance(value, list),
    "derived": lambda value: isinstance(value, list),
}


def read_packet(payload: bytes) -> dict[str, Any]:
    """The packet in signed bytes, read strictly.

    Raises:
        PacketFormError: not a packet.
    """
    try:
        body = parse_object(payload, max_bytes=MAX_BYTES, max_values=MAX_VALUES)
    except StrictJsonError as error:
        raise PacketFormError(f"not strict JSON: {error.flaw}") from error
    _check(body, _PACKET, "packet")
    for entry in body["resources"]:
        narrow = isinstance(entry, dict) and "issued_sha256" in entry
        _check(entry, _RESOURCE | _ISSUED if narrow else _RESOURCE, "resources")
        _check_items(entry["items"])
    for one in body["derived"]:
        _check(one, _DERIVED, "derived")
        if (one["value"] is None) != (one["why"] is not None):
            raise PacketFormError("derived: a value, or why there is none")
    return body


def _check(value: Any, form: Mapping[str, Any], where: str) -> None:
    if not isinstance(value, dict) or value.keys() != form.keys():
        raise PacketFormError(f"{where}: members")
    for name, wanted in form.items():
        if type(wanted) is dict:  # An abstract type costs ten times as much to ask.
            _check(value[name], wanted, f"{where}.{name}")
        elif not wanted(value[name]):
            raise PacketFormError(f"{where}.{name}")


def _check_items(items: list[Any]) -> None:
    for item in items:
        if isinstance(item, dict) and "rows" in item and item.keys() == _LIST_ITEM:
            rows = item["rows"]
            known = _text(item["name"]) and item["type"] == FieldType.LIST
            if not known or not isinstance(rows, list):
                raise PacketFormError("items.rows")
            for row in rows:
                if not isinstance(row, list):
                    raise PacketFormError("items.rows")
                _check_items(row)
        else:
            _check(item, _LEAF_ITEM, "items")
