"""Two-person orders over consents, mandates and quorums: one proposes, another carries it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from consent.models import Chain
from yidaitong import audit
from yidaitong.accounts.scope import as_system
from yidaitong.authorizations import clocks, keks, ordering
from yidaitong.authorizations.models import ConsentOrder
from yidaitong.authorizations.order_kinds import OrderKind, OrderState
from yidaitong.enterprises.models import Enterprise, Mandate
from yidaitong.kernel.errors import (
    ConflictError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

READ = "consent_order.read"
PROPOSE = "consent_order.propose"
CONFIRM = "consent_order.confirm"

# Why an order is given. Wire format: append only.
REASONS: Mapping[OrderKind, tuple[str, ...]] = {
    OrderKind.SUSPEND: ("OPERATOR_ORDER", "REGULATOR_ORDER", "DISPUTE", "OVERDUE_ERASURES"),
    OrderKind.RESTORE: ("ORDER_LIFTED", "CAUSE_CURED"),
    OrderKind.VOID: ("SIGNATURE_FORGED", "MANDATE_INVALID", "IDENTITY_FRAUD"),
    OrderKind.INVALIDATE_MANDATE: ("MANDATE_INVALID", "IDENTITY_FRAUD"),
    OrderKind.RESET_QUORUM: ("SIGNATORIES_GONE",),
    OrderKind.REVISE_TEXT: ("TEXT_REVISED",),
    OrderKind.CLEAR_CLOCK: ("CLOCK_CORRECTED",),
    OrderKind.DESTROY_KEK: ("KEK_RETIRED",),
}
_CHAINS = frozenset({OrderKind.SUSPEND, OrderKind.RESTORE, OrderKind.VOID})


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    """One order about to be proposed; ``terms`` hold ids, codes and dates the kind needs."""

    kind: OrderKind
    target_id: UUID
    reason_class: str
    case_number: str
    note: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)


def propose(uow: UnitOfWork, command: Propose) -> UUID:
    """Write an order down; nothing happens until another person confirms it. Its id.

    Raises:
        ForbiddenError: the actor may not.
        InvalidRequestError: the reason is none of this kind's, or a term is missing.
        NotFoundError: there is no such consent, mandate or enterprise.
        InvalidStateError: the clock is not behind the head that is named.
        ConflictError: the same is proposed already.
    """
    uow.actor.require(PROPOSE)
    if command.reason_class not in REASONS[command.kind]:
        raise InvalidRequestError("order", fields={"reason_class": "CHOICE"})
    ordering.check_terms(command.kind, command.terms)
    _check_target(uow, command)
    order_id = uow.session.scalar(
        insert(ConsentOrder)
        .values(
            id=uuid7(),
            kind=command.kind,
            target_id=command.target_id,
            reason_class=command.reason_class,
            case_number=command.case_number,
            note=command.note,
            terms=dict(command.terms),
            state=OrderState.PROPOSED,
            proposed_by=uow.actor.person_id,
            proposed_at=uow.now,
            row_version=1,
        )
        .on_conflict_do_nothing()
        .returning(ConsentOrder.id)
    )
    if order_id is None:
        raise ConflictError(f"{command.kind} of {command.target_id} is proposed already")
    _audit(uow, "consent_order.propose", order_id)
    found: UUID = order_id
    return found


def confirm(uow: UnitOfWork, order_id: UUID) -> ConsentOrder:
    """Carry an order out; all of it happens in this transaction.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such order.
        InvalidStateError: it is decided, or what it is about has moved on.
        FourEyesError: the actor is, as a natural person, who proposed it.
    """
    order = _decided(uow, order_id, OrderState.CONFIRMED)
    ordering.carry_out(uow, order)
    _audit(uow, "consent_order.confirm", order_id)
    return order


def reject(uow: UnitOfWork, order_id: UUID) -> ConsentOrder:
    """Turn an order down; nothing happens.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such order.
        InvalidStateError: it is decided.
        FourEyesError: the actor is, as a natural person, who proposed it.
    """
    order = _decided(uow, order_id, OrderState.REJECTED)
    _audit(uow, "consent_order.reject", order_id)
    return order


def orders(uow: UnitOfWork, after: UUID | None = None, limit: int = 50) -> Sequence[ConsentOrder]:
    """Orders, newest first; ``after`` is the last id seen."""
    uow.actor.require(READ)
    query = select(ConsentOrder).order_by(ConsentOrder.id.desc()).limit(limit)
    if after is not None:
        query = query.where(ConsentOrder.id < after)
    return uow.session.scalars(query).all()


def order_of(uow: UnitOfWork, order_id: UUID) -> ConsentOrder:
    """One order.

    Raises:
        NotFoundError: no such order.
    """
    uow.actor.require(READ)
    order = uow.session.get(ConsentOrder, order_id)
    if order is None:
        raise NotFoundError(f"order {order_id}")
    return order


def _check_target(uow: UnitOfWork, command: Propose) -> None:
    with as_system(uow) as wide:
        found: object | None
        if command.kind in _CHAINS:
            found = wide.session.get(Chain, command.target_id)
        elif command.kind is OrderKind.INVALIDATE_MANDATE:
            found = wide.session.get(Mandate, command.target_id)
        elif command.kind is OrderKind.RESET_QUORUM:
            found = wide.session.get(Enterprise, command.target_id)
        elif command.kind is OrderKind.CLEAR_CLOCK:
            found = clocks.behind(wide, command.terms["head_at"])
        elif command.kind is OrderKind.DESTROY_KEK:
            found = keks.destroyable(wide, int(command.terms["version"]))
        else:
            found = command
    if found is None:
        raise NotFoundError(f"{command.kind} of {command.target_id}")


def _decided(uow: UnitOfWork, order_id: UUID, state: OrderState) -> ConsentOrder:
    uow.actor.require(CONFIRM)
    order = uow.session.scalar(
        select(ConsentOrder)
        .where(ConsentOrder.id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if order is None:
        raise NotFoundError(f"order {order_id}")
    if order.state is not OrderState.PROPOSED:
        raise InvalidStateError(f"order {order_id} is {order.state}")
    if uow.actor.person_id is None or uow.actor.person_id == order.proposed_by:
        raise FourEyesError(f"{order.proposed_by} proposed order {order_id}")
    order.state = state
    order.decided_by, order.decided_at = uow.actor.person_id, uow.now
    uow.session.flush()
    return order


def _audit(uow: UnitOfWork, action: str, order_id: UUID) -> None:
    audit.record(uow, action, object_type="consent_order", object_id=order_id)
