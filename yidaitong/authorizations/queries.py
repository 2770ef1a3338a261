"""Reading authorizations: the wallet of an enterprise, a bank's consents, one in full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from consent import service
from consent.artefact import ConsentArtefact
from consent.chains import visible
from consent.lifecycle import CONSENT_LABELS, ConsentState, state_at
from consent.models import Chain
from yidaitong.authorizations.asked import (
    READ,
    Ask,
    ask_of_enterprise,
    asks_of_application,
    open_asks_of_enterprise,
    text_of,
)
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork

__all__ = [
    "READ",
    "Ask",
    "Authorization",
    "AuthorizationInFull",
    "Moment",
    "ask_of_enterprise",
    "asks_of_application",
    "authorization_in_full",
    "authorization_of",
    "chains_of_application",
    "consents_of_bank",
    "consents_of_centre",
    "open_asks_of_enterprise",
    "receipt_of",
    "use_of_authorization",
    "views_of_enterprise",
    "wallet_of_enterprise",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """One consent as lists show it; ``state`` holds now, whatever was recorded last."""

    chain_id: UUID
    consent_id: UUID
    digest: str
    state: ConsentState
    personal: bool
    enterprise_id: UUID
    bank_id: str | None
    purpose: str
    product_id: str
    application_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    resumes_at: datetime | None
    ended_at: datetime | None
    suspended_reason: str | None = None
    renewable: bool = False

    @property
    def label(self) -> Text:
        """Name of the state."""
        return Text(*CONSENT_LABELS[self.state])


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One event in the life of a consent."""

    type: str
    at: datetime
    entry_id: int
    n: int
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationInFull:
    """One consent with its body, the text shown, its events and receipts."""

    authorization: Authorization
    artefact: ConsentArtefact
    text: str
    events: Sequence[Moment]
    receipts: Sequence[Mapping[str, Any]]


def wallet_of_enterprise(
    uow: UnitOfWork, after: UUID | None = None, limit: int = 50
) -> list[Authorization]:
    """Consents of the actor's enterprise, newest first; ``after`` is the last id seen."""
    uow.actor.require(READ)
    return _listed(
        uow, select(Chain).where(Chain.enterprise_id == uow.actor.enterprise_id), after, limit
    )


def consents_of_bank(
    uow: UnitOfWork, after: UUID | None = None, limit: int = 50
) -> list[Authorization]:
    """Consents naming the actor's bank, newest first."""
    uow.actor.require(READ)
    return _listed(uow, select(Chain).where(Chain.bank_id == uow.actor.bank_id), after, limit)


def consents_of_centre(
    uow: UnitOfWork, after: UUID | None = None, limit: int = 50
) -> list[Authorization]:
    """All consents for whoever may order something about them, newest first; ids, no names."""
    uow.actor.require("consent_order.read")
    return _listed(uow, select(Chain), after, limit)


def chains_of_application(uow: UnitOfWork, application_id: UUID) -> list[Authorization]:
    """Every consent given for one application that the actor may see, the enterprise's first."""
    query = select(Chain).where(Chain.application_id == application_id)
    found = _listed(uow, query, None, limit=20)
    return sorted(found, key=lambda one: (one.personal, one.chain_id))


def authorization_of(uow: UnitOfWork, chain_id: UUID) -> Authorization:
    """One consent as lists show it.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    uow.actor.require(READ)
    found = _listed(uow, select(Chain).where(Chain.id == chain_id), None, 1)
    if not found:
        raise NotFoundError(f"chain {chain_id}")
    return found[0]


def authorization_in_full(uow: UnitOfWork, chain_id: UUID) -> AuthorizationInFull:
    """One consent with everything its parties may see of it.

    Raises:
        NotFoundError: unknown, or somebody else's.
        DataGoneError: its evidence key was destroyed.
    """
    uow.actor.require(READ)
    desk = desk_of(uow)
    chain = uow.session.scalar(select(Chain).where(Chain.id == chain_id, *visible(desk)))
    if chain is None:
        raise NotFoundError(f"chain {chain_id}")
    artefact = service.artefact_of(desk, chain)
    return AuthorizationInFull(
        authorization=_entry(chain, uow.now),
        artefact=artefact,
        text=text_of(uow, UUID(artefact.request_id), artefact.notice.rendered_sha256),
        events=[_moment(one) for one in service.history(desk, chain_id)],
        receipts=[] if _is_bank(uow) else service.receipts_of(desk, chain_id),
    )


def use_of_authorization(uow: UnitOfWork, chain_id: UUID) -> list[Moment]:
    """Everything that ever happened under one consent, oldest first: who asked, who saw what.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    uow.actor.require(READ)
    desk = desk_of(uow)
    if uow.session.scalar(select(Chain.id).where(Chain.id == chain_id, *visible(desk))) is None:
        raise NotFoundError(f"chain {chain_id}")
    return [_moment(one) for one in service.history_of_consent(desk, chain_id)]


def views_of_enterprise(uow: UnitOfWork, limit: int = 20) -> list[Moment]:
    """When officials opened the file of the actor's enterprise, for which case, newest first."""
    uow.actor.require(READ)
    return [_moment(one) for one in service.views(desk_of(uow), limit)]


def receipt_of(uow: UnitOfWork, chain_id: UUID, kind: service.ReceiptType) -> Mapping[str, Any]:
    """The newest receipt of one kind, with its proof once the log has published it.

    Raises:
        NotFoundError: unknown, somebody else's, or no such receipt.
    """
    uow.actor.require(READ)
    if _is_bank(uow):
        raise NotFoundError(f"{kind} receipt of chain {chain_id}")
    return service.receipt_of(desk_of(uow), chain_id, kind)


def _moment(one: service.Opened) -> Moment:
    return Moment(
        type=one.row.type,
        at=one.row.at,
        entry_id=one.row.entry_id,
        n=one.row.n,
        event=one.event,
    )


def _is_bank(uow: UnitOfWork) -> bool:
    """Receipts are made out to the principal."""
    return uow.actor.realm is Realm.BANK


def _listed(
    uow: UnitOfWork, query: Select[Chain], after: UUID | None, limit: int
) -> list[Authorization]:
    query = query.where(*visible(desk_of(uow)))
    if after is not None:
        query = query.where(Chain.id < after)
    rows = uow.session.scalars(query.order_by(Chain.id.desc()).limit(limit))
    return [_entry(row, uow.now) for row in rows]


def _entry(chain: Chain, at: datetime) -> Authorization:
    return Authorization(
        chain_id=chain.id,
        consent_id=chain.consent_id,
        digest=chain.digest,
        state=state_at(chain.facts, at),
        personal=chain.person_id is not None,
        enterprise_id=chain.enterprise_id,
        bank_id=chain.bank_id,
        purpose=chain.purpose,
        product_id=chain.product_id,
        application_id=chain.application_id,
        starts_at=chain.starts_at,
        ends_at=chain.ends_at,
        resumes_at=chain.resumes_at,
        ended_at=chain.ended_at,
        suspended_reason=chain.suspended_reason,
        renewable=chain.renew_offered_at is not None,
    )
