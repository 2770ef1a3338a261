"""Departments and the catalogue: what is shared, how it answers, and the kill switch."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gov_portal.blueprints import pages
from gov_portal.schemas import StopSchema
from yidaitong.departments import catalogue
from yidaitong.departments import queries as departments_queries
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight import flows
from yidaitong.web.views import requires, use_command

DAYS = 30


@pages.get("/departments")
@requires("department.read")
def departments(uow: UnitOfWork) -> ResponseReturnValue:
    """All departments with their resources and how they answered lately."""
    return render_template(
        "gov/departments.html",
        health=flows.departments(uow, DAYS),
        entries=departments_queries.entries(uow),
        resources=RESOURCES,
    )


@pages.get("/departments/resources/<resource>")
@requires("department.read")
def resource(uow: UnitOfWork, resource: str) -> ResponseReturnValue:
    """One catalogue entry: fields, sensitivity, promises, and its switch."""
    return render_template(
        "gov/resource.html",
        entry=departments_queries.entry_of(uow, resource),
        definition=RESOURCES.get(resource),
    )


@pages.post("/departments/resources/<resource>/stop")
@requires("catalogue.stop")
@use_command(StopSchema, page=resource)
def stop_resource(uow: UnitOfWork, command: dict[str, Any], resource: str) -> ResponseReturnValue:
    """Serve nobody from now on."""
    catalogue.stop(uow, resource, command["reason"])
    flash(_("The resource is stopped."), "success")
    return redirect(url_for(".resource", resource=resource), 303)


@pages.post("/departments/resources/<resource>/resumption")
@requires("catalogue.resume")
def resume_resource(uow: UnitOfWork, resource: str) -> ResponseReturnValue:
    """Serve again; another person than the one who stopped it."""
    catalogue.resume(uow, resource)
    flash(_("The resource is served again."), "success")
    return redirect(url_for(".resource", resource=resource), 303)
