"""What runs behind: audit invariants, the log's backlog, promised jobs that failed."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gov_portal.blueprints import pages
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices import queries as notices
from yidaitong.oversight import operations as service
from yidaitong.web.views import requires


@pages.get("/operations")
@requires("ops.read")
def operations(uow: UnitOfWork) -> ResponseReturnValue:
    """Jobs by state, the dead-letter list, who does not take or answer notices."""
    return render_template(
        "gov/operations.html",
        jobs=service.jobs(uow),
        dead=service.dead_jobs(uow),
        receivers=notices.receivers(uow),
    )


@pages.post("/operations/jobs/<uuid:job_id>/resend")
@requires("ops.read")
def resend_job(uow: UnitOfWork, job_id: UUID) -> ResponseReturnValue:
    """Give a failed job a fresh start."""
    service.resend(uow, job_id)
    flash(_("The job will run again."), "success")
    return redirect(url_for(".operations"), 303)
