"""What the portal takes in about products."""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from marshmallow import fields

from bank_portal.fields import Whole
from yidaitong.kernel.money import FEN_PER_WAN
from yidaitong.kernel.schema import CommandSchema, Line, Paragraph, WanField
from yidaitong.kernel.text import Text
from yidaitong.products.commands import Confirm, DraftProduct
from yidaitong.products.kinds import Repayment

_MAX_POLICY: Final = 128 * 1024  # Indented for people; the policy itself has its own limit.
_MAX_TRIALS: Final = 256 * 1024
_MAX_CAP: Final = 10**12
_MAX_BP: Final = 3600
_NAMES: Final = ("name_zh", "name_en", "summary_zh", "summary_en", "audience_zh", "audience_en")
_NUMBERS: Final = (
    "rate_min_bp",
    "rate_max_bp",
    "term_min",
    "term_max",
    "guarantee_bp",
    "assessment_bp",
    "bridge_bp",
)


class DraftSchema(CommandSchema):
    """The content of one version; ``cap`` in 万元, rates and fees in basis points a year."""

    product_id = Line(required=True, max_length=32)
    name_zh = Line(required=True, max_length=60)
    name_en = Line(required=True, max_length=60)
    summary_zh = Line(required=True, max_length=500)
    summary_en = Line(required=True, max_length=500)
    audience_zh = Line(required=True, max_length=200)
    audience_en = Line(required=True, max_length=200)
    cap = WanField(required=True, low=1, high=_MAX_CAP)
    rate_min_bp = Whole(required=True, low=1, high=_MAX_BP)
    rate_max_bp = Whole(required=True, low=1, high=_MAX_BP)
    term_min = Whole(required=True, low=1, high=120)
    term_max = Whole(required=True, low=1, high=120)
    repayment = fields.Enum(Repayment, by_value=True, required=True)
    guarantee_bp = Whole(low=0, high=_MAX_BP, load_default=0)
    assessment_bp = Whole(low=0, high=_MAX_BP, load_default=0)
    bridge_bp = Whole(low=0, high=_MAX_BP, load_default=0)
    confidential_rules = Line(max_length=400, load_default="")
    policy = Paragraph(required=True, max_length=_MAX_POLICY)
    trials = Paragraph(required=True, max_length=_MAX_TRIALS)


class DecisionSchema(CommandSchema):
    """A decision on exactly what was shown."""

    digest = Line(required=True, max_length=43)


class ReasonSchema(DecisionSchema):
    """A return and its reason."""

    reason = Paragraph(required=True, max_length=500)


def confirm(version_id: UUID, given: Mapping[str, str]) -> Confirm:
    """The command."""
    return Confirm(version_id=version_id, digest=given["digest"], note=given.get("reason", ""))


def draft_of(data: Mapping[str, Any]) -> DraftProduct:
    """The command."""
    return DraftProduct(
        product_id=data["product_id"],
        name=Text(data["name_zh"], data["name_en"]),
        summary=Text(data["summary_zh"], data["summary_en"]),
        audience=Text(data["audience_zh"], data["audience_en"]),
        cap_fen=data["cap"],
        repayment=data["repayment"],
        policy=data["policy"],
        trials=data["trials"],
        confidential_rules=data["confidential_rules"].replace(",", " ").split(),
        **{name: data[name] for name in _NUMBERS},
    )


def typed(version: Any) -> dict[str, str]:
    """What the form of a version shows; JSON indented, as a person would write it."""
    whole, rest = divmod(version.cap_fen, FEN_PER_WAN)
    return {
        **{name: getattr(version, name) for name in ("product_id", *_NAMES)},
        **{name: str(getattr(version, name)) for name in _NUMBERS},
        "cap": f"{whole}.{rest:06d}".rstrip("0").rstrip("."),
        "repayment": version.repayment.value,
        "confidential_rules": " ".join(version.confidential_rules),
        "policy": _written(version.policy),
        "trials": _written(version.trials),
    }


def blank() -> dict[str, str]:
    """An empty form."""
    return dict.fromkeys(DraftSchema().load_fields, "") | dict.fromkeys(_NUMBERS[4:], "0")


def _written(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1)
