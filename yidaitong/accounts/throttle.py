"""Counting tries in PostgreSQL: a try is taken before it is checked and given back on success."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from yidaitong.accounts.models import LoginTries
from yidaitong.kernel.errors import TooManyRequestsError
from yidaitong.kernel.uow import UnitOfWork

WINDOW: Final = timedelta(minutes=15)
_KEPT: Final = timedelta(days=1)


def window_of(at: datetime) -> datetime:
    """Start of the quarter of an hour of ``at``."""
    seconds = int(at.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(WINDOW.total_seconds()), UTC)


def take(uow: UnitOfWork, key: bytes, limit: int) -> None:
    """Take one try of ``key``; commit before checking it, so that parallel tries count.

    Raises:
        TooManyRequestsError: ``limit`` tries were taken in this quarter of an hour.
    """
    window = window_of(uow.now)
    table = LoginTries.__table__
    taken = uow.session.execute(
        insert(LoginTries)
        .values(key=key, window_at=window, tries=1)
        .on_conflict_do_update(
            index_elements=["key", "window_at"],
            set_={"tries": table.c.tries + 1},
            where=table.c.tries < limit,
        )
        .returning(LoginTries.tries)
    ).scalar_one_or_none()
    if taken is None:
        wait = int((window + WINDOW - uow.now).total_seconds()) + 1
        raise TooManyRequestsError("tries used up", retry_after=wait)


def give_back(uow: UnitOfWork, key: bytes) -> None:
    """The try was right: it does not count."""
    uow.session.execute(
        update(LoginTries)
        .where(
            LoginTries.key == key,
            LoginTries.window_at == window_of(uow.now),
            LoginTries.tries > 0,
        )
        .values(tries=LoginTries.tries - 1)
    )


def sweep(uow: UnitOfWork) -> None:
    """Forget yesterday's counts."""
    uow.session.execute(delete(LoginTries).where(LoginTries.window_at < uow.now - _KEPT))
