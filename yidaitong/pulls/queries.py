"""Reading pulls: one, those of an application, their progress, what is still on the wire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from yidaitong.departments.answers import Outcome
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.lifecycle import ENDED, LineStatus, PullState
from yidaitong.pulls.models import Pull, PullLine
from yidaitong.pulls.results import LineResult, lines_of, results

__all__ = [
    "READ",
    "LineProgress",
    "LineResult",
    "OnTheWire",
    "Progress",
    "on_the_wire",
    "progress",
    "progress_of_application",
    "pull_of",
    "pulls_of_application",
    "pulls_of_bank",
    "pulls_of_chain",
    "results",
]

READ = "pull.read"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProgress:
    """One resource as progress pages show it."""

    resource: str
    text: Text
    department: str
    status: LineStatus
    outcome: Outcome | None
    why: str | None
    quality: str | None
    as_of: date | None
    attempt: int
    sent_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One pull as progress pages show it; ``held`` says why it waits."""

    pull_id: UUID
    chain_id: UUID
    application_id: UUID | None
    personal: bool
    state: PullState
    held: str | None
    received_at: datetime
    released_at: datetime | None
    expires_at: datetime
    lines: tuple[LineProgress, ...]

    @property
    def closed(self) -> int:
        """Lines that are closed."""
        return sum(line.closed_at is not None for line in self.lines)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTheWire:
    """A question that was out when its consent ended, and the instant its ticket ends."""

    resource: str
    end_by: datetime


def pull_of(uow: UnitOfWork, pull_id: UUID) -> Pull:
    """One pull the actor may see.

    Raises:
        ForbiddenError: the actor may not read pulls.
        NotFoundError: unknown, or somebody else's.
    """
    uow.actor.require(READ)
    found = uow.session.scalar(select(Pull).where(Pull.id == pull_id, *_visible(uow)))
    if found is None:
        raise NotFoundError(f"pull {pull_id}")
    return found


def pulls_of_bank(uow: UnitOfWork, after: UUID | None = None, limit: int = 50) -> list[Pull]:
    """Pulls of the actor's bank, newest first; ``after`` is the last id seen."""
    uow.actor.require(READ)
    query = select(Pull).where(Pull.bank_id == uow.actor.bank_id)
    if after is not None:
        query = query.where(Pull.id < after)
    return list(uow.session.scalars(query.order_by(Pull.id.desc()).limit(limit)))


def pulls_of_chain(uow: UnitOfWork, chain_id: UUID) -> list[Pull]:
    """Every pull under one consent that the actor may see, oldest first."""
    query = select(Pull).where(Pull.chain_id == chain_id, *_visible(uow))
    return list(uow.session.scalars(query.order_by(Pull.id)))


def pulls_of_application(uow: UnitOfWork, application_id: UUID) -> list[Pull]:
    """Every pull made for one application that the actor may see, oldest first.

    Refused requests are no pulls: nobody waits for them.
    """
    query = select(Pull).where(
        Pull.application_id == application_id, Pull.state != PullState.REJECTED, *_visible(uow)
    )
    return list(uow.session.scalars(query.order_by(Pull.id)))


def progress(uow: UnitOfWork, pull_id: UUID) -> Progress:
    """How far one pull is.

    Raises:
        ForbiddenError: the actor may not read pulls.
        NotFoundError: unknown, or somebody else's.
    """
    return _progress(uow, [pull_of(uow, pull_id)])[0]


def progress_of_application(uow: UnitOfWork, application_id: UUID) -> list[Progress]:
    """How far the pulls of one application are, oldest first; two queries however many."""
    return _progress(uow, pulls_of_application(uow, application_id))


def progress_of_chain(uow: UnitOfWork, chain_id: UUID) -> list[Progress]:
    """How far the pulls under one consent are, oldest first; refused requests are no pulls."""
    begun = [one for one in pulls_of_chain(uow, chain_id) if one.state is not PullState.REJECTED]
    return _progress(uow, begun)


def on_the_wire(uow: UnitOfWork, chain_id: UUID) -> list[OnTheWire]:
    """Questions of one consent that are out now; what comes back after its end is not read."""
    rows = uow.session.execute(
        select(PullLine.resource, PullLine.end_by)
        .where(
            PullLine.chain_id == chain_id,
            PullLine.closed_at.is_(None),
            PullLine.leased_until.is_not(None),
            PullLine.end_by > func.clock_timestamp(),
        )
        .order_by(PullLine.end_by, PullLine.resource)
    )
    return [OnTheWire(resource=row.resource, end_by=row.end_by) for row in rows]


def _visible(uow: UnitOfWork) -> list[Any]:
    actor = uow.actor
    match actor.realm:
        case Realm.BANK:
            return [Pull.bank_id == actor.bank_id]
        case Realm.ENTERPRISE:
            # A personal consent is the person's own, whoever else works for the enterprise.
            own = or_(Pull.person_id.is_(None), Pull.person_id == actor.person_id)
            return [Pull.enterprise_id == actor.enterprise_id, own]
        case Realm.GOV | Realm.SYSTEM:
            return []
        case Realm.PUBLIC:
            raise NotFoundError("nobody is signed in")


def _progress(uow: UnitOfWork, pulls: Sequence[Pull]) -> list[Progress]:
    lines: dict[UUID, list[LineProgress]] = {pull.id: [] for pull in pulls}
    for line in lines_of(uow, lines):
        lines[line.pull_id].append(_line_progress(line))
    return [
        Progress(
            pull_id=pull.id,
            chain_id=pull.chain_id,
            application_id=pull.application_id,
            personal=pull.person_id is not None,
            state=pull.state,
            held=pull.held,
            received_at=pull.received_at,
            released_at=pull.released_at,
            expires_at=pull.expires_at,
            lines=tuple(lines[pull.id]),
        )
        for pull in pulls
    ]


def _line_progress(line: PullLine) -> LineProgress:
    resource = RESOURCES[line.resource]
    return LineProgress(
        resource=line.resource,
        text=resource.text,
        department=resource.department,
        status=line.status,
        outcome=line.outcome,
        why=line.why,
        quality=line.quality,
        as_of=line.as_of,
        attempt=line.attempt,
        sent_at=line.sent_at,
        closed_at=line.closed_at,
    )
