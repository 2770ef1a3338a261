"""The lock a pull moves under, and the only way to move it: state, event and leaf together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.lifecycle import ConsentState
from consent.ports import Desk
from consent.service import EventType
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.lifecycle import ENDED, PullState, after
from yidaitong.pulls.models import Pull, PullLine

RUN = "pulls.run"
HOLDS: Mapping[ConsentState, str] = {
    ConsentState.PAUSED: "PAUSED",
    ConsentState.SUSPENDED: "SUSPENDED",
}


@dataclass(frozen=True, slots=True)
class Locked:
    """A consent locked for one transaction, and the desk that writes its evidence."""

    uow: UnitOfWork
    desk: Desk
    live: service.LiveChain

    @property
    def at(self) -> datetime:
        """The instant everything in this transaction is decided at."""
        return self.live.at

    @property
    def hold(self) -> str | None:
        """Why lines wait under this consent now, None when they need not."""
        return HOLDS.get(self.live.state)

    @property
    def stopped(self) -> bool:
        """Whether nothing may be asked, kept or handed over any more."""
        return not self.live.is_live or self.live.row.use_ended_at is not None


def lock(uow: UnitOfWork, chain_id: UUID, job: str) -> Locked:
    """Lock the consent of a pull; ``job`` names the system's own acts in evidence.

    Raises:
        NotFoundError: no such consent, or somebody else's.
    """
    desk = desk_of(uow, job=job if uow.actor.realm is Realm.SYSTEM else None)
    return Locked(uow, desk, service.lock_chain(desk, chain_id))


def chain_of(uow: UnitOfWork, pull_id: UUID) -> UUID:
    """The consent of a pull, read before its lock.

    Raises:
        NotFoundError: no such pull, or somebody else's.
    """
    found = uow.session.scalar(select(Pull.chain_id).where(Pull.id == pull_id))
    if found is None:
        raise NotFoundError(f"pull {pull_id}")
    return found


def read(locked: Locked, pull_id: UUID) -> Pull:
    """A pull of a locked consent as it is now; nobody else moves it meanwhile."""
    return locked.uow.session.scalars(
        select(Pull)
        .where(Pull.id == pull_id, Pull.chain_id == locked.live.id)
        .execution_options(populate_existing=True)
    ).one()


def read_line(locked: Locked, line_id: UUID) -> tuple[PullLine, Pull]:
    """A line and its pull of a locked consent as they are now."""
    row = locked.uow.session.execute(
        select(PullLine, Pull)
        .join(Pull, Pull.id == PullLine.pull_id)
        .where(PullLine.id == line_id)
        .execution_options(populate_existing=True)
    ).one()
    return row[0], row[1]


def lines(locked: Locked, pull_id: UUID) -> list[PullLine]:
    """The lines of a pull of a locked consent as they are now, by id."""
    return list(
        locked.uow.session.scalars(
            select(PullLine)
            .where(PullLine.pull_id == pull_id)
            .order_by(PullLine.id)
            .execution_options(populate_existing=True)
        )
    )


def move(
    locked: Locked,
    pull: Pull,
    event: EventType,
    members: Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Take one edge: the state, what changes with it, the event and its leaf.

    Raises:
        InvalidStateError: the table has no such edge.
    """
    before = pull.state
    values = {"state": after(before, event), "n": pull.n + 1, **(changes or {})}
    if values["state"] in ENDED and before not in ENDED:
        values["ended_at"] = locked.at
    for name, value in values.items():
        setattr(pull, name, value)
    locked.uow.session.flush()
    note(locked, pull, event, members, before)


def note(
    locked: Locked,
    pull: Pull,
    event: EventType,
    members: Mapping[str, Any],
    before: PullState | None = None,
) -> None:
    """Write the event of a pull whose row says already what happened."""
    service.record(
        locked.desk,
        service.Event(
            type=event,
            ref=pull.id,
            n=pull.n,
            chain_id=pull.chain_id,
            digest=pull.digest,
            before=before,
            after=pull.state,
            members=members,
        ),
        locked.at,
    )
