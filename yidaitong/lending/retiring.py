"""Evidence whose statutory term is over: two persons order its end, a job carries it out."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from consent import service
from consent.models import Chain
from consent.service import EventType
from yidaitong import audit
from yidaitong.kernel.crypto.box import DekKind
from yidaitong.kernel.crypto.models import Dek
from yidaitong.kernel.errors import (
    ForbiddenError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.lifecycle import LoanState
from yidaitong.lending.loan_models import Loan, LoanEventRow
from yidaitong.packets.lifecycle import CopyState
from yidaitong.packets.models import EvidenceOrder, PacketCopy
from yidaitong.pulls import moving

RETIRE: Final = "evidence.retire"
JOB: Final = "evidence.destroy"
# Loan life, or the end of the consent, and five years; leap days on the safe side.
TERM: Final = timedelta(days=5 * 366)
_CAUSE: Final = "TERM"
_CLOSED: Final = (LoanState.SETTLED, LoanState.WRITTEN_OFF)


def propose(uow: UnitOfWork, ended_before: datetime) -> EvidenceOrder:
    """Order the end of evidence of consents that ended before a day.

    Raises:
        ForbiddenError: the actor may not.
        InvalidRequestError: the term is not over then.
    """
    uow.actor.require(RETIRE)
    if ended_before > uow.now - TERM:
        raise InvalidRequestError("ended_before", fields={"ended_before": "RANGE"})
    order = EvidenceOrder(ended_before=ended_before, proposed_by=_person(uow), proposed_at=uow.now)
    uow.session.add(order)
    uow.session.flush()
    audit.record(uow, "evidence.propose", object_type="evidence_order", object_id=order.id)
    return order


def confirm(uow: UnitOfWork, order_id: UUID) -> EvidenceOrder:
    """The second person agrees; from now on the daily job carries it out.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such order.
        InvalidStateError: it was confirmed before.
        FourEyesError: the same natural person proposed it.
    """
    uow.actor.require(RETIRE)
    order = uow.session.get(EvidenceOrder, order_id, with_for_update=True, populate_existing=True)
    if order is None:
        raise NotFoundError(f"order {order_id}")
    if order.confirmed_at is not None:
        raise InvalidStateError(f"order {order_id} was confirmed before")
    if order.proposed_by == _person(uow):
        raise FourEyesError(f"order {order_id}")
    order.confirmed_by, order.confirmed_at = _person(uow), uow.now
    uow.session.flush()
    audit.record(uow, "evidence.confirm", object_type="evidence_order", object_id=order_id)
    return order


def destroy_due(uow: UnitOfWork, limit: int = 50) -> int:
    """Destroy evidence keys under the oldest open order; how many. Safe to repeat.

    Nobody opens an event, an artefact or a receipt of those consents any more; the log keeps
    their leaves, and its entries say that and by which order it happened.
    """
    order = uow.session.scalar(
        select(EvidenceOrder)
        .where(EvidenceOrder.confirmed_at.is_not(None), EvidenceOrder.done_at.is_(None))
        .order_by(EvidenceOrder.id)
        .limit(1)
        .with_for_update()
    )
    if order is None:
        return 0
    chains = list(uow.session.scalars(_ended(uow, order).order_by(Chain.id).limit(limit)))
    for chain_id in chains:
        _destroy(uow, order, chain_id)
    order.n += len(chains)
    if not chains:
        order.done_at = uow.now
    uow.session.flush()
    return len(chains)


def _ended(uow: UnitOfWork, order: EvidenceOrder) -> Any:
    """Consents whose own end and whose loan's end are a term ago, and that no law keeps."""
    since = min(order.ended_before, uow.now - TERM)
    last = (
        select(func.max(LoanEventRow.business_date))
        .where(LoanEventRow.loan_id == Loan.id)
        .scalar_subquery()
    )
    living = select(Loan.application_id).where(
        Loan.state.not_in(_CLOSED) | (last > (uow.now - TERM).date())
    )
    held = select(PacketCopy.chain_id).where(PacketCopy.state == CopyState.LEGAL_HOLD)
    return (
        select(Chain.id)
        .join(Dek, (Dek.owner_id == Chain.id) & (Dek.kind == DekKind.EVIDENCE))
        .where(Dek.wrapped.is_not(None), Chain.ended_at < since, Chain.id.not_in(held))
        .where(Chain.application_id.is_(None) | Chain.application_id.not_in(living))
    )


def _destroy(uow: UnitOfWork, order: EvidenceOrder, chain_id: UUID) -> None:
    locked = moving.lock(uow, chain_id, JOB)
    for kind in (DekKind.DATA, DekKind.EVIDENCE):
        key_id = uow.crypto.destroy(uow.session, kind, chain_id)
        if key_id is not None:
            members = {"key_id": key_id, "kind": kind.value, "cause": _CAUSE}
            _record(locked, order, EventType.KEY_DESTROYED, key_id, members)
    members = {"range": str(chain_id), "order_id": order.id, "cause": _CAUSE}
    _record(locked, order, EventType.EVIDENCE_DESTROYED, chain_id, members)


def _record(
    locked: moving.Locked,
    order: EvidenceOrder,
    kind: EventType,
    ref: UUID,
    members: dict[str, Any],
) -> None:
    """Sealed under a key of the order: the consent's own is dead."""
    event = service.Event(
        type=kind,
        ref=ref,
        n=1,
        chain_id=locked.live.id,
        reason=_CAUSE,
        members=members,
        evidence_id=order.id,
    )
    service.record(locked.desk, event, locked.at)


def _person(uow: UnitOfWork) -> UUID:
    if uow.actor.person_id is None:
        raise ForbiddenError("only a person orders this")
    return uow.actor.person_id
