"""What changes between two artefacts, found by machine, and whether it only narrows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from consent.artefact import ConsentArtefact, Dataset, DateRange
from consent.events import canonical, sha256_b64u

# Names of one version, and words that follow from the rest: no change people decide about.
_NAMES = frozenset(
    {
        "schema_version",
        "consent_id",
        "version",
        "request_id",
        "txn_id",
        "supersedes",
        "renews",
        "prev_digest",
        "notice",
        "starts_at",
        "mandate",
        "language",
    }
)
# What narrowing may touch; everything else must stay as it is.
_NARROWED = frozenset({"datasets", "data_filter", "expires_at", "frequency", "total_quota"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One member that changes; ``resource`` is set where it belongs to one. None: not there."""

    member: str
    before: Any
    after: Any
    resource: str | None = None


def differences(old: ConsentArtefact, new: ConsentArtefact) -> tuple[Difference, ...]:
    """Every change people decide about, in the order of the artefact."""
    return tuple(_members(old.body, new.body))


def diff_sha256(old: ConsentArtefact, new: ConsentArtefact) -> str:
    """Hash of the difference between two exact bodies."""
    changes = [asdict(one) for one in differences(old, new)]
    return sha256_b64u(canonical({"from": old.digest, "to": new.digest, "changes": changes}))


def narrows(old: ConsentArtefact, new: ConsentArtefact) -> bool:
    """Whether ``new`` allows nothing that ``old`` does not: less data, or for less long."""
    changed = {one.member for one in differences(old, new)}
    return (
        changed <= _NARROWED
        and covers(old, new)
        and new.validity[1] <= old.validity[1]
        and _fewer_calls(old, new)
    )


def drops_only_optional(old: ConsentArtefact, new: ConsentArtefact) -> bool:
    """Whether all that is left out of a draft may be left out: mandatory items stay."""
    kept = {dataset.resource: dataset for dataset in new.datasets}
    for dataset in old.datasets:
        if dataset.optional:
            continue
        found = kept.get(dataset.resource)
        if found is None or (found.fields, found.items) != (dataset.fields, dataset.items):
            return False
    return True


def covers(wider: ConsentArtefact, narrower: ConsentArtefact) -> bool:
    """Whether every dataset of ``narrower`` lies within ``wider``."""
    known = {dataset.resource: dataset for dataset in wider.datasets}
    filters = set(narrower.data_filter)
    resources = set(narrower.resources)
    return all(
        dataset.resource in known and within(known[dataset.resource], dataset)
        for dataset in narrower.datasets
    ) and all(one in filters for one in wider.data_filter if one.resource in resources)


def within(wider: Dataset, narrower: Dataset) -> bool:
    """Whether one resource is read no further than ``wider`` allows."""
    return (
        set(narrower.fields) <= set(wider.fields)
        and set(narrower.items) <= set(wider.items)
        and _inside(wider.range, narrower.range)
        and replace(narrower, fields=(), items=(), range=None)
        == replace(wider, fields=(), items=(), range=None)
    )


def _inside(wider: DateRange | None, narrower: DateRange | None) -> bool:
    if wider is None or narrower is None:
        return wider is narrower
    # ISO dates compare as text.
    return wider.from_on <= narrower.from_on < narrower.to_on <= wider.to_on


def _fewer_calls(old: ConsentArtefact, new: ConsentArtefact) -> bool:
    same = replace(new.frequency, n=old.frequency.n) == old.frequency
    if not same or not 1 <= new.frequency.n <= old.frequency.n:
        return False
    if old.total_quota is None:
        return True
    return new.total_quota is not None and 1 <= new.total_quota <= old.total_quota


def _members(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for member in old:
        if member in _NAMES or old[member] == new[member]:
            continue
        if member == "datasets":
            yield from _datasets(old[member], new[member])
        else:
            yield Difference(member=member, before=old[member], after=new[member])


def _datasets(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> Iterator[Difference]:
    before = {one["resource"]: one for one in old}
    after = {one["resource"]: one for one in new}
    for resource in [*before, *(name for name in after if name not in before)]:
        one, other = before.get(resource), after.get(resource)
        if one != other:
            yield Difference(member="datasets", resource=resource, before=one, after=other)
