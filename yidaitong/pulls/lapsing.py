"""P14: a pull that is not released in its time has failed."""

from uuid import UUID

from sqlalchemy import select

from consent.service import EventType
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import closing
from yidaitong.pulls.dispatching import DEADLINE
from yidaitong.pulls.lifecycle import REFUNDED, UNRELEASED, LineStatus
from yidaitong.pulls.lines import Closing, close_line
from yidaitong.pulls.models import Pull
from yidaitong.pulls.moving import chain_of, lines, lock, move, read
from yidaitong.pulls.slots import give_back

JOB = "pulls.tick"
HOLD_RAN_OUT = "HOLD_RAN_OUT"
_TTL = "TTL"


def overdue(uow: UnitOfWork, limit: int = 200) -> list[UUID]:
    """Unreleased pulls whose time is over, oldest first."""
    return list(
        uow.session.scalars(
            select(Pull.id)
            .where(Pull.state.in_(UNRELEASED), Pull.expires_at <= uow.clock())
            .order_by(Pull.expires_at)
            .limit(limit)
        )
    )


def fail_overdue(uow: UnitOfWork, pull_id: UUID) -> bool:
    """Fail one pull whose time is over; False when it ended or is not due. Safe to repeat.

    Calls that brought nothing are given back, unless a hold ran out. Nothing sealed is kept.

    Raises:
        NotFoundError: no such pull.
    """
    locked = lock(uow, chain_of(uow, pull_id), JOB)
    pull = read(locked, pull_id)
    if pull.state not in UNRELEASED or pull.expires_at > locked.at or locked.stopped:
        return False
    held = pull.held is not None
    found = lines(locked, pull_id)
    for line in found:
        if line.closed_at is None:
            close_line(locked, line, Closing(status=LineStatus.TIMEOUT, why=DEADLINE))
    pull = read(locked, pull_id)
    closing.fail(locked, pull, found, HOLD_RAN_OUT if held else _TTL)
    lost = [] if held else [line.resource for line in found if line.status in REFUNDED]
    slots = give_back(uow, pull_id, lost) if lost else []
    if slots:
        move(locked, pull, EventType.PULL_SLOT_REFUNDED, {"slots": slots})
    return True
