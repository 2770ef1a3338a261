"""The lock of a consent and the only way to move it: clock after the lock, due edge first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from consent import errors
from consent.artefact import ConsentArtefact
from consent.drafts import read_artefact
from consent.events import Event, EventType
from consent.evidence import Recorded, mark_locked, record
from consent.lifecycle import (
    CONSENT_LIFECYCLE,
    LIVE,
    TERMINAL,
    ConsentState,
    due_edge,
    next_due,
    state_at,
)
from consent.models import Chain, ConsentRow
from consent.ports import Desk

REFUSALS: Mapping[ConsentState, type[errors.ConsentNotActiveError]] = {
    ConsentState.SCHEDULED: errors.ConsentNotYetActiveError,
    ConsentState.PAUSED: errors.ConsentPausedError,
    ConsentState.SUSPENDED: errors.ConsentSuspendedError,
    ConsentState.REVOKED: errors.ConsentRevokedError,
    ConsentState.EXPIRED: errors.ConsentExpiredError,
    ConsentState.EXHAUSTED: errors.ConsentExhaustedError,
    ConsentState.SUPERSEDED: errors.ConsentSupersededError,
    ConsentState.VOIDED: errors.ConsentVoidedError,
}


@dataclass(frozen=True, slots=True)
class LiveChain:
    """A locked consent: its row, the state that holds, and the instant that was decided at.

    Good until the transaction ends. ``epoch`` and the rest are read from the row.
    """

    row: Chain
    state: ConsentState
    at: datetime

    @property
    def id(self) -> UUID:
        """Id of the chain."""
        return self.row.id

    @property
    def epoch(self) -> int:
        """Number of edges so far; a changed epoch means: evaluate again."""
        return self.row.epoch

    @property
    def consent_id(self) -> UUID:
        """Id of the newest version of the artefact."""
        return self.row.consent_id

    @property
    def digest(self) -> str:
        """Digest of the newest version of the artefact."""
        return self.row.digest

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.state in LIVE

    def require_active(self) -> None:
        """Refuse unless data may be asked for and released at :attr:`at`.

        Raises:
            ConsentNotActiveError: the subclass of the state; details say until when or by what.
        """
        if self.state is ConsentState.ACTIVE:
            return
        row = self.row
        said: Mapping[ConsentState, tuple[str, Any]] = {
            ConsentState.SCHEDULED: ("starts_at", row.starts_at),
            ConsentState.PAUSED: ("resumes_at", row.resumes_at),
            ConsentState.SUSPENDED: ("reason_class", row.suspended_reason),
            ConsentState.SUPERSEDED: ("new_consent_id", row.superseded_by),
        }
        details = dict([said[self.state]]) if self.state in said else {}
        raise REFUSALS[self.state](f"chain {row.id} is {self.state}", **details)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One edge about to be taken; ``changes`` are facts that change with it."""

    event: EventType
    after: ConsentState
    reason: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    public: Mapping[str, str] = field(default_factory=dict)


def visible(desk: Desk) -> list[Any]:
    """Conditions on the chains the actor may touch; the rest is *not found*."""
    reach = desk.reach
    if reach.everything:
        return []
    if reach.bank_id is not None:
        return [Chain.bank_id == reach.bank_id]
    # A personal consent is the person's own, whoever else works for the enterprise.
    own = or_(Chain.person_id.is_(None), Chain.person_id == desk.actor.person_id)
    return [Chain.enterprise_id == reach.enterprise_id, own]


def lock_chain(desk: Desk, chain_id: UUID) -> LiveChain:
    """Take the lock, read the clock, record what the clock did meanwhile, then say what holds.

    Raises:
        NotFoundError: there is no such consent, or it is somebody else's.
    """
    return _lock(desk, chain_id, visible(desk))


def lock_chains(desk: Desk, chain_ids: Iterable[UUID]) -> list[LiveChain]:
    """Lock several, always in order of id, so that no two transactions wait for each other."""
    return [lock_chain(desk, chain_id) for chain_id in sorted(set(chain_ids))]


def lock_companion(desk: Desk, chain_id: UUID) -> LiveChain:
    """Lock a personal consent because its enterprise's consent ends; no reach is asked."""
    return _lock(desk, chain_id, [])


def _lock(desk: Desk, chain_id: UUID, conditions: list[Any]) -> LiveChain:
    statement = (
        select(Chain)
        .where(Chain.id == chain_id, *conditions)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = desk.session.execute(statement).scalar_one_or_none()
    if row is None:
        raise errors.NotFoundError(f"chain {chain_id}")
    mark_locked(desk, chain_id)
    at = desk.clock()
    _record_due(desk, row, at)
    return LiveChain(row, state_at(row.facts, at), at)


def _record_due(desk: Desk, row: Chain, at: datetime) -> None:
    due = due_edge(row.facts, at)
    if due is None:
        return
    resumed = due.event is EventType.CONSENT_RESUMED
    members = (
        {"resumes_at": due.effective_at}
        if resumed
        else {"effective_at": due.effective_at, "cause": row.end_cause}
    )
    changes = {"paused": False, "paused_by": None, "resumes_at": None} if resumed else {}
    step = Step(event=due.event, after=due.after, reason="TIME", members=members, changes=changes)
    move(desk, row, step, at)


def move(desk: Desk, row: Chain, step: Step, at: datetime) -> Recorded:
    """Take one edge of a locked chain: state, epoch, event and leaf together.

    Raises:
        InvalidStateError: the table has no such edge.
    """
    if step.after not in CONSENT_LIFECYCLE.get((row.state, step.event), frozenset()):
        raise errors.InvalidStateError(f"{step.event} on chain {row.id} in {row.state}")
    before = row.state
    for name, value in step.changes.items():
        setattr(row, name, value)
    row.state = step.after
    row.epoch += 1
    row.due_at = next_due(row.facts)
    if before in LIVE and step.after in TERMINAL:
        row.ended_at = at
    return record(desk, _event(row, step, before), at)


def _event(row: Chain, step: Step, before: ConsentState) -> Event:
    return Event(
        type=step.event,
        ref=row.id,
        n=row.epoch,
        chain_id=row.id,
        digest=row.digest,
        before=before,
        after=step.after,
        reason=step.reason,
        members=step.members,
        public=step.public,
    )


def ends_on(desk: Desk, chain: Chain) -> frozenset[str]:
    """Events that end the newest version before its time."""
    return frozenset(desk.session.get_one(ConsentRow, chain.consent_id).ends_on.split())


def artefact_of(desk: Desk, chain: Chain) -> ConsentArtefact:
    """The newest artefact of a chain the actor reached."""
    row = desk.session.get_one(ConsentRow, chain.consent_id)
    return read_artefact(desk, row)
