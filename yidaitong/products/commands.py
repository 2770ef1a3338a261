"""What banks say about their products, as frozen commands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from yidaitong.kernel.text import Text
from yidaitong.products.kinds import Repayment


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftProduct:
    """The content of one version. ``policy`` and ``trials`` are JSON texts or what they hold."""

    product_id: str
    name: Text
    summary: Text
    audience: Text
    cap_fen: int
    rate_min_bp: int
    rate_max_bp: int
    term_min: int
    term_max: int
    repayment: Repayment
    policy: str | Mapping[str, Any]
    trials: str | Mapping[str, Any]
    confidential_rules: Collection[str] = ()
    guarantee_bp: int = 0
    assessment_bp: int = 0
    bridge_bp: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """A decision on exactly what was shown: ``digest`` is its ``content_sha256``."""

    version_id: UUID
    digest: str
    note: str = ""
