"""What people decide on: the content of a version as one hash."""

from typing import Any, Final

import rfc8785

from consent.events import sha256_b64u
from yidaitong.products.models import ProductVersion

_MEMBERS: Final = (
    "product_id",
    "version",
    "bank_id",
    "name_zh",
    "name_en",
    "summary_zh",
    "summary_en",
    "audience_zh",
    "audience_en",
    "cap_fen",
    "rate_min_bp",
    "rate_max_bp",
    "term_min",
    "term_max",
    "guarantee_bp",
    "assessment_bp",
    "bridge_bp",
    "policy",
    "trials",
    "confidential_rules",
)


def content_digest(version: ProductVersion) -> str:
    """SHA-256, base64url, of the canonical JSON of everything a version says."""
    content: dict[str, Any] = {name: getattr(version, name) for name in _MEMBERS}
    content["repayment"] = version.repayment.value
    return sha256_b64u(rfc8785.dumps(content))
