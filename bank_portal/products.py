"""The bank's own products: drafting, submitting, checking, putting into effect."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bank_portal.answers_loans import ProductSchema
from bank_portal.blueprints import api, pages
from bank_portal.products_schema import (
    DecisionSchema,
    DraftSchema,
    ReasonSchema,
    blank,
    confirm,
    draft_of,
    typed,
)
from yidaitong.banks.queries import banks
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import approving, editing, effecting, queries
from yidaitong.products.kinds import Repayment
from yidaitong.products.viewing import view
from yidaitong.web.views import requires, use_command


@pages.get("/products")
@requires(queries.READ)
def products(uow: UnitOfWork) -> ResponseReturnValue:
    """The newest version of each product."""
    return render_template(
        "bank/products/list.html",
        versions=queries.products_of_bank(uow),
        banks={bank.id: bank.name for bank in banks(uow)},
    )


@pages.get("/products/<uuid:version_id>")
@requires(queries.READ)
def product(uow: UnitOfWork, version_id: UUID) -> ResponseReturnValue:
    """One version: rules in words, changes, checks, test cases, and what may be done."""
    return render_template("bank/products/version.html", view=view(uow, version_id))


@pages.get("/products/new")
@requires(editing.EDIT)
def new_product(uow: UnitOfWork) -> ResponseReturnValue:
    """The form of a new product."""
    del uow
    return render_template(
        "bank/products/form.html", version=None, values=blank(), ways=list(Repayment)
    )


@pages.post("/products/drafts")
@requires(editing.EDIT)
@use_command(DraftSchema, page=new_product)
def draft_product(uow: UnitOfWork, command: dict[str, Any]) -> ResponseReturnValue:
    """Start a product."""
    version = editing.draft(uow, draft_of(command))
    flash(_("The draft is saved."), "success")
    return redirect(url_for(".product", version_id=version.id), 303)


@pages.get("/products/<uuid:version_id>/edit")
@requires(editing.EDIT)
def edit_product(uow: UnitOfWork, version_id: UUID) -> ResponseReturnValue:
    """The form of a draft."""
    version = queries.version_in_full(uow, version_id)
    return render_template(
        "bank/products/form.html", version=version, values=typed(version), ways=list(Repayment)
    )


@pages.post("/products/<uuid:version_id>/content")
@requires(editing.EDIT)
@use_command(DraftSchema, page=edit_product)
def revise_product(
    uow: UnitOfWork, command: dict[str, Any], version_id: UUID
) -> ResponseReturnValue:
    """Replace the content of a draft."""
    editing.revise(uow, version_id, draft_of(command))
    flash(_("The draft is saved."), "success")
    return redirect(url_for(".product", version_id=version_id), 303)


@pages.post("/products/<uuid:version_id>/successor")
@requires(editing.EDIT)
def succeed_product(uow: UnitOfWork, version_id: UUID) -> ResponseReturnValue:
    """Start the next version with the content of this one."""
    version = editing.succeed(uow, version_id)
    flash(_("The draft is saved."), "success")
    return redirect(url_for(".edit_product", version_id=version.id), 303)


@pages.post("/products/<uuid:version_id>/submission")
@requires(approving.SUBMIT)
@use_command(DecisionSchema, page=product)
def submit_product(
    uow: UnitOfWork, command: dict[str, str], version_id: UUID
) -> ResponseReturnValue:
    """Hand a draft to a colleague."""
    approving.submit(uow, confirm(version_id, command))
    flash(_("Submitted; a colleague may check it now."), "success")
    return redirect(url_for(".product", version_id=version_id), 303)


@pages.post("/products/<uuid:version_id>/check")
@requires(approving.CHECK)
@use_command(DecisionSchema, page=product)
def check_product(
    uow: UnitOfWork, command: dict[str, str], version_id: UUID
) -> ResponseReturnValue:
    """Agree to what a colleague submitted."""
    approving.check(uow, confirm(version_id, command))
    flash(_("Checked; the centre decides next."), "success")
    return redirect(url_for(".product", version_id=version_id), 303)


@pages.post("/products/<uuid:version_id>/return")
@requires(approving.CHECK)
@use_command(ReasonSchema, page=product)
def return_product(
    uow: UnitOfWork, command: dict[str, str], version_id: UUID
) -> ResponseReturnValue:
    """Send it back to its maker."""
    version = approving.give_back(uow, confirm(version_id, command))
    flash(_("Sent back; a new draft holds its content."), "success")
    return redirect(url_for(".product", version_id=version.id), 303)


@pages.post("/products/<uuid:version_id>/effect")
@requires(effecting.PUBLISH)
def put_product_in_effect(uow: UnitOfWork, version_id: UUID) -> ResponseReturnValue:
    """Put an admitted version on the shelf."""
    effecting.put_in_effect(uow, version_id)
    flash(_("The version is in effect."), "success")
    return redirect(url_for(".product", version_id=version_id), 303)


@pages.post("/products/<uuid:version_id>/retirement")
@requires(effecting.PUBLISH)
def retire_product(uow: UnitOfWork, version_id: UUID) -> ResponseReturnValue:
    """Take a version off the shelf."""
    effecting.retire(uow, version_id)
    flash(_("The version is retired."), "success")
    return redirect(url_for(".product", version_id=version_id), 303)


@api.get("/products")
@api.response(200, ProductSchema(many=True))
@requires(queries.READ)
def list_products(uow: UnitOfWork) -> Any:
    """The newest version of each product of the bank."""
    return queries.products_of_bank(uow)


@api.get("/products/<uuid:version_id>")
@api.response(200, ProductSchema)
@requires(queries.READ)
def read_product(uow: UnitOfWork, version_id: UUID) -> Any:
    """One version with its policy, for banks that run it themselves too."""
    return queries.version_in_full(uow, version_id)
