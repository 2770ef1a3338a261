"""Changing the key-encryption key under way: the next version, moving keys, destroying the old."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from yidaitong import audit
from yidaitong.authorizations import keks
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import monotonic
from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keks import rewrapping
from yidaitong.kernel.crypto.keks.provider import current
from yidaitong.runtime import Runtime

# A job of the queue ends well before the queue's patience does; the rest goes on at once.
_JOB_SECONDS: Final = 30.0
_log = structlog.get_logger(__name__)
# What is told after each batch: keys moved so far, keys there were to move.
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrapped:
    """What one run moved; ``finished`` when nothing rests under an older version any more.

    ``broken`` names rows that do not unwrap: they stay as they are, for a person to look at.
    """

    version: int
    moved: int
    finished: bool
    broken: Sequence[str] = ()


def next_version(rt: Runtime) -> tuple[int, int]:
    """Have the next version made if it is not there yet, and wrap under it: new and old number.

    Raises:
        InvalidStateError: only a person can supply one.
        KekUnavailableError: what holds the keys does not answer.
    """
    provider = rt.crypto.keyring.provider
    with rt.transaction(SYSTEM) as uow:
        active = rt.crypto.keyring.check(uow.session)
    version = current(provider)
    if version <= active:
        version = provider.make()  # No transaction is open while its holder works.
    with rt.transaction(SYSTEM) as uow:
        return version, keks.begin_next(uow, version)


def rewrap(
    rt: Runtime, progress: Progress | None = None, seconds: float | None = None
) -> Rewrapped:
    """Move every key to the active version, a batch at a time; ``seconds`` ends it early.

    May be killed at any point and run again, also by several at once.

    Raises:
        KekUnavailableError: a version is not to be had.
    """
    began, moved = monotonic(), 0
    broken: list[str] = []
    with rt.transaction(SYSTEM) as uow:
        version = uow.crypto.keyring.active(uow.session)
        counts = rewrapping.in_use(uow.session) if progress is not None else {}
    total = sum(count for one, count in counts.items() if one < version)
    while seconds is None or monotonic() - began < seconds:
        if progress is not None:
            progress(moved, max(total, moved))
        rows = _waiting(rt, broken)
        if not rows:
            _finish(rt)
            return Rewrapped(version=version, moved=moved, finished=not broken, broken=broken)
        turned, refused = rewrapping.turn(rt.crypto.keyring, rows, version)
        broken += [row.about for row in refused]
        with rt.transaction(SYSTEM) as uow:
            done = rewrapping.put(uow.session, turned)
        moved += done
        if turned and not done:
            break  # Others hold what is left: they move it, or the next run does.
    return Rewrapped(version=version, moved=moved, finished=False, broken=broken)


def _waiting(rt: Runtime, broken: Collection[str]) -> list[rewrapping.Wrapped]:
    with rt.transaction(SYSTEM) as uow:
        limit = rewrapping.BATCH + len(broken)
        rows = rewrapping.waiting(uow.session, uow.crypto.keyring, limit)
    return [row for row in rows if row.about not in broken]


def _finish(rt: Runtime) -> None:
    with rt.transaction(SYSTEM) as uow:
        for version in rewrapping.finish(uow.session):
            audit.record(uow, keks.REWRAP, object_type="kek", object_id=version)


def run_rewrap(rt: Runtime) -> timedelta | None:
    """The job: as far as half a minute goes, then again.

    Raises:
        SealBrokenError: all others are moved, but these rows do not unwrap.
    """
    done = rewrap(rt, seconds=_JOB_SECONDS)
    if done.broken:
        raise SealBrokenError(f"{len(done.broken)} keys do not unwrap, first {done.broken[0]}")
    return None if done.finished else timedelta(seconds=1)


def change_if_due(rt: Runtime) -> None:
    """The next version where it is due and may be made without a person; else a warning."""
    with rt.transaction(SYSTEM) as uow:
        standing = keks.standing(uow)
    if standing is None or not standing.due:
        return
    if rt.crypto.keyring.provider.automatic:
        next_version(rt)
    else:
        _log.warning("kek.due", version=standing.version, days=standing.age_days)


def forget(rt: Runtime, version: int) -> None:
    """Have the holder of the keys destroy a version that was struck off."""
    gone = rt.crypto.keyring.provider.destroy(version)
    with rt.transaction(SYSTEM) as uow:
        action = "keys.forget" if gone else "keys.remove_by_hand"
        audit.record(uow, action, object_type="kek", object_id=version)
    if not gone:
        _log.warning("kek.remove_by_hand", version=version)
