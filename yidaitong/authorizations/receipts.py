"""Receipts of a consent for whoever reads them, and the job that keeps them up to date."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from consent import service
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.queries import READ
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.ids import first_uuid7
from yidaitong.kernel.uow import UnitOfWork

PROVE: Final = "receipts.prove"
# What is older is proved when somebody reads it.
_LOOK_BACK: Final = timedelta(days=7)


def receipts_of(uow: UnitOfWork, chain_id: UUID) -> Sequence[Mapping[str, Any]]:
    """The newest issue of each receipt of one consent in the actor's own view, newest first.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    uow.actor.require(READ)
    desk = desk_of(uow)
    # A bank's view is made when it first asks: one from each receipt of the principal.
    known = service.receipts_of(desk, chain_id)
    acts = {one["leaf"]: one for one in known}
    return [
        service.receipt_by_id(desk, chain_id, UUID(one["receipt_id"]), _view(uow))
        for one in reversed(acts.values())
    ]


def receipt(uow: UnitOfWork, chain_id: UUID, name: str) -> Mapping[str, Any]:
    """One receipt in the actor's own view, by its id or by its kind (then the newest).

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    uow.actor.require(READ)
    desk = desk_of(uow)
    if name in set(service.ReceiptType):
        return service.receipt_of(desk, chain_id, service.ReceiptType(name), _view(uow))
    try:
        receipt_id = UUID(name)
    except ValueError as error:
        raise NotFoundError(f"receipts of kind {name[:20]}") from error
    return service.receipt_by_id(desk, chain_id, receipt_id, _view(uow))


def waiting(uow: UnitOfWork, limit: int = 200) -> Sequence[UUID]:
    """Consents with receipts whose proof came out since they were issued."""
    return service.unproved(desk_of(uow, job=PROVE), first_uuid7(uow.now - _LOOK_BACK), limit)


def prove(uow: UnitOfWork, chain_id: UUID) -> int:
    """Issue again what can be proved now, and what an act left without a receipt; how many."""
    desk = desk_of(uow, job=PROVE)
    service.lock_chain(desk, chain_id)
    return service.issue_missing(desk, chain_id) + service.prove(desk, chain_id)


def _view(uow: UnitOfWork) -> str | None:
    return service.BANK if uow.actor.realm is Realm.BANK else None
