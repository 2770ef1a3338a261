"""Notices watched: who does not answer, sending again; callback addresses of banks, four eyes."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import fields

from gov_portal.blueprints import pages
from yidaitong.banks.queries import banks
from yidaitong.kernel.schema import CommandSchema, Line
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices import endpoints, queries, resending
from yidaitong.notices.lifecycle import ACTS
from yidaitong.notices.queries import NoticeGroup
from yidaitong.web.views import Work, requires, requires_work, use_command


class WaitingQuery(CommandSchema):
    """Which notices, and of which receiver."""

    group = fields.Enum(NoticeGroup, by_value=True, load_default=NoticeGroup.OPEN)
    receiver = Line(max_length=64, load_default=None)


class AddressSchema(CommandSchema):
    """Where which bank takes notices."""

    bank_id = Line(required=True, max_length=64)
    url = Line(required=True, max_length=endpoints.MAX_URL)


@pages.get("/operations/notices")
@requires(queries.WATCH)
@use_command(WaitingQuery, location="query")
def waiting_notices(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """The notices behind one number of the operations page."""
    return render_template(
        "gov/notices.html",
        rows=queries.waiting(uow, query["group"], query["receiver"]),
        query=query,
        groups=list(NoticeGroup),
        words={act.value: text for act, text in ACTS.items()},
    )


@pages.post("/operations/notices/<uuid:notice_id>/resend")
@requires(resending.RESEND)
def resend_notice(uow: UnitOfWork, notice_id: UUID) -> ResponseReturnValue:
    """Try a receiver again now."""
    resending.resend(uow, notice_id)
    flash(_("It is sent again now, with all that waits for this receiver."), "success")
    return redirect(url_for(".operations"), 303)


@pages.get("/callback-addresses")
@requires(endpoints.READ)
def addresses(uow: UnitOfWork) -> ResponseReturnValue:
    """Callback addresses of all banks."""
    return render_template(
        "gov/addresses.html",
        rows=queries.addresses(uow),
        banks=[(bank.id, bank.name) for bank in banks(uow)],
    )


@pages.post("/callback-addresses")
@requires_work(endpoints.PROPOSE)
@use_command(AddressSchema, page=addresses)
def propose_address(work: Work, command: dict[str, str]) -> ResponseReturnValue:
    """Put an address forward on a bank's letter."""
    wanted = endpoints.checked(work.runtime.settings, command["bank_id"], command["url"])
    with work.transaction() as uow:
        endpoints.propose(uow, wanted)
    flash(_("Proposed: another person puts it into use."), "success")
    return redirect(url_for(".addresses"), 303)


@pages.post("/callback-addresses/<uuid:endpoint_id>/pin")
@requires(endpoints.PIN)
def pin_address(uow: UnitOfWork, endpoint_id: UUID) -> ResponseReturnValue:
    """Put a proposed address into use."""
    endpoints.pin(uow, endpoint_id)
    flash(_("In use: what waited for this bank goes out now."), "success")
    return redirect(url_for(".addresses"), 303)


@pages.post("/callback-addresses/<uuid:endpoint_id>/refusal")
@requires(endpoints.PIN)
def refuse_address(uow: UnitOfWork, endpoint_id: UUID) -> ResponseReturnValue:
    """Turn a proposed address down."""
    endpoints.refuse(uow, endpoint_id)
    flash(_("Refused."), "success")
    return redirect(url_for(".addresses"), 303)


@pages.post("/callback-addresses/<uuid:endpoint_id>/stop")
@requires(endpoints.PIN)
def stop_address(uow: UnitOfWork, endpoint_id: UUID) -> ResponseReturnValue:
    """Send nothing to an address any more."""
    endpoints.revoke(uow, endpoint_id)
    flash(_("Stopped: this bank's notices wait for another address."), "success")
    return redirect(url_for(".addresses"), 303)
