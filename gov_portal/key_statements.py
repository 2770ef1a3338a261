"""Keys of banks and departments change by statement: put forward by one, taken over by another."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gov_portal.blueprints import pages
from yidaitong.banks import queries
from yidaitong.departments import pins
from yidaitong.departments.registry import DEPARTMENTS
from yidaitong.kernel.schema import CommandSchema, Line, Paragraph
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import keychanges
from yidaitong.packets.keychanges import ProposeStatement
from yidaitong.web.views import Work, requires, requires_work, use_command


class StatementSchema(CommandSchema):
    """A statement as its owner sent it."""

    command = ProposeStatement

    owner = Line(required=True, max_length=64)
    bundle = Paragraph(required=True, max_length=keychanges.MAX_BYTES)


@pages.get("/key-statements")
@requires(keychanges.READ)
def key_statements(uow: UnitOfWork) -> ResponseReturnValue:
    """Statements that wait, with the keys each adds and retires, and those taken over lately."""
    banks = [(bank.id, Text(bank.name_zh, bank.name_en)) for bank in queries.banks(uow)]
    return render_template(
        "gov/key_statements.html",
        rows=keychanges.shown(uow),
        owners=[*banks, *((one.code, one.text) for one in DEPARTMENTS.values())],
    )


@pages.post("/key-statements")
@requires(keychanges.PROPOSE_DEPARTMENT)
@use_command(StatementSchema, page=key_statements)
def propose_statement(uow: UnitOfWork, command: ProposeStatement) -> ResponseReturnValue:
    """Put a statement forward."""
    keychanges.propose(uow, command)
    flash(_("Proposed: another person takes it over."), "success")
    return redirect(url_for(".key_statements"), 303)


@pages.post("/key-statements/<uuid:statement_id>/confirmation")
@requires_work(keychanges.PIN_DEPARTMENT)
def take_statement_over(work: Work, statement_id: UUID) -> ResponseReturnValue:
    """Change the keys; a department's pins are written once the log knows."""
    with work.transaction() as uow:
        change = keychanges.confirm(uow, statement_id)
    if change.owner in DEPARTMENTS:
        pins.take_over(work.runtime.settings.gateway_keys_file, change)
    flash(_("Taken over: the keys have changed."), "success")
    return redirect(url_for(".key_statements"), 303)
