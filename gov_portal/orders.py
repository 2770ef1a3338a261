"""Two-person orders: what is proposed, what it would do, and the second person's decision."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gov_portal.blueprints import pages
from gov_portal.orders_schema import DecideSchema, NewOrderQuery, OrderSchema
from gov_portal.schemas import PAGE, ListQuery
from yidaitong.authorizations import keks, ordering_view, orders, queries
from yidaitong.authorizations.order_kinds import OrderKind
from yidaitong.enterprises.queries import indexes_of
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.sources import pseudonym
from yidaitong.web.views import requires, use_command


@pages.get("/orders")
@requires(orders.READ)
@use_command(ListQuery, location="query")
def orders_page(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """Orders, newest first."""
    rows = orders.orders(uow, query["after"], PAGE + 1)
    return render_template(
        "gov/orders/list.html",
        rows=rows[:PAGE],
        more=len(rows) > PAGE,
        keks=keks.left_behind(uow),
    )


@pages.get("/consents")
@requires(orders.READ)
@use_command(ListQuery, location="query")
def consents(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """All consents by pseudonym, newest first: where an order begins."""
    rows = queries.consents_of_centre(uow, query["after"], PAGE + 1)
    indexes = indexes_of(uow, {one.enterprise_id for one in rows})
    return render_template(
        "gov/orders/consents.html",
        rows=rows[:PAGE],
        more=len(rows) > PAGE,
        names={one: pseudonym(index) for one, index in indexes.items()},
    )


@pages.get("/orders/new")
@requires(orders.PROPOSE)
@use_command(NewOrderQuery, location="query")
def new_order(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """The form of one kind of order over one target."""
    return _form(uow, OrderKind(query["kind"]), query["target_id"])


@pages.post("/orders/<kind>/<uuid:target_id>")
@requires(orders.PROPOSE)
@use_command(OrderSchema)
def propose_order(
    uow: UnitOfWork, command: dict[str, Any], kind: str, target_id: UUID
) -> ResponseReturnValue:
    """Write an order down; nothing happens yet."""
    order_id = orders.propose(uow, ordering_view.proposal(kind, target_id, command))
    flash(_("Proposed. Another person must confirm it; nothing has happened yet."), "success")
    return redirect(url_for(".order", order_id=order_id), 303)


@pages.get("/orders/<uuid:order_id>")
@requires(orders.READ)
def order(uow: UnitOfWork, order_id: UUID) -> ResponseReturnValue:
    """One order: what it is about, why, and exactly what confirming does."""
    found = orders.order_of(uow, order_id)
    return render_template(
        "gov/orders/order.html",
        order=found,
        about=ordering_view.about(uow, found.kind, found.target_id),
        effects=ordering_view.EFFECTS[found.kind],
        mine=found.proposed_by == uow.actor.person_id,
    )


@pages.post("/orders/<uuid:order_id>/confirmation")
@requires(orders.CONFIRM)
@use_command(DecideSchema, page=order)
def confirm_order(uow: UnitOfWork, _command: object, order_id: UUID) -> ResponseReturnValue:
    """Carry it out at once."""
    orders.confirm(uow, order_id)
    flash(_("Carried out."), "success")
    return redirect(url_for(".order", order_id=order_id), 303)


@pages.post("/orders/<uuid:order_id>/rejection")
@requires(orders.CONFIRM)
@use_command(DecideSchema, page=order)
def reject_order(uow: UnitOfWork, _command: object, order_id: UUID) -> ResponseReturnValue:
    """Turn it down; nothing happens."""
    orders.reject(uow, order_id)
    flash(_("Turned down. Nothing has happened."), "success")
    return redirect(url_for(".order", order_id=order_id), 303)


def _form(uow: UnitOfWork, kind: OrderKind, target_id: UUID) -> ResponseReturnValue:
    return render_template(
        "gov/orders/new.html",
        kind=kind,
        target_id=target_id,
        about=ordering_view.about(uow, kind, target_id),
        reasons=ordering_view.reasons(kind),
        effects=ordering_view.EFFECTS[kind],
        templates=ordering_view.TEMPLATE_IDS,
    )
