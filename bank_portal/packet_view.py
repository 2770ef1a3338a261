"""The content of an opened packet in the words of the catalogue, flat enough for a page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yidaitong.departments.fields import Field
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.text import Text
from yidaitong.packets.opening import OpenedPacket


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """A list of a resource: heads of its columns and its rows as raw text."""

    name: Text
    heads: Sequence[Text]
    rows: Sequence[Sequence[str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceView:
    """One resource: single fields, then lists."""

    department: Text
    text: Text
    status: Any
    values: Sequence[tuple[Text, str | None]]
    lists: Sequence[ListView]


def resources(opened: OpenedPacket) -> list[ResourceView]:
    """Every resource of a packet in the order of the catalogue."""
    return [
        ResourceView(
            department=one.department,
            text=one.text,
            status=one.status,
            values=[
                (_text(RESOURCES[one.resource].fields, item["name"]), item["raw"])
                for item in one.items
                if "rows" not in item
            ],
            lists=list(_lists(RESOURCES[one.resource].fields, one.items)),
        )
        for one in opened.resources
    ]


def _lists(
    fields: Sequence[Field], items: Sequence[Mapping[str, Any]], prefix: str = ""
) -> Iterator[ListView]:
    """Lists of one level, each followed by the lists in its rows."""
    for item in items:
        if "rows" not in item:
            continue
        field = _field(fields, item["name"])
        inner = () if field is None else field.rows
        columns = [one for one in inner if not one.rows]
        name = Text(*(f"{prefix}{word}" for word in _words(fields, item["name"])))
        yield ListView(
            name=name,
            heads=[one.text for one in columns],
            rows=[[_raw(row, one.name) for one in columns] for row in item["rows"]],
        )
        for n, row in enumerate(item["rows"], start=1):
            yield from _lists(inner, row, f"{n} · ")


def _raw(row: Sequence[Mapping[str, Any]], name: str) -> str | None:
    return next((cell.get("raw") for cell in row if cell["name"] == name), None)


def _field(fields: Sequence[Field], name: str) -> Field | None:
    return next((one for one in fields if one.name == name), None)


def _text(fields: Sequence[Field], name: str) -> Text:
    return Text(*_words(fields, name))


def _words(fields: Sequence[Field], name: str) -> tuple[str, str]:
    field = _field(fields, name)
    return (name, name) if field is None else (field.text.zh, field.text.en)
