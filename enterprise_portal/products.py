"""The shelf: what each loan really costs and asks for, before anybody applies."""

from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from enterprise_portal import applying
from enterprise_portal.blueprints import api, pages
from enterprise_portal.names import Names
from enterprise_portal.products_schema import ProductInFullSchema, ProductSchema, written
from enterprise_portal.schemas import ApplyPageSchema
from yidaitong.departments.queries import department_of
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.commands import CreateApplication
from yidaitong.products import queries as products
from yidaitong.products.costs import YearlyCost, cost_range
from yidaitong.products.policy import department_items, resources
from yidaitong.products.policy.labels import item_text
from yidaitong.products.policy.wording import rule_text
from yidaitong.web.i18n import current_language
from yidaitong.web.views import requires, use_command


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One product as its card shows it; costs are the least and the most of a year."""

    version: Any
    bank: Text
    least: YearlyCost
    most: YearlyCost
    gates: tuple[Text, ...]
    departments: tuple[Text, ...]


@pages.get("/products")
@requires(products.READ)
def shelf(uow: UnitOfWork) -> ResponseReturnValue:
    """All products on offer, the cheapest first by what they cost in all."""
    names = Names(uow)
    cards = [_card(names, version) for version in products.shelf(uow)]
    cards.sort(key=lambda card: (card.least.total_bp, card.version.product_id))
    return render_template("enterprise/products.html", cards=cards)


@pages.get("/products/<product_id>")
@requires(products.READ)
def product(uow: UnitOfWork, product_id: str) -> ResponseReturnValue:
    """One product: conditions, costs, what will be asked of whom, and the form to apply."""
    version = _on_offer(uow, product_id)
    policy = products.policy_of(version)
    return render_template(
        "enterprise/product.html",
        card=_card(Names(uow), version),
        version=version,
        asked=[item_text(item) for item in department_items(policy)],
        terms=list(range(version.term_min, version.term_max + 1)),
    )


@pages.post("/products/<product_id>/application")
@requires(applying.PERMISSION)
@use_command(ApplyPageSchema, page=product)
def apply(uow: UnitOfWork, command: dict[str, Any], product_id: str) -> ResponseReturnValue:
    """Draft the application and ask for what it needs; the next page is the authorization."""
    wanted = CreateApplication(
        product_id=product_id, amount_fen=command["amount"], term_months=command["term_months"]
    )
    applied = applying.apply(uow, wanted, current_language())
    return redirect(url_for(".ask", request_id=applied.asked.request_id), 303)


@api.get("/products")
@api.response(200, ProductSchema(many=True))
@requires(products.READ)
def list_products(uow: UnitOfWork) -> Any:
    """Products on offer."""
    return [written(version) for version in products.shelf(uow)]


@api.get("/products/<product_id>")
@api.response(200, ProductInFullSchema)
@requires(products.READ)
def read_product(uow: UnitOfWork, product_id: str) -> Any:
    """One product with its conditions and the items it needs."""
    version = _on_offer(uow, product_id)
    policy = products.policy_of(version)
    return written(version) | {
        "rules": [{"id": rule.id, **_both(rule_text(rule))} for rule in policy.rules],
        "items": list(department_items(policy)),
        "resources": list(resources(policy)),
    }


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _on_offer(uow: UnitOfWork, product_id: str) -> Any:
    version = products.effective(uow, product_id)
    if version is None:
        raise NotFoundError(f"product {product_id[:40]}")
    return version


def _card(names: Names, version: Any) -> Card:
    policy = products.policy_of(version)
    hidden = set(version.confidential_rules)
    least, most = cost_range(version)
    asked = {department_of(resource).text: None for resource in resources(policy)}
    return Card(
        version=version,
        bank=names.bank(version.bank_id),
        least=least,
        most=most,
        gates=tuple(rule_text(rule) for rule in policy.rules if rule.id not in hidden),
        departments=tuple(asked),
    )
