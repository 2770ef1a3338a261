"""Row security during registration, when nobody has an account yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from yidaitong.kernel.actor import SYSTEM, Actor, AuthLevel, Realm
from yidaitong.kernel.uow import UnitOfWork


def applicant(uow: UnitOfWork, enterprise_id: UUID) -> UnitOfWork:
    """The same transaction for whoever registers ``enterprise_id``: its rows and no other's."""
    actor = Actor(
        realm=Realm.ENTERPRISE,
        org_id=str(enterprise_id),
        auth_level=AuthLevel.NONE,
        trace_id=uow.actor.trace_id,
    )
    return uow.acting(actor)


@contextmanager
def as_system(uow: UnitOfWork) -> Iterator[UnitOfWork]:
    """See all enterprises for a moment, to find out whether a code is taken."""
    before = uow.actor
    try:
        yield uow.acting(replace(SYSTEM, trace_id=before.trace_id))
    finally:
        uow.acting(before)
