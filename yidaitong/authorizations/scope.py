"""The scope of a consent, derived from what a policy names; nobody types it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from consent.artefact import Dataset, DateRange
from yidaitong.departments.items import ITEMS, Item
from yidaitong.departments.registry import RESOURCES

_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Datasets of the enterprise, and those that need a natural person's own consent."""

    enterprise: tuple[Dataset, ...]
    personal: tuple[Dataset, ...]


def scope_of(
    items: Iterable[str],
    starts_on: date,
    expires_on: date,
    optional: frozenset[str] = frozenset(),
) -> Scope:
    """What must be consented to so that ``items`` can be computed on any day of the consent.

    Platform items need no department. Order is the catalogue's. A resource may be left out when
    all its items are ``optional``.

    Raises:
        KeyError: no department derives such an item.
    """
    named = [ITEMS[name] for name in sorted(set(items))]
    days = (starts_on, expires_on)
    scope = Scope(
        enterprise=_datasets([item for item in named if not item.personal], days),
        personal=_datasets([item for item in named if item.personal], days),
    )
    return Scope(
        enterprise=tuple(_marked(dataset, optional) for dataset in scope.enterprise),
        personal=scope.personal,
    )


def less_items(dataset: Dataset, items: Iterable[str]) -> Dataset:
    """The dataset without the items that are not in ``items``, nor the fields only they read."""
    kept = [ITEMS[name] for name in dataset.items if name in set(items)]
    read = {name for item in kept for name in item.fields}
    return replace(
        dataset,
        items=tuple(item.name for item in kept),
        fields=tuple(name for name in dataset.fields if name in read),
    )


def _marked(dataset: Dataset, optional: frozenset[str]) -> Dataset:
    return replace(dataset, optional=set(dataset.items) <= optional)


def whole_scope(scope: Scope) -> tuple[Dataset, ...]:
    """Both parts as one: for an individual business all is its owner's."""
    merged: dict[str, Dataset] = {}
    for dataset in (*scope.enterprise, *scope.personal):
        known = merged.get(dataset.resource)
        merged[dataset.resource] = dataset if known is None else _merge(known, dataset)
    return tuple(merged[code] for code in RESOURCES if code in merged)


def _datasets(items: list[Item], days: tuple[date, date]) -> tuple[Dataset, ...]:
    found = []
    for code in RESOURCES:
        mine = [item for item in items if item.resource == code]
        if mine:
            found.append(_dataset(code, mine, days))
    return tuple(found)


def _dataset(code: str, items: list[Item], days: tuple[date, date]) -> Dataset:
    resource = RESOURCES[code]
    read = {name for item in items for name in item.fields}
    return Dataset(
        resource=code,
        fields=_in_order([field.name for field in resource.fields], read),
        items=tuple(item.name for item in items),
        range=_range(max(item.months for item in items), resource.freshness_sla_days, days),
        optional=False,
        sensitivity=resource.sensitivity,
    )


def _merge(one: Dataset, other: Dataset) -> Dataset:
    order = [field.name for field in RESOURCES[one.resource].fields]
    return Dataset(
        resource=one.resource,
        fields=_in_order(order, {*one.fields, *other.fields}),
        items=tuple(sorted({*one.items, *other.items})),
        range=one.range or other.range,
        optional=one.optional and other.optional,
        sensitivity=one.sensitivity,
    )


def _in_order(order: list[str], names: set[str]) -> tuple[str, ...]:
    known = [name for name in order if name in names]
    return tuple(known + sorted(names - set(known)))


def _range(months: int, lag_days: int, days: tuple[date, date]) -> DateRange | None:
    """The months an item may read; None: present state.

    They begin ``months`` before the end of the oldest last full month a source within its promise
    can answer on the first day, and end with the last full month of the consent's last day.
    """
    if months == 0:
        return None
    starts_on, expires_on = days
    oldest_answer = starts_on - timedelta(days=lag_days)
    from_on = _month_start(oldest_answer, -months)
    return DateRange(from_on=from_on.isoformat(), to_on=_month_start(expires_on, 0).isoformat())


def _month_start(on: date, shift: int) -> date:
    """First day of the month ``shift`` months from ``on``."""
    index = on.year * _MONTHS + on.month - 1 + shift
    return date(index // _MONTHS, index % _MONTHS + 1, 1)
