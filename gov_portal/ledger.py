"""The evidence log: newest heads, kinds of acts, one leaf by index."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from gov_portal.blueprints import api, pages
from gov_portal.schemas import EntryQuery
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight import logbook
from yidaitong.web.views import requires, use_command


@pages.get("/ledger")
@requires("ledger.read")
@use_command(EntryQuery, location="query")
def ledger(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """Heads, backlog, kinds of acts, and one leaf when an index is asked for."""
    index = query["index"]
    return render_template(
        "gov/ledger.html",
        heads=logbook.heads(uow),
        backlog=logbook.backlog(uow),
        kinds=logbook.kinds(uow),
        leaf=None if index is None else logbook.leaf(uow, index),
    )


@api.get("/ledger")
@requires("ledger.read")
def show_ledger(uow: UnitOfWork) -> ResponseReturnValue:
    """The newest published head and the backlog."""
    found = logbook.heads(uow, 1)
    head = found[0] if found else None
    return {
        "size": 0 if head is None else head.size,
        "root": None if head is None else head.root,
        "checkpoint": None if head is None else head.note,
        "backlog": logbook.backlog(uow),
    }
