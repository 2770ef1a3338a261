"""The audit trail: who did or tried what, when."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from gov_portal.blueprints import pages
from gov_portal.schemas import PAGE, TrailQuery
from yidaitong.audit import Outcome
from yidaitong.audit.queries import EventFilter, events
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.views import requires, use_command


@pages.get("/audit")
@requires("audit.read")
@use_command(TrailQuery, location="query")
def trail(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """Audit events, newest first, by action, organisation and outcome."""
    wanted = EventFilter(
        action=query["action"] or None,
        org_id=query["org_id"] or None,
        outcome=Outcome(query["outcome"]) if query["outcome"] else None,
        before=query["before"],
        limit=PAGE + 1,
    )
    rows = events(uow, wanted)
    return render_template(
        "gov/trail.html", rows=rows[:PAGE], more=len(rows) > PAGE, query=query, outcomes=Outcome
    )
