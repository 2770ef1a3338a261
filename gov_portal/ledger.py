"""The evidence log: newest heads, kinds of acts, one leaf with its proof, growth between heads."""

import json
from typing import Any

from flask import Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from gov_portal.blueprints import api, pages
from gov_portal.schemas import EntryQuery, GrowthQuery
from yidaitong.authorizations import clocks
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight import logbook
from yidaitong.web.drawing import draw_climb, draw_growth
from yidaitong.web.views import requires, use_command


@pages.get("/ledger")
@requires(logbook.READ)
@use_command(EntryQuery, location="query")
def ledger(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """Heads, backlog and kinds of acts; with an index, on to its leaf."""
    if query["index"] is not None:
        return redirect(url_for(".ledger_entry", index=query["index"]), 303)
    return render_template(
        "gov/ledger.html",
        heads=logbook.heads(uow),
        backlog=logbook.backlog(uow),
        kinds=logbook.kinds(uow),
        witnesses=logbook.witnesses(uow),
        clock=clocks.standing(uow),
        clock_id=clocks.CLOCK,
    )


@pages.get("/ledger/entries/<int:index>")
@requires(logbook.READ)
def ledger_entry(uow: UnitOfWork, index: int) -> ResponseReturnValue:
    """One leaf and the way from it to the signed root."""
    found = logbook.inclusion(uow, index)
    return render_template(
        "gov/ledger_entry.html",
        found=found,
        members=json.loads(found.body),
        steps=found.steps,
        drawing=draw_climb(found.index, found.leaf, found.steps),
    )


@pages.get("/ledger/entries/<int:index>/proof")
@requires(logbook.READ)
def ledger_proof(uow: UnitOfWork, index: int) -> ResponseReturnValue:
    """The proof of a leaf as a file (C2SP tlog-proof)."""
    answer = Response(logbook.inclusion(uow, index).text, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="entry-{index}.tlog-proof"'
    return answer


@pages.get("/ledger/growth")
@requires(logbook.READ)
@use_command(GrowthQuery, location="query")
def ledger_growth(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """That one published head is a prefix of another."""
    found = logbook.growth(uow, query["old"], query["new"])
    return render_template(
        "gov/ledger_growth.html",
        found=found,
        parts=found.blocks,
        drawing=draw_growth(found.blocks),
    )


@api.get("/ledger")
@requires(logbook.READ)
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


@api.get("/ledger/entries/<int:index>")
@requires(logbook.READ)
def read_entry(uow: UnitOfWork, index: int) -> ResponseReturnValue:
    """One leaf and its proof under the newest published head."""
    found = logbook.inclusion(uow, index)
    return {"index": found.index, "leaf": json.loads(found.body), "proof": found.text}
