"""The end of collecting: SEALED or FAILED, refunds, and what is promised next."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consent import service
from consent.events import canonical, sha256_b64u
from consent.service import EventType
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import holding, stopping
from yidaitong.pulls.lifecycle import (
    COLLECTING,
    GAVE,
    REFUNDED,
    UNRELEASED,
    LineStatus,
    after,
)
from yidaitong.pulls.models import Pull, PullLine
from yidaitong.pulls.moving import RUN, Locked, chain_of, lines, lock, move, read
from yidaitong.pulls.slots import all_used, give_back

NO_ANSWER = "NO_ANSWER"
RELEASE_JOB = "packets.release"
_SOON = timedelta(milliseconds=20)


def close(uow: UnitOfWork, pull_id: UUID) -> timedelta | None:
    """Close a pull whose lines are all closed (P5, P6); else say when a line may be asked next.

    None: nothing is left to do here. A pull of a halted consent is held, one of an ended consent
    is cancelled. Safe to repeat.

    Raises:
        NotFoundError: no such pull.
    """
    locked = lock(uow, chain_of(uow, pull_id), RUN)
    pull = read(locked, pull_id)
    if pull.state not in UNRELEASED:
        return None
    if locked.stopped:
        stopping.cancel_under(locked, pull, locked.live.state.value)
        return None
    if locked.hold is not None or pull.held is not None:
        holding.settle(locked, pull)
    if pull.held is not None or pull.state not in COLLECTING:
        return None
    found = lines(locked, pull_id)
    if any(line.closed_at is None for line in found):
        return _until_next(found, locked.at)
    _finish(locked, pull, found)
    return None


def mark_released(uow: UnitOfWork, pull_id: UUID, at: datetime) -> None:
    """A packet of this pull was issued (P7), in the same transaction; its consent is locked.

    Ends the consent when this was its last call (A9).

    Raises:
        InvalidStateError: the pull is not SEALED.
    """
    locked = lock(uow, chain_of(uow, pull_id), RELEASE_JOB)
    pull = read(locked, pull_id)
    pull.state = after(pull.state, EventType.PACKET_ISSUED)
    pull.released_at = at
    # The packet has the answers now; one copy less to destroy.
    for line in lines(locked, pull_id):
        line.answer_sealed = None
    uow.session.flush()
    artefact = service.artefact_of(locked.desk, locked.live.row)
    if all_used(uow, locked.live, artefact):
        service.exhaust(locked.desk, locked.live.id)


def manifest(found: Sequence[PullLine]) -> list[dict[str, Any]]:
    """What every resource brought, as the hash of the manifest covers it."""
    return [
        {
            "resource": line.resource,
            "status": line.status.value,
            "outcome": None if line.outcome is None else line.outcome.value,
            "as_of": None if line.as_of is None else line.as_of.isoformat(),
            "answer_sha256": line.answer_sha256,
        }
        for line in sorted(found, key=lambda line: line.resource)
    ]


def fail(locked: Locked, pull: Pull, found: Sequence[PullLine], cause: str) -> None:
    """End a pull that brought nothing (P6, P14) and tell whoever waits for it.

    Nothing sealed is kept.
    """
    for line in found:
        line.answer_sealed = None
    members = {"cause": cause, "lines": _said(found)}
    move(locked, pull, EventType.PULL_FAILED, members, {"cause": cause, "held": None})
    if pull.application_id is not None:
        locked.uow.defer(stopping.EVALUATE_JOB, application_id=pull.application_id)


def _finish(locked: Locked, pull: Pull, found: Sequence[PullLine]) -> None:
    if any(line.status in GAVE for line in found):
        _seal(locked, pull, found)
    else:
        fail(locked, pull, found, NO_ANSWER)
    lost = [line.resource for line in found if line.status in REFUNDED]
    slots = give_back(locked.uow, pull.id, lost) if lost else []
    if slots:
        move(locked, pull, EventType.PULL_SLOT_REFUNDED, {"slots": slots})


def _seal(locked: Locked, pull: Pull, found: Sequence[PullLine]) -> None:
    digest = sha256_b64u(canonical({"lines": manifest(found)}))
    complete = all(line.status in GAVE and line.quality is None for line in found)
    changes = {"manifest_sha256": digest, "complete": complete, "sealed_at": locked.at}
    members = {"manifest_sha256": digest, "complete": complete}
    move(locked, pull, EventType.PULL_DONE, members, changes)
    locked.uow.defer(RELEASE_JOB, key=f"{pull.id}:{pull.n}", pull_id=pull.id)


def _said(found: Sequence[PullLine]) -> list[dict[str, str]]:
    return [{"resource": line.resource, "status": line.status.value} for line in found]


def _until_next(found: Sequence[PullLine], at: datetime) -> timedelta:
    nexts = [
        max(line.not_before, line.leased_until or line.not_before)
        for line in found
        if line.status is LineStatus.PENDING
    ]
    return max(min(nexts, default=at) - at, timedelta()) + _SOON
