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
from consent.drafts import read_artefact, read_draft
from consent.lifecycle import (
    CONSENT_LABELS,
    REQUEST_LABELS,
    ConsentState,
    RequestState,
    state_at,
)
from consent.models import Chain, ConsentRequest, ConsentRow
from consent.steps import request_state, signatures_of, visible_requests
from yidaitong.authorizations.changes import changes
from yidaitong.authorizations.desk import desk_of, evidence_place
from yidaitong.authorizations.models import AuthorizationText
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork

READ = "consent.read"


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
class Ask:
    """One request as the signing page shows it; ``text`` is what its hash was taken of."""

    request_id: UUID
    digest: str
    state: RequestState
    personal: bool
    bank_id: str | None
    purpose: str
    product_id: str
    application_id: UUID | None
    companion_of: UUID | None
    lapses_at: datetime
    artefact: ConsentArtefact
    text: str
    m: int
    signed_by: frozenset[UUID]
    amends: ConsentArtefact | None = None

    @property
    def label(self) -> Text:
        """Name of the state."""
        return Text(*REQUEST_LABELS[self.state])

    @property
    def changes(self) -> Sequence[Text]:
        """What an amendment changes, one sentence each."""
        return [] if self.amends is None else changes(self.amends, self.artefact)


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


def open_asks_of_enterprise(uow: UnitOfWork) -> list[Ask]:
    """Requests waiting for a signature of the actor's enterprise, oldest first."""
    uow.actor.require(READ)
    query = _requests(uow).where(ConsentRequest.enterprise_id == uow.actor.enterprise_id)
    rows = list(uow.session.scalars(query.order_by(ConsentRequest.id)))
    states = {row.id: request_state(row, uow.now) for row in rows}
    waiting = {RequestState.REQUESTED, RequestState.PARTIALLY_SIGNED}
    return [_ask(uow, row) for row in rows if states[row.id] in waiting]


def asks_of_application(uow: UnitOfWork, application_id: UUID) -> list[Ask]:
    """Requests made for one application, whatever became of them; the enterprise's first."""
    query = _requests(uow).where(ConsentRequest.application_id == application_id)
    return [_ask(uow, row) for row in uow.session.scalars(query.order_by(ConsentRequest.id))]


def ask_of_enterprise(uow: UnitOfWork, request_id: UUID) -> Ask:
    """One request with the exact text to be signed.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    uow.actor.require(READ)
    row = uow.session.scalar(_requests(uow).where(ConsentRequest.id == request_id))
    if row is None:
        raise NotFoundError(f"request {request_id}")
    return _ask(uow, row)


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
        text=_text(uow, UUID(artefact.request_id), artefact.notice.rendered_sha256),
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


def _requests(uow: UnitOfWork) -> Select[ConsentRequest]:
    return select(ConsentRequest).where(*visible_requests(desk_of(uow)))


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


def _amended(uow: UnitOfWork, row: ConsentRequest) -> ConsentArtefact | None:
    if row.supersedes is None:
        return None
    return read_artefact(desk_of(uow), uow.session.get_one(ConsentRow, row.supersedes))


def _ask(uow: UnitOfWork, row: ConsentRequest) -> Ask:
    desk = desk_of(uow)
    return Ask(
        request_id=row.id,
        digest=row.digest,
        state=request_state(row, uow.now),
        personal=row.person_id is not None,
        bank_id=row.bank_id,
        purpose=row.purpose,
        product_id=row.product_id,
        application_id=row.application_id,
        companion_of=row.companion_of,
        lapses_at=row.lapses_at,
        artefact=read_draft(desk, row),
        text=_text(uow, row.id, row.rendered_sha256),
        m=row.m,
        signed_by=frozenset(one.person_id for one in signatures_of(desk, row)),
        amends=_amended(uow, row),
    )


def _text(uow: UnitOfWork, request_id: UUID, sha256: str) -> str:
    row = uow.session.get_one(AuthorizationText, (request_id, sha256))
    place = evidence_place(AuthorizationText.__tablename__, row.request_id, row.chain_id)
    return uow.crypto.open(uow.session, place, row.sealed).decode()
