"""The wallet: every authorization, who saw what under it, and one button that ends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from consent.lifecycle import LIVE, ConsentState
from consent.service import ReceiptType
from enterprise_portal import moments
from enterprise_portal.blueprints import pages
from enterprise_portal.names import Names
from enterprise_portal.schemas import (
    PAGE,
    ListQuery,
    PauseSchema,
    ReasonSchema,
    SignSchema,
)
from yidaitong.authorizations import queries, receipts, stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.purposes import TERMS, Purpose
from yidaitong.authorizations.scope_groups import groups, optional
from yidaitong.kernel.clock import SHANGHAI
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices.lifecycle import ACTS
from yidaitong.notices.queries import told_of_chain
from yidaitong.packets.duties import duties_of_chain
from yidaitong.pulls.queries import on_the_wire
from yidaitong.web import auth
from yidaitong.web.i18n import say
from yidaitong.web.views import Work, requires, requires_work, use_command

_PAUSABLE = frozenset({ConsentState.ACTIVE})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the wallet with its names."""

    one: queries.Authorization
    product: Text
    bank: Text
    purpose: Text


@pages.get("/authorizations")
@requires(queries.READ)
@use_command(ListQuery, location="query")
def wallet(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """All authorizations, newest first, and what waits for a signature."""
    rows = queries.wallet_of_enterprise(uow, query["after"], PAGE + 1)
    names = Names(uow)
    entries = [_entry(names, one) for one in rows[:PAGE]]
    return render_template(
        "enterprise/wallet.html",
        live=[entry for entry in entries if entry.one.state in LIVE],
        ended=[entry for entry in entries if entry.one.state not in LIVE],
        asks=[] if query["after"] else queries.open_asks_of_enterprise(uow),
        more=rows[PAGE - 1].chain_id if len(rows) > PAGE else None,
    )


@pages.get("/authorizations/<uuid:chain_id>")
@requires(queries.READ)
def authorization(uow: UnitOfWork, chain_id: UUID) -> ResponseReturnValue:
    """One authorization: scope, who saw what, receipts, pause and withdrawal."""
    return render_template("enterprise/authorization.html", **_in_full(uow, chain_id))


@pages.get("/authorizations/<uuid:chain_id>/narrowing")
@requires(queries.READ)
def narrowing(uow: UnitOfWork, chain_id: UUID) -> ResponseReturnValue:
    """What may be left out of one authorization."""
    return render_template("enterprise/narrowing.html", **_in_full(uow, chain_id))


@pages.get("/authorizations/<uuid:chain_id>/revocation")
@requires(queries.READ)
def revocation(uow: UnitOfWork, chain_id: UUID) -> ResponseReturnValue:
    """What withdrawing means, before it is done."""
    return render_template(
        "enterprise/revocation.html",
        **_in_full(uow, chain_id),
        wire=on_the_wire(uow, chain_id),
    )


@pages.post("/authorizations/<uuid:chain_id>/revocation")
@requires(stopping.REVOKE)
@use_command(ReasonSchema, page=revocation)
def revoke(uow: UnitOfWork, command: dict[str, Any], chain_id: UUID) -> ResponseReturnValue:
    """Withdraw for good; nothing waits for a department."""
    stopping.revoke(uow, Revoke(chain_id=chain_id, reason=command["reason"]))
    return redirect(url_for(".revoked", chain_id=chain_id), 303)


@pages.get("/authorizations/<uuid:chain_id>/revoked")
@requires(queries.READ)
def revoked(uow: UnitOfWork, chain_id: UUID) -> ResponseReturnValue:
    """What the withdrawal stopped, what is still on the wire, what the bank must erase."""
    return render_template(
        "enterprise/revoked.html",
        **_in_full(uow, chain_id),
        wire=on_the_wire(uow, chain_id),
        receipt=receipts.receipt(uow, chain_id, ReceiptType.REVOKE),
    )


@pages.post("/authorizations/<uuid:chain_id>/pause")
@requires(stopping.PAUSE)
@use_command(PauseSchema, page=authorization)
def pause(uow: UnitOfWork, command: dict[str, Any], chain_id: UUID) -> ResponseReturnValue:
    """Halt pulls and releases for a while."""
    stopping.pause(uow, chain_id, end_of_day(command["until"]))
    flash(_("Paused. Nothing is asked or released until you resume."), "success")
    return redirect(url_for(".authorization", chain_id=chain_id), 303)


@pages.post("/authorizations/<uuid:chain_id>/resumption")
@requires_work(stopping.RESUME)
@use_command(SignSchema, page=authorization)
def resume(work: Work, command: dict[str, str], chain_id: UUID) -> ResponseReturnValue:
    """Let pulls go on; widening takes the password, as signing did."""
    token = auth.prove(command["password"], command["digest"])
    with work.transaction() as uow:
        stopping.resume(uow, chain_id, token)
    flash(_("Resumed."), "success")
    return redirect(url_for(".authorization", chain_id=chain_id), 303)


def end_of_day(until: date | None) -> datetime | None:
    """Midnight after ``until`` in Shanghai."""
    if until is None or until == date.max:
        return None
    return datetime.combine(until + timedelta(days=1), time.min, SHANGHAI)


def _entry(names: Names, one: queries.Authorization) -> Entry:
    return Entry(
        one,
        names.product(one.product_id),
        names.bank(one.bank_id),
        TERMS[Purpose(one.purpose)].text,
    )


def _in_full(uow: UnitOfWork, chain_id: UUID) -> Mapping[str, Any]:
    full = queries.authorization_in_full(uow, chain_id)
    events = moments.told(queries.use_of_authorization(uow, chain_id))
    names = Names(uow)
    return {
        "full": full,
        # A receipt is issued again with its proof: the newest of each act is the one to keep.
        "receipts": list({one["leaf"]: one for one in full.receipts}.values()),
        "duties": duties_of_chain(uow, chain_id),
        "told": told_of_chain(uow, chain_id),
        "acts": {act.value: text for act, text in ACTS.items()},
        "one": full.authorization,
        "groups": groups(full.artefact),
        "optional": [(code, say(text)) for code, text in optional(full.artefact)],
        "events": events,
        "seen": [event for event in events if event.type in moments.SEEN],
        "product": names.product(full.authorization.product_id),
        "receiver": names.receiver,
        "purpose": TERMS[Purpose(full.authorization.purpose)].text,
        "live": full.authorization.state in LIVE,
        "pausable": full.authorization.state in _PAUSABLE,
    }
