"""Slots: the right to one call of one resource in one window, taken all together or not at all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select

from consent import service
from consent.artefact import ConsentArtefact
from consent.errors import ConsentExhaustedError
from consent.events import iso
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.errors import FrequencyExceededError
from yidaitong.pulls.lifecycle import UNRELEASED
from yidaitong.pulls.models import Pull, PullSlot
from yidaitong.pulls.windows import LIFE, Window, window_at

_NOT_YET = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Taken:
    """One slot somebody holds; ``until`` is the end of the pull it waits for, None once used."""

    resource: str
    window_at: datetime
    ordinal: int
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """The limits of one locked consent at one instant."""

    live: service.LiveChain
    artefact: ConsentArtefact
    window: Window
    taken: Mapping[str, Sequence[_Taken]]

    def free(self, resource: str) -> int | None:
        """The lowest free ordinal in the present window, None when it is full."""
        used = {one.ordinal for one in self._now(resource)}
        quota = self.artefact.total_quota
        if quota is not None and len(self.taken[resource]) >= quota:
            return None
        ordinals = range(1, self.artefact.frequency.n + 1)
        return next((one for one in ordinals if one not in used), None)

    def used_up(self, resource: str) -> bool:
        """Whether no window ahead has a call left, and none can come back."""
        if any(one.until is not None for one in self.taken[resource]):
            return False
        quota = self.artefact.total_quota
        whole = quota is not None and len(self.taken[resource]) >= quota
        return whole or (self.artefact.frequency.unit == LIFE and self.free(resource) is None)

    def next_at(self, resource: str) -> datetime:
        """When a call may be left: the next window, or the end of a pull that holds a slot."""
        ends = [one.until for one in self.taken[resource] if one.until is not None]
        if self.window.ends_at is not None:
            ends.append(self.window.ends_at)
        return min(ends, default=self.live.row.ends_at)

    def _now(self, resource: str) -> list[_Taken]:
        return [one for one in self.taken[resource] if one.window_at == self.window.starts_at]


def slots_of(uow: UnitOfWork, live: service.LiveChain, artefact: ConsentArtefact) -> Slots:
    """What is taken of the calls of a locked consent."""
    rows = uow.session.execute(
        select(PullSlot.resource, PullSlot.window_at, PullSlot.ordinal, Pull.state, Pull.expires_at)
        .join(Pull, Pull.id == PullSlot.pull_id)
        .where(PullSlot.chain_id == live.id)
    )
    taken: dict[str, list[_Taken]] = defaultdict(list)
    for row in rows:
        until = row.expires_at if row.state in UNRELEASED else None
        taken[row.resource].append(_Taken(row.resource, row.window_at, row.ordinal, until))
    frequency = artefact.frequency
    window = window_at(live.row.anchor_at, frequency.unit, frequency.anchor_tz, live.at)
    return Slots(live=live, artefact=artefact, window=window, taken=taken)


def check(slots: Slots, resources: Iterable[str]) -> dict[str, int]:
    """A free ordinal for each resource: all of them or none.

    Raises:
        ConsentExhaustedError: calls of ``resources`` are used up for good.
        FrequencyExceededError: a window is full; ``next_allowed_at`` says until when.
    """
    found = {resource: slots.free(resource) for resource in resources}
    full = sorted(resource for resource, ordinal in found.items() if ordinal is None)
    gone = [resource for resource in full if slots.used_up(resource)]
    if gone:
        raise ConsentExhaustedError(f"chain {slots.live.id}", resources=gone)
    if full:
        next_at = max(slots.next_at(resource) for resource in full)
        wait = max(next_at - slots.live.at, _NOT_YET)
        raise FrequencyExceededError(
            f"chain {slots.live.id}",
            resources=full,
            next_allowed_at=iso(next_at),
            retry_after=int(wait.total_seconds()) + 1,
        )
    return {resource: ordinal for resource, ordinal in found.items() if ordinal is not None}


def take(uow: UnitOfWork, slots: Slots, pull: Pull, ordinals: Mapping[str, int]) -> list[Any]:
    """Write the slots of a pull; as evidence names them. The primary key is the last word."""
    row = slots.live.row
    uow.session.execute(
        insert(PullSlot),
        [
            {
                "chain_id": row.id,
                "resource": resource,
                "window_at": slots.window.starts_at,
                "ordinal": ordinal,
                "pull_id": pull.id,
                "enterprise_id": row.enterprise_id,
                "bank_id": row.bank_id,
                "taken_at": slots.live.at,
            }
            for resource, ordinal in ordinals.items()
        ],
    )
    return [
        _named(resource, slots.window.starts_at, ordinals[resource])
        for resource in sorted(ordinals)
    ]


def give_back(uow: UnitOfWork, pull_id: UUID, resources: Iterable[str]) -> list[Any]:
    """Take out the slots of lines that brought nothing, into the same window; their names."""
    rows = uow.session.execute(
        delete(PullSlot)
        .where(PullSlot.pull_id == pull_id, PullSlot.resource.in_(list(resources)))
        .returning(PullSlot.resource, PullSlot.window_at, PullSlot.ordinal)
    ).all()
    return [_named(row.resource, row.window_at, row.ordinal) for row in sorted(rows)]


def all_used(uow: UnitOfWork, live: service.LiveChain, artefact: ConsentArtefact) -> bool:
    """Whether a locked consent has no call left of anything, and no pull that is unreleased."""
    open_pulls = uow.session.scalar(
        select(func.count())
        .select_from(Pull)
        .where(Pull.chain_id == live.id, Pull.state.in_(UNRELEASED))
    )
    if open_pulls:
        return False
    slots = slots_of(uow, live, artefact)
    return all(slots.used_up(resource) for resource in artefact.resources)


def _named(resource: str, window: datetime, ordinal: int) -> dict[str, Any]:
    return {"resource": resource, "window_at": iso(window), "ordinal": ordinal}
