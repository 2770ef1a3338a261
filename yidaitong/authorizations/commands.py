"""What people ask of authorizations, as values."""

from dataclasses import dataclass
from uuid import UUID

from yidaitong.authorizations.purposes import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAuthorization:
    """Ask the actor's enterprise for what one product needs; amounts in fen."""

    product_id: str
    purpose: Purpose
    application_id: UUID | None = None
    amount_fen: int | None = None
    term_months: int | None = None
    branch: str = ""
    language: str = "zh-CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Sign one request: ``digest`` as shown, ``token`` the single-use step-up bound to it."""

    request_id: UUID
    digest: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """Withdraw one authorization for good."""

    chain_id: UUID
    reason: str | None = None
