"""A database clock behind a published head: two persons may say that the head's time was wrong."""

from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from consent.ledger.gauge import Backlog, clear_clock, read_backlog
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.uow import UnitOfWork

# There is one clock: orders are about it by this id.
CLOCK: Final = uuid5(NAMESPACE_URL, "yidaitong:clock")


def standing(uow: UnitOfWork) -> Backlog:
    """How the clock stands to the heads, read now."""
    return read_backlog(uow.session)


def behind(uow: UnitOfWork, head_at: str) -> Backlog:
    """How far the clock is behind the head whose time a person read.

    Raises:
        InvalidStateError: it is not, or another head carries the latest time by now.
    """
    found = standing(uow)
    if not found.is_behind or found.head_at != datetime.fromisoformat(head_at):
        raise InvalidStateError("the clock is not behind that head")
    return found


def clear(uow: UnitOfWork, head_at: str, order_id: UUID) -> None:
    """Heads so far no longer count; from now on new heads are compared with the clock.

    Raises:
        InvalidStateError: the clock caught up, or another head carries the latest time by now.
    """
    behind(uow, head_at)
    clear_clock(uow.session, order_id)
