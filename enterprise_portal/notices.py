"""The enterprise's inbox: what happened to its authorizations, opened by whoever may answer."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from enterprise_portal.blueprints import pages
from enterprise_portal.names import Names
from enterprise_portal.schemas import PAGE, ListQuery
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices import acknowledging, queries
from yidaitong.notices.lifecycle import ACTS
from yidaitong.web.views import requires, use_command


@pages.get("/notices")
@requires(queries.READ)
@use_command(ListQuery, location="query")
def notice_list(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """All notices, newest first."""
    rows = queries.inbox(uow, None, query["after"], PAGE + 1)
    return render_template(
        "enterprise/notices.html",
        rows=rows[:PAGE],
        unread=queries.unread(uow),
        more=rows[PAGE - 1].id if len(rows) > PAGE else None,
        after=query["after"],
        words={act.value: text for act, text in ACTS.items()},
        names=Names(uow),
    )


@pages.post("/notices/<uuid:notice_id>/opening")
@requires(acknowledging.ACK)
def open_notice(uow: UnitOfWork, notice_id: UUID) -> ResponseReturnValue:
    """Open a notice: that acknowledges it, and leads to the authorization."""
    opened = acknowledging.open_notice(uow, notice_id)
    return redirect(url_for(".authorization", chain_id=opened.chain_id), 303)
