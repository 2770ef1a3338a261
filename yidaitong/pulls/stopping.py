"""P12: what is in flight when its consent ends is cancelled; what still comes back is not read."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from consent import service
from consent.errors import NotFoundError as NoReceiptError
from consent.models import EventRow
from consent.service import EventType
from yidaitong import audit
from yidaitong.authorizations.stopping import STOP_JOB, reissue_receipt
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.lifecycle import UNRELEASED, LineStatus, PullState
from yidaitong.pulls.lines import Closing, close_line, on_the_wire
from yidaitong.pulls.models import Pull, PullLine
from yidaitong.pulls.moving import Locked, chain_of, lines, lock, move, read
from yidaitong.pulls.orders import START
from yidaitong.pulls.recording import DISCARDED

NOT_SENT = "NOT_SENT"
BY_BANK = "BY_BANK"
WITHDRAW_JOB = "packets.withdraw"
EVALUATE_JOB = "applications.evaluate"
_SOON = timedelta(milliseconds=20)
_HANDED_OVER = frozenset({PullState.RELEASED, PullState.ACKED, PullState.DISPUTED})
_WITHDRAWALS = (EventType.CONSENT_REVOKED.value, EventType.CONSENT_USE_WITHDRAWN.value)


def stop(uow: UnitOfWork, chain_id: UUID) -> timedelta | None:
    """Cancel everything in flight under an ended consent; how long until the wire is quiet.

    Cancels at once pulls and the lines that were not sent, promises the withdrawal of packets
    nobody fetched, closes lines whose last question has ended, and issues the receipt of the
    revocation again when any of that changed. None: nothing is on the wire any more. Safe to
    repeat. Under a living consent it only clears up after pulls their bank cancelled.

    Raises:
        NotFoundError: no such consent.
    """
    locked = lock(uow, chain_id, STOP_JOB)
    for pull in _of_chain(locked, UNRELEASED) if locked.stopped else ():
        cancel_under(locked, pull, locked.live.state.value)
    waiting = []
    for line in _left_over(locked):
        if on_the_wire(line, locked.at):
            waiting.append(line.end_by)
        else:
            close_line(locked, line, Closing(status=LineStatus.CANCELLED, why=DISCARDED))
    if locked.live.row.use_ended_at is not None:
        # An acknowledged packet is still a copy the bank must erase now.
        if _of_chain(locked, _HANDED_OVER):
            uow.defer(WITHDRAW_JOB, key=str(chain_id), chain_id=chain_id)
        reissue(locked)
    ends = [end_by for end_by in waiting if end_by is not None]
    return max(ends) - locked.at + _SOON if ends else None


def cancel(uow: UnitOfWork, pull_id: UUID) -> Pull:
    """The bank withdraws its own request before anything was released; slots stay used.

    Raises:
        ForbiddenError: the actor may not start pulls, so may not cancel them.
        NotFoundError: no such pull, or another bank's.
        InvalidStateError: it is released, or ended.
    """
    uow.actor.require(START)
    locked = lock(uow, chain_of(uow, pull_id), STOP_JOB)
    pull = read(locked, pull_id)
    cancel_under(locked, pull, BY_BANK)
    uow.defer(STOP_JOB, key=str(pull_id), chain_id=pull.chain_id)
    audit.record(uow, "pull.cancel", object_type="pull", object_id=pull_id)
    return pull


def cancel_under(locked: Locked, pull: Pull, cause: str) -> None:
    """Cancel one pull of a locked consent; a line on the wire closes when its question ends.

    Raises:
        InvalidStateError: it is released, or ended.
    """
    found = lines(locked, pull.id)
    said = [{"resource": line.resource, "attempt": line.attempt} for line in found]
    members = {"cause": cause, "lines": said}
    move(locked, pull, EventType.PULL_CANCELLED, members, {"cause": cause, "held": None})
    for line in found:
        if line.closed_at is None and not on_the_wire(line, locked.at):
            why = DISCARDED if line.attempt else NOT_SENT
            close_line(locked, line, Closing(status=LineStatus.CANCELLED, why=why))
        elif line.answer_sealed is not None:
            line.answer_sealed = None
    locked.uow.session.flush()
    if pull.application_id is not None:
        locked.uow.defer(EVALUATE_JOB, application_id=pull.application_id)


def effects_of(uow: UnitOfWork, chain_id: UUID) -> list[dict[str, Any]]:
    """The pulls an end of a consent cancelled, as its receipt lists them."""
    sent = func.count().filter(PullLine.attempt > 0, PullLine.status == LineStatus.CANCELLED)
    dropped = func.count().filter(PullLine.attempt == 0)
    wire = func.count().filter(PullLine.closed_at.is_(None))
    rows = uow.session.execute(
        select(
            Pull.id,
            Pull.released_at,
            sent.label("sent"),
            dropped.label("dropped"),
            wire.label("wire"),
        )
        .join(PullLine, PullLine.pull_id == Pull.id)
        .where(Pull.chain_id == chain_id, Pull.state == PullState.CANCELLED)
        .where(Pull.cause.is_distinct_from(BY_BANK))
        .group_by(Pull.id)
        .order_by(Pull.id)
    )
    return [
        {
            "pull_id": str(row.id),
            "lines_not_sent": row.dropped,
            "lines_sent": row.sent + row.wire,
            "lines_on_the_wire": row.wire,
            "packets_withdrawn": int(row.released_at is not None),
        }
        for row in rows
    ]


def _of_chain(locked: Locked, states: frozenset[PullState]) -> Sequence[Pull]:
    return list(
        locked.uow.session.scalars(
            select(Pull)
            .where(Pull.chain_id == locked.live.id, Pull.state.in_(states))
            .order_by(Pull.id)
            .execution_options(populate_existing=True)
        )
    )


def _left_over(locked: Locked) -> list[PullLine]:
    """Open lines of cancelled pulls: their questions were out, or their workers are gone."""
    return list(
        locked.uow.session.scalars(
            select(PullLine)
            .join(Pull, Pull.id == PullLine.pull_id)
            .where(
                PullLine.chain_id == locked.live.id,
                PullLine.closed_at.is_(None),
                Pull.state == PullState.CANCELLED,
            )
            .order_by(PullLine.id)
            .execution_options(populate_existing=True)
        )
    )


def reissue(
    locked: Locked,
    erase: Sequence[Mapping[str, Any]] | None = None,
    notices: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Issue the receipt again if what the revocation led to is not what it says.

    ``erase`` lists the copies banks must erase, ``notices`` who was told; None leaves them as
    they were said.
    """
    uow, chain_id = locked.uow, locked.live.id
    try:
        known = service.receipt_of(locked.desk, chain_id, service.ReceiptType.REVOKE)
    except NoReceiptError:
        # A companion's consent ended with its parent's: the receipt is the parent's.
        return
    said = known.get("revocation") or {}
    cancelled = effects_of(uow, chain_id)
    now = {
        "pulls_cancelled": cancelled,
        "notices": list(said.get("notices", ()) if notices is None else notices),
        "erase": list(said.get("erase", ()) if erase is None else erase),
    }
    event_id = withdrawal_of(uow, chain_id)
    if event_id is None or all(list(said.get(name, ())) == one for name, one in now.items()):
        return
    effects = service.Effects(**{name: tuple(one) for name, one in now.items()})
    reissue_receipt(uow, event_id, effects)


def withdrawal_of(uow: UnitOfWork, chain_id: UUID) -> UUID | None:
    """The event that ended the use of a consent's data; None where nothing did."""
    return uow.session.scalars(
        select(EventRow.id)
        .where(EventRow.chain_id == chain_id, EventRow.type.in_(_WITHDRAWALS))
        .order_by(EventRow.entry_id.desc())
        .limit(1)
    ).one_or_none()
