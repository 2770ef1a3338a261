"""P13: what is in flight waits while its consent is halted, and goes on afterwards."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from consent.service import EventType
from yidaitong.departments.answers import Outcome
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.lifecycle import OF_OUTCOME, UNRELEASED, LineStatus, PullState
from yidaitong.pulls.lines import Closing, close_line
from yidaitong.pulls.models import Pull
from yidaitong.pulls.moving import RUN, Locked, lines, lock, move

RELEASE_JOB = "packets.release"
JOB = "pulls.hold"


def hold(uow: UnitOfWork, chain_id: UUID) -> int:
    """Bring the pulls of a consent to its state: held or going on; how many changed.

    Safe to repeat. A consent that ended is not ours: its pulls are cancelled.

    Raises:
        NotFoundError: no such consent.
    """
    locked = lock(uow, chain_id, JOB)
    if locked.stopped:
        return 0
    found = uow.session.scalars(
        select(Pull)
        .where(Pull.chain_id == chain_id, Pull.state.in_(UNRELEASED))
        .order_by(Pull.id)
        .execution_options(populate_existing=True)
    )
    return sum(settle(locked, pull) for pull in list(found))


def settle(locked: Locked, pull: Pull) -> bool:
    """Hold one unreleased pull, or let it go on, as its consent's state says."""
    if pull.held == locked.hold:
        return False
    if locked.hold is None:
        _go_on(locked, pull)
    else:
        cause = {"cause": locked.hold}
        move(locked, pull, EventType.PULL_HELD, cause, {"held": locked.hold})
    return True


def _go_on(locked: Locked, pull: Pull) -> None:
    move(locked, pull, EventType.PULL_UNHELD, {"cause": pull.held}, {"held": None})
    deadline = timedelta(seconds=locked.uow.settings.line_deadline_seconds)
    for line in lines(locked, pull.id):
        if line.status is LineStatus.WITHHELD:
            close_line(locked, line, Closing(status=_withheld(line.outcome)))
        elif line.status is LineStatus.PENDING:
            # The pull's own time runs on; a line's begins anew, it could not be asked.
            line.deadline_at = locked.at + deadline
    locked.uow.session.flush()
    if pull.state is PullState.SEALED:
        locked.uow.defer(RELEASE_JOB, key=f"{pull.id}:{pull.n}", pull_id=pull.id)
    else:
        locked.uow.defer(RUN, key=f"{pull.id}:{pull.n}", pull_id=pull.id)


def _withheld(outcome: Outcome | None) -> LineStatus:
    if outcome is None:
        raise RuntimeError("withheld without an outcome")
    return OF_OUTCOME[outcome]
