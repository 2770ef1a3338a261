"""Facts as a packet states them: the source's raw text, the converted value, its unit."""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Final

from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.fields import Field, FieldType
from yidaitong.departments.reading import Record, UnknownError
from yidaitong.departments.registry import RESOURCES

# Beyond this JSON readers disagree (RFC 7493): such an amount is given as raw text only.
_MAX_INTEGER: Final = (1 << 53) - 1

_VALUES: Mapping[FieldType, Callable[[Record, str], Any]] = {
    FieldType.STRING: Record.text,
    FieldType.INT: Record.number,
    FieldType.FEN: Record.fen,
    FieldType.DATE: lambda record, name: record.day(name).isoformat(),
    FieldType.MONTH: lambda record, name: record.month(name) and record.values[name],
    FieldType.BOOL: Record.flag,
    FieldType.NUMBER: lambda record, name: str(record.decimal(name)),
    FieldType.BP: lambda record, name: record.number(name, FieldType.BP),
}


class _Everything(Container[str]):
    def __contains__(self, _name: object) -> bool:
        return True


_ALL_FIELDS = _Everything()


def released_items(
    resource: str, values: Mapping[str, object], names: Container[str]
) -> list[dict[str, Any]]:
    """The consented fields of one answer, in the order of the catalogue.

    A field the source left out is left out; one it sent as null has a null value. The verifier
    builds the same list from the department's signed answer and compares.
    """
    return _items(RESOURCES[resource].fields, values, names)


def released_names(resource: str, names: Container[str]) -> frozenset[str]:
    """The consented fields that may go to a bank at all."""
    fields = RESOURCES[resource].fields
    return frozenset(one.name for one in fields if one.name in names and _may_leave(one))


def usable(answer: Answer) -> bool:
    """Whether an answer states facts at all."""
    stated = {Outcome.DATA, Outcome.PARTIAL, Outcome.STALE}
    return answer.why is None and answer.outcome in stated


def _may_leave(field: Field) -> bool:
    return not field.match_only and not field.beside


def _items(
    fields: Sequence[Field], values: Mapping[str, object], names: Container[str]
) -> list[dict[str, Any]]:
    wanted = [one for one in fields if one.name in names and _may_leave(one)]
    return [_item(one, values) for one in wanted if one.name in values]


def _item(field: Field, values: Mapping[str, object]) -> dict[str, Any]:
    raw = values[field.name]
    head = {"name": field.name, "type": field.type.value}
    if field.type is FieldType.LIST:
        rows = raw if isinstance(raw, list) else []
        return {**head, "rows": [_row(field, row) for row in rows]}
    unit = "fen" if field.type is FieldType.FEN else field.unit.value
    return {**head, "raw": _raw(raw), "value": _value(field, values), "unit": unit}


def _row(field: Field, row: object) -> list[dict[str, Any]]:
    return _items(field.rows, row, _ALL_FIELDS) if isinstance(row, Mapping) else []


def _raw(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _value(field: Field, values: Mapping[str, object]) -> Any:
    try:
        value = _VALUES[field.type](Record((field,), values), field.name)
    except UnknownError:
        return None
    too_big = isinstance(value, int) and abs(value) > _MAX_INTEGER
    return None if too_big else value
