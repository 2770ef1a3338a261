"""How the API tells products; a version is ``Any``: a portal knows services, not tables."""

from typing import Any

from marshmallow import fields

from yidaitong.kernel.money import format_yuan
from yidaitong.kernel.schema import CommandSchema
from yidaitong.products.costs import cost_range


class ProductSchema(CommandSchema):
    """One product on offer; ``cap`` in 元, rates in basis points a year, terms in months."""

    product_id = fields.String()
    version = fields.Integer()
    bank_id = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    summary_zh = fields.String()
    summary_en = fields.String()
    cap = fields.String()
    rate_min_bp = fields.Integer()
    rate_max_bp = fields.Integer()
    cost_min_bp = fields.Integer(metadata={"description": "all parts together, a year"})
    cost_max_bp = fields.Integer()
    term_min = fields.Integer()
    term_max = fields.Integer()
    repayment = fields.String()
    policy_sha256 = fields.String()


class RuleSchema(CommandSchema):
    """One condition in words."""

    id = fields.String()
    zh = fields.String()
    en = fields.String()


class ProductInFullSchema(ProductSchema):
    """One product with its conditions and exactly what would be asked."""

    rules = fields.List(fields.Nested(RuleSchema))
    items = fields.List(fields.String())
    resources = fields.List(fields.String())


def written(version: Any) -> dict[str, Any]:
    """One version as the API tells it."""
    least, most = cost_range(version)
    same = ("product_id", "version", "bank_id", "name_zh", "name_en", "summary_zh", "summary_en")
    terms = ("rate_min_bp", "rate_max_bp", "term_min", "term_max")
    return {
        **{name: getattr(version, name) for name in (*same, *terms)},
        "cap": format_yuan(version.cap_fen).replace(",", ""),
        "cost_min_bp": least.total_bp,
        "cost_max_bp": most.total_bp,
        "repayment": version.repayment.value,
        "policy_sha256": version.sha256,
    }
