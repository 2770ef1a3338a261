"""When somebody loses their standing: signatures that count no more, consents that must wait."""

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.lifecycle import LIVE, RequestState
from consent.models import Chain, ConsentRequest
from yidaitong.accounts.scope import as_system
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.stopping import promise_hold, promise_stop
from yidaitong.enterprises.mandates import entitled
from yidaitong.kernel.uow import UnitOfWork


def drop_lost(uow: UnitOfWork, enterprise_id: UUID, reason: str) -> int:
    """Take signatures of persons who may no longer sign out of open requests (Q9); how many."""
    uow.session.flush()
    desk = desk_of(uow)
    with as_system(uow) as wide:
        standing = entitled(wide, enterprise_id)
        waiting = wide.session.scalars(
            select(ConsentRequest.id)
            .where(
                ConsentRequest.enterprise_id == enterprise_id,
                ConsentRequest.state == RequestState.PARTIALLY_SIGNED,
            )
            .order_by(ConsentRequest.id)
        ).all()
        return sum(
            len(service.drop_signatures(desk, request_id, standing.__contains__, reason))
            for request_id in waiting
        )


def suspend_all(uow: UnitOfWork, enterprise_id: UUID, reason_class: str) -> list[UUID]:
    """Let every living consent of an enterprise wait (A5), at this instant; which."""
    return _each(uow, enterprise_id, lambda live: _suspend(uow, live, reason_class))


def restore_all(uow: UnitOfWork, enterprise_id: UUID, reason_class: str) -> list[UUID]:
    """Lift what ``reason_class`` suspended: its cause is cured (A6); which."""
    return _each(uow, enterprise_id, lambda live: _restore(uow, live, reason_class))


def expire_personal(uow: UnitOfWork, enterprise_id: UUID, person_id: UUID) -> list[UUID]:
    """End the personal consents of somebody who left office (A8); which."""

    def end(live: service.LiveChain) -> bool:
        if live.row.person_id != person_id:
            return False
        service.close(desk_of(uow), live.id, service.REP_LEFT)
        promise_stop(uow, live.id, live.epoch)
        return True

    return _each(uow, enterprise_id, end)


def _each(
    uow: UnitOfWork, enterprise_id: UUID, act: Callable[[service.LiveChain], bool]
) -> list[UUID]:
    """Lock the living consents of one enterprise by id, and act on each."""
    uow.session.flush()
    found: Iterable[UUID] = uow.session.scalars(
        select(Chain.id)
        .where(Chain.enterprise_id == enterprise_id, Chain.state.in_(LIVE))
        .order_by(Chain.id)
    ).all()
    desk = desk_of(uow)
    touched = []
    for chain_id in found:
        live = service.lock_chain(desk, chain_id)
        if live.is_live and act(live):
            touched.append(chain_id)
    return touched


def _suspend(uow: UnitOfWork, live: service.LiveChain, reason_class: str) -> bool:
    if live.row.suspended:
        return False
    service.suspend(desk_of(uow), live.id, service.Order(reason_class=reason_class))
    promise_hold(uow, live.id)
    return True


def _restore(uow: UnitOfWork, live: service.LiveChain, reason_class: str) -> bool:
    if live.row.suspended_reason != reason_class:
        return False
    service.restore(desk_of(uow), live.id, service.Order(reason_class=reason_class))
    promise_hold(uow, live.id)
    return True
