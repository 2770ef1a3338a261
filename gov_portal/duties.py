"""What banks owe, watched: late erasures, holds, missing receipts, disputes, mismatches."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import fields

from gov_portal.blueprints import pages
from yidaitong.kernel.schema import CommandSchema
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import disputing, duties, holding
from yidaitong.packets.lifecycle import Fault
from yidaitong.web.views import requires, use_command


class FaultSchema(CommandSchema):
    """Whose fault a dispute was."""

    fault = fields.Enum(Fault, by_value=True, required=True)


@pages.get("/duties")
@requires(duties.WATCH)
def duty_lists(uow: UnitOfWork) -> ResponseReturnValue:
    """Everything that needs somebody's attention."""
    return render_template(
        "gov/duties.html",
        overdue=duties.overdue(uow),
        holds=duties.holds(uow),
        unsigned=duties.unsigned(uow),
        disputes=duties.disputes(uow),
        mismatches=duties.mismatches(uow),
        faults=list(Fault),
    )


@pages.post("/duties/<uuid:packet_id>/rejection")
@requires(holding.REJECT)
def reject_hold(uow: UnitOfWork, packet_id: UUID) -> ResponseReturnValue:
    """Do not accept the basis of a hold."""
    holding.reject(uow, packet_id)
    flash(_("The bank must erase the copy within seven days."), "success")
    return redirect(url_for(".duty_lists"), 303)


@pages.post("/duties/<uuid:packet_id>/outcome")
@requires(disputing.RESOLVE)
@use_command(FaultSchema, page=duty_lists)
def resolve_dispute(
    uow: UnitOfWork, command: dict[str, Any], packet_id: UUID
) -> ResponseReturnValue:
    """Say whose fault a dispute was."""
    disputing.resolve(uow, packet_id, command["fault"])
    flash(_("The outcome stands in the log."), "success")
    return redirect(url_for(".duty_lists"), 303)
