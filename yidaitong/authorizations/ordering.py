"""Carrying out a confirmed order: each kind is one act, in the transaction of its confirmation."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.errors import InvalidStateError as ConsentStateError
from consent.lifecycle import ConsentState
from consent.models import Chain, ConsentRow, RequestSignature
from yidaitong.accounts.scope import as_system
from yidaitong.authorizations import clocks, keks, mandates, quorums, revisions
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.models import ConsentOrder
from yidaitong.authorizations.order_kinds import OrderKind
from yidaitong.authorizations.stopping import destroy_data, promise_hold, promise_stop
from yidaitong.enterprises.models import Enterprise
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.uow import UnitOfWork

# What each kind needs beside its target.
_TERMS: Mapping[OrderKind, frozenset[str]] = {
    OrderKind.SUSPEND: frozenset({"use_frozen"}),
    OrderKind.RESTORE: frozenset(),
    OrderKind.VOID: frozenset({"without"}),
    OrderKind.INVALIDATE_MANDATE: frozenset(),
    OrderKind.RESET_QUORUM: frozenset({"m"}),
    OrderKind.REVISE_TEXT: frozenset({"template_id", "reconsent_by"}),
    OrderKind.CLEAR_CLOCK: frozenset({"head_at"}),
    OrderKind.DESTROY_KEK: frozenset({"version"}),
}


def check_terms(kind: OrderKind, terms: Mapping[str, str]) -> None:
    """Refuse terms the kind does not have, or that cannot be read.

    Raises:
        InvalidRequestError: with what is wrong by name.
    """
    if set(terms) != _TERMS[kind]:
        wrong = sorted(set(terms) ^ _TERMS[kind])
        raise InvalidRequestError("order", fields=dict.fromkeys(wrong, "MISSING"))
    try:
        _readable(terms)
    except ValueError as error:
        raise InvalidRequestError("order", fields={"terms": "CHOICE"}) from error


def carry_out(uow: UnitOfWork, order: ConsentOrder) -> None:
    """Do what an order says; the actor is whoever confirmed it.

    Raises:
        InvalidStateError: what it is about has moved on.
    """
    _ACTS[order.kind](uow, order)


def _readable(terms: Mapping[str, str]) -> None:
    for name, value in terms.items():
        match name:
            case "without":
                _persons(value)
            case "m" | "version" if int(value) < 1:
                raise ValueError(value)
            case "reconsent_by" if value:
                _instant(value)
            case "use_frozen" if value not in {"yes", "no"}:
                raise ValueError(value)
            case "head_at":
                _instant(value)
            case "template_id":
                revisions.template_of(value)


def _suspend(uow: UnitOfWork, order: ConsentOrder) -> None:
    said = service.Order(
        reason_class=order.reason_class,
        order_id=order.id,
        use_frozen=order.terms["use_frozen"] == "yes",
    )
    service.suspend(desk_of(uow), order.target_id, said)
    promise_hold(uow, order.target_id)


def _restore(uow: UnitOfWork, order: ConsentOrder) -> None:
    said = service.Order(reason_class=order.reason_class, order_id=order.id)
    service.restore(desk_of(uow), order.target_id, said)
    promise_hold(uow, order.target_id)


def _void(uow: UnitOfWork, order: ConsentOrder) -> None:
    void(uow, order.target_id, order, _persons(order.terms["without"]))


def void(uow: UnitOfWork, chain_id: UUID, order: ConsentOrder, without: frozenset[UUID]) -> None:
    """Declare a consent void (A11, A13): nothing opens what it brought, copies must go in a day."""
    said = service.Order(reason_class=order.reason_class, order_id=order.id)
    desk = desk_of(uow)
    stopped = service.void(desk, chain_id, said, without)
    service.issue(desk, stopped.event_id)
    for one in (stopped, *stopped.companions):
        destroy_data(uow, one.chain.id, "VOIDED")
        promise_stop(uow, one.chain.id, one.chain.epoch)


def _invalidate(uow: UnitOfWork, order: ConsentOrder) -> None:
    """A mandate that never had force (M6), and every consent whose quorum stands on it."""
    desk = desk_of(uow)
    mandate = mandates.locked_as_system(uow, order.target_id)
    # Consents are locked before requests, as everywhere.
    signed = _signed_under(uow, mandate.id)
    for chain_id in sorted(signed):
        live = service.lock_chain(desk, chain_id)
        if live.state is ConsentState.VOIDED or live.row.void_found_at is not None:
            continue
        try:
            with uow.session.begin_nested():
                void(uow, chain_id, order, frozenset({mandate.person_id}))
        except ConsentStateError:
            # The quorum holds without this signature.
            continue
    mandates.move(uow, mandate, service.EventType.MANDATE_INVALIDATED, reason=order.reason_class)


def _signed_under(uow: UnitOfWork, mandate_id: UUID) -> set[UUID]:
    """Chains whose present version carries a signature given by one mandate."""
    with as_system(uow) as wide:
        rows = wide.session.scalars(
            select(Chain.id)
            .join(ConsentRow, ConsentRow.id == Chain.consent_id)
            .join(RequestSignature, RequestSignature.request_id == ConsentRow.request_id)
            .where(
                RequestSignature.mandate_id == mandate_id,
                RequestSignature.digest == ConsentRow.digest,
            )
        )
        return set(rows)


def _reset_quorum(uow: UnitOfWork, order: ConsentOrder) -> None:
    with as_system(uow) as wide:
        enterprise = wide.session.scalars(
            select(Enterprise)
            .where(Enterprise.id == order.target_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
    quorums.set_quorum(uow, enterprise, int(order.terms["m"]), order.reason_class)


def _revise(uow: UnitOfWork, order: ConsentOrder) -> None:
    by = order.terms["reconsent_by"]
    revisions.revise(uow, order.terms["template_id"], order.id, _instant(by) if by else None)


def _clear_clock(uow: UnitOfWork, order: ConsentOrder) -> None:
    clocks.clear(uow, order.terms["head_at"], order.id)


def _destroy_kek(uow: UnitOfWork, order: ConsentOrder) -> None:
    keks.destroy(uow, int(order.terms["version"]), order.id)


_ACTS: Mapping[OrderKind, Callable[[UnitOfWork, ConsentOrder], None]] = {
    OrderKind.SUSPEND: _suspend,
    OrderKind.RESTORE: _restore,
    OrderKind.VOID: _void,
    OrderKind.INVALIDATE_MANDATE: _invalidate,
    OrderKind.RESET_QUORUM: _reset_quorum,
    OrderKind.REVISE_TEXT: _revise,
    OrderKind.CLEAR_CLOCK: _clear_clock,
    OrderKind.DESTROY_KEK: _destroy_kek,
}


def _persons(value: str) -> frozenset[UUID]:
    found = frozenset(UUID(one) for one in value.split())
    if not found:
        raise ValueError("nobody")
    return found


def _instant(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(value)
    return at
