"""Products at the centre: reading a version in words, reviewing, admitting, sending back."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gov_portal.blueprints import pages
from gov_portal.products_schema import DecisionSchema, NoteSchema, ReasonSchema, confirm
from yidaitong.banks.queries import banks
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import approving, effecting, queries
from yidaitong.products.viewing import view
from yidaitong.web.views import requires, use_command


@pages.get("/products")
@requires(queries.READ)
def products(uow: UnitOfWork) -> ResponseReturnValue:
    """The newest submitted version of each product."""
    return render_template(
        "gov/products/list.html",
        versions=queries.products_of_centre(uow),
        banks={bank.id: bank.name for bank in banks(uow)},
    )


@pages.get("/products/versions/<uuid:version_id>")
@requires(queries.READ)
def product(uow: UnitOfWork, version_id: UUID) -> ResponseReturnValue:
    """One version: rules in words, changes, checks, test cases, and what may be decided."""
    return render_template("gov/products/version.html", view=view(uow, version_id))


@pages.post("/products/versions/<uuid:version_id>/review")
@requires(approving.REVIEW)
@use_command(NoteSchema, page=product)
def review_product(
    uow: UnitOfWork, command: dict[str, str], version_id: UUID
) -> ResponseReturnValue:
    """The first person of the centre finds it necessary and fair."""
    approving.review(uow, confirm(version_id, command))
    flash(_("Reviewed; a colleague may admit it now."), "success")
    return redirect(url_for(".product", version_id=version_id), 303)


@pages.post("/products/versions/<uuid:version_id>/admission")
@requires(approving.ADMIT)
@use_command(DecisionSchema, page=product)
def admit_product(
    uow: UnitOfWork, command: dict[str, str], version_id: UUID
) -> ResponseReturnValue:
    """The second person of the centre admits it."""
    approving.admit(uow, confirm(version_id, command))
    flash(_("Admitted; the bank may put it into effect now."), "success")
    return redirect(url_for(".product", version_id=version_id), 303)


@pages.post("/products/versions/<uuid:version_id>/return-by-reviewer")
@requires(approving.REVIEW)
@use_command(ReasonSchema, page=product)
def return_product_at_review(
    uow: UnitOfWork, command: dict[str, str], version_id: UUID
) -> ResponseReturnValue:
    """Send it back to the bank before it was reviewed."""
    return _returned(uow, command, version_id)


@pages.post("/products/versions/<uuid:version_id>/return")
@requires(approving.ADMIT)
@use_command(ReasonSchema, page=product)
def return_product(
    uow: UnitOfWork, command: dict[str, str], version_id: UUID
) -> ResponseReturnValue:
    """Send it back to the bank instead of admitting it."""
    return _returned(uow, command, version_id)


@pages.post("/products/versions/<uuid:version_id>/retirement")
@requires(effecting.STOP)
def retire_product(uow: UnitOfWork, version_id: UUID) -> ResponseReturnValue:
    """Take it off the shelf."""
    effecting.retire(uow, version_id)
    flash(_("The version is retired."), "success")
    return redirect(url_for(".product", version_id=version_id), 303)


def _returned(uow: UnitOfWork, command: dict[str, str], version_id: UUID) -> ResponseReturnValue:
    approving.give_back(uow, confirm(version_id, command))
    flash(_("Sent back to the bank."), "success")
    return redirect(url_for(".product", version_id=version_id), 303)
