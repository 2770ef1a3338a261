"""Enterprises by pseudonym; one by name only for a case, and the enterprise sees it."""

from typing import Any
from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from gov_portal.blueprints import pages
from gov_portal.schemas import PAGE, ListQuery, OpenFileSchema
from yidaitong.enterprises.queries import enterprise_of, registered
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.sources import pseudonym
from yidaitong.oversight.viewing import OpenFile, open_file
from yidaitong.web.views import requires, use_command


@pages.get("/enterprises")
@requires("enterprise.read")
@use_command(ListQuery, location="query")
def enterprises(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """Registered enterprises, newest first."""
    rows = registered(uow, after=query["after"], limit=PAGE + 1)
    return render_template(
        "gov/enterprises.html",
        rows=rows[:PAGE],
        more=len(rows) > PAGE,
        pseudonym=pseudonym,
    )


@pages.get("/enterprises/<uuid:enterprise_id>")
@requires("enterprise.read")
def enterprise(uow: UnitOfWork, enterprise_id: UUID) -> ResponseReturnValue:
    """One enterprise by pseudonym, and the form that opens its file."""
    return render_template(
        "gov/enterprise.html", row=enterprise_of(uow, enterprise_id), pseudonym=pseudonym
    )


@pages.post("/enterprises/<uuid:enterprise_id>/file")
@requires("enterprise.read")
@use_command(OpenFileSchema, page=enterprise)
def open_enterprise_file(
    uow: UnitOfWork, command: OpenFile, enterprise_id: UUID
) -> ResponseReturnValue:
    """The file by name, this once."""
    return render_template(
        "gov/enterprise_file.html", file=open_file(uow, enterprise_id, command), command=command
    )
