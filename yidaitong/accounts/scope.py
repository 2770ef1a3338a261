"""Looking further than one's own organisation for a moment, to find who signs in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork


@contextmanager
def as_system(uow: UnitOfWork) -> Iterator[UnitOfWork]:
    """The same transaction as the system; the caller's reach comes back at the end."""
    before = uow.actor
    uow.session.flush()
    wide = uow.acting(replace(SYSTEM, trace_id=before.trace_id))
    try:
        yield wide
        uow.session.flush()
    except SQLAlchemyError:
        # The transaction is lost; nothing more can be asked in it.
        uow.session.info["actor"] = before
        raise
    except BaseException:
        uow.acting(before)
        raise
    uow.acting(before)
