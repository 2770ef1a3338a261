"""Closing a line: its status, its event and leaf, and the log of calls, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from consent import service
from consent.service import EventType
from yidaitong.departments.answers import Outcome
from yidaitong.departments.calls import Call, record_call
from yidaitong.pulls.lifecycle import LINE_LIFECYCLE, LineStatus, PullState
from yidaitong.pulls.models import Pull, PullLine
from yidaitong.pulls.moving import Locked

# Closed without a call that counts: never sent, or thrown away unread.
_UNCOUNTED = frozenset(
    {LineStatus.CANCELLED, LineStatus.EXCLUDED_BY_SUBJECT, LineStatus.UNSUPPORTED}
)
_SHOWN = frozenset({LineStatus.DELIVERED, LineStatus.NO_DATA, LineStatus.DENIED_BY_SOURCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How a line closes; ``facts`` are the columns that change with it."""

    status: LineStatus
    why: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    spoken: tuple[datetime, datetime] | None = None


def close_line(locked: Locked, line: PullLine, closing: Closing) -> None:
    """Close an open line of a locked consent.

    Raises:
        RuntimeError: it is closed already: the caller did not look under the lock.
    """
    status = closing.status
    if status not in LINE_LIFECYCLE[line.status]:
        raise RuntimeError(f"line {line.id} from {line.status} to {status}")
    values = {
        "status": status,
        "why": closing.why,
        "closed_at": locked.at,
        "leased_until": None,
        **closing.facts,
    }
    if status not in _SHOWN:
        # What is not handed over is not kept.
        values["answer_sealed"] = None
    for name, value in values.items():
        setattr(line, name, value)
    # Read under the lock before its lines, so this asks the database nothing.
    collecting(locked.uow.session.get_one(Pull, line.pull_id))
    locked.uow.session.flush()
    _note(locked, line)
    if line.attempt and status not in _UNCOUNTED:
        _count(locked, line, closing)


def collecting(pull: Pull) -> None:
    """The pull of a line that was sent or closed is under way."""
    if pull.state is PullState.AUTHORISED:
        pull.state = PullState.COLLECTING


def on_the_wire(line: PullLine, at: datetime) -> bool:
    """Whether its department may still answer: the ticket has not ended."""
    asked = line.leased_until is not None and line.end_by is not None
    return asked and line.end_by is not None and line.end_by >= at


def _note(locked: Locked, line: PullLine) -> None:
    discarded = line.status is LineStatus.CANCELLED
    service.record(
        locked.desk,
        service.Event(
            type=EventType.PULL_LINE_CLOSED,
            ref=line.id,
            n=1,
            chain_id=line.chain_id,
            digest=locked.live.digest,
            before=LineStatus.PENDING,
            after=line.status,
            reason=line.why,
            members={
                "line_id": line.id,
                "status": line.status,
                "outcome": None if discarded else line.outcome,
                "as_of": None if discarded or line.as_of is None else line.as_of.isoformat(),
                "row_count": None if discarded else line.row_count,
                "answer_sha256": None if discarded else line.answer_sha256,
            },
        ),
        locked.at,
    )


def _count(locked: Locked, line: PullLine, closing: Closing) -> None:
    silent = line.status is LineStatus.TIMEOUT and line.outcome is None
    started, ended = closing.spoken or (line.sent_at or locked.at, line.fetched_at or locked.at)
    record_call(
        locked.uow,
        Call(
            request_id=line.pull_id,
            line_id=line.id,
            resource=line.resource,
            chain_id=line.chain_id,
            enterprise_id=line.enterprise_id,
            bank_id=line.bank_id,
            outcome=Outcome.UNAVAILABLE if silent else line.outcome,
            why=line.why,
            as_of=line.as_of,
            started_at=started,
            ended_at=ended,
            # Retries of one line are one call.
            idempotency_key=str(line.id),
        ),
    )
