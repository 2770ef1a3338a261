"""Does an answer keep to the definition of its resource: known fields, right types."""

from collections.abc import Callable, Mapping

from yidaitong.departments.fields import Field, FieldType
from yidaitong.departments.reading import Record, UnknownError
from yidaitong.departments.registry import RESOURCES

_READERS: dict[FieldType, Callable[[Record, str], object]] = {
    FieldType.STRING: Record.text,
    FieldType.INT: Record.number,
    FieldType.FEN: Record.fen,
    FieldType.DATE: Record.day,
    FieldType.MONTH: Record.month,
    FieldType.BOOL: Record.flag,
    FieldType.NUMBER: Record.decimal,
    FieldType.BP: lambda record, name: record.number(name, FieldType.BP),
    FieldType.LIST: Record.rows,
}


def schema_problem(resource: str, items: Mapping[str, object]) -> str | None:
    """The first field of an answer that breaks its definition (such as ``paid.month``), or None.

    Fields may be left out (nobody asked) or null (the source has no value); a field that must
    never leave its department, an unknown one, or a wrong type is a problem.
    """
    return _problem(RESOURCES[resource].fields, items)


def _problem(fields: tuple[Field, ...], items: Mapping[str, object]) -> str | None:
    known = {field.name: field for field in fields}
    record = Record(fields, items)
    for name, value in items.items():
        field = known.get(name)
        if field is None or field.match_only:
            return name
        if value is not None:
            inner = _value_problem(record, field)
            if inner is not None:
                return inner
    return None


def _value_problem(record: Record, field: Field) -> str | None:
    try:
        _READERS[field.type](record, field.name)
    except UnknownError:
        return field.name
    if field.type is FieldType.LIST:
        for row in record.rows(field.name):
            inner = _problem(field.rows, row.values)
            if inner is not None:
                return f"{field.name}.{inner}"
    return None
