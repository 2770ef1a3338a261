"""The scope of an authorization as people read it: department by department, item by item."""

from collections.abc import Iterable
from dataclasses import dataclass

from consent.artefact import ConsentArtefact, Dataset, DateRange
from yidaitong.departments.items import ITEMS
from yidaitong.departments.queries import department_of
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLine:
    """One resource of a department: what is read of it and how far back."""

    code: str
    text: Text
    items: tuple[Text, ...]
    range: DateRange | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentGroup:
    """What one department is asked."""

    text: Text
    lines: tuple[ResourceLine, ...]


def groups(artefact: ConsentArtefact) -> list[DepartmentGroup]:
    """The artefact's datasets by department, in the artefact's order."""
    found: dict[str, list[Dataset]] = {}
    for dataset in artefact.datasets:
        found.setdefault(department_of(dataset.resource).code, []).append(dataset)
    return [_group(datasets) for datasets in found.values()]


def _group(datasets: Iterable[Dataset]) -> DepartmentGroup:
    lines = tuple(_line(dataset) for dataset in datasets)
    return DepartmentGroup(text=department_of(lines[0].code).text, lines=lines)


def _line(dataset: Dataset) -> ResourceLine:
    return ResourceLine(
        code=dataset.resource,
        text=RESOURCES[dataset.resource].text,
        items=tuple(ITEMS[item].text for item in dataset.items),
        range=dataset.range,
    )


def optional(artefact: ConsentArtefact) -> list[tuple[str, Text]]:
    """What may be left out: codes of resources and their names."""
    return [
        (dataset.resource, RESOURCES[dataset.resource].text)
        for dataset in artefact.datasets
        if dataset.optional
    ]
