"""Reading a bank's requests: what it drafted and asked, and what became of it.

Who signed, who refused and why is the enterprise's own affair: a bank sees counts and states.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from consent.artefact import ConsentArtefact
from consent.drafts import read_draft
from consent.lifecycle import OPEN, REQUEST_LABELS, RequestState
from consent.models import ConsentRequest, RequestSignature
from consent.steps import request_state, visible_requests
from yidaitong.accounts.scope import as_system
from yidaitong.authorizations.asked import READ, text_of
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork


class AskGroup(StrEnum):
    """What a bank looks for among its requests."""

    DRAFT = "draft"
    OPEN = "open"
    GRANTED = "granted"
    CLOSED = "closed"

    @property
    def text(self) -> Text:
        """The group in words for people."""
        return _GROUPS[self]


_GROUPS: Final = {
    AskGroup.DRAFT: Text("草稿", "Drafts"),
    AskGroup.OPEN: Text("待企业决定", "Waiting for the enterprise"),
    AskGroup.GRANTED: Text("已授权", "Granted"),
    AskGroup.CLOSED: Text("未授权", "Not granted"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRequest:
    """One request of a bank as lists show it; ``chain_id`` is the consent it leads to."""

    request_id: UUID
    chain_id: UUID
    state: RequestState
    purpose: str
    product_id: str
    application_id: UUID | None
    personal: bool
    made_at: datetime
    lapses_at: datetime
    closed_at: datetime | None

    @property
    def label(self) -> Text:
        """Name of the state."""
        return Text(*REQUEST_LABELS[self.state])


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRequestInFull:
    """One request with its exact text; ``signed`` of ``m`` signatures are given."""

    line: BankRequest
    artefact: ConsentArtefact
    text: str
    m: int
    signed: int

    @property
    def name(self) -> str:
        """Who is asked."""
        return self.artefact.subject.name

    @property
    def renews(self) -> bool:
        """Whether it goes on from a consent that ends soon."""
        return self.artefact.renews is not None


def asks_of_bank(
    uow: UnitOfWork, group: AskGroup | None = None, after: UUID | None = None, limit: int = 50
) -> list[BankRequest]:
    """What the actor's bank asked, newest first; ``after`` is the last id seen.

    Raises:
        ForbiddenError: the actor may not read consents.
    """
    uow.actor.require(READ)
    query = select(ConsentRequest).where(*_own(uow))
    if group is not None:
        query = query.where(_in_group(group, uow.now))
    if after is not None:
        query = query.where(ConsentRequest.id < after)
    rows = uow.session.scalars(query.order_by(ConsentRequest.id.desc()).limit(limit))
    return [_line(uow, row) for row in rows]


def asks_about_loan(uow: UnitOfWork, application_id: UUID) -> list[BankRequest]:
    """What the actor's bank asked about one loan, newest first."""
    uow.actor.require(READ)
    query = select(ConsentRequest).where(
        *_own(uow), ConsentRequest.application_id == application_id
    )
    rows = uow.session.scalars(query.order_by(ConsentRequest.id.desc()).limit(20))
    return [_line(uow, row) for row in rows]


def ask_of_bank(uow: UnitOfWork, request_id: UUID) -> BankRequestInFull:
    """One request of the actor's bank with the text the enterprise reads.

    Raises:
        ForbiddenError: the actor may not read consents.
        NotFoundError: unknown, another bank's, or asked by the enterprise itself.
    """
    uow.actor.require(READ)
    row = uow.session.scalar(
        select(ConsentRequest).where(*_own(uow), ConsentRequest.id == request_id)
    )
    if row is None:
        raise NotFoundError(f"request {request_id}")
    return BankRequestInFull(
        line=_line(uow, row),
        artefact=read_draft(desk_of(uow), row),
        text=text_of(uow, row.id, row.rendered_sha256),
        m=row.m,
        signed=_signed(uow, row),
    )


def _own(uow: UnitOfWork) -> list[ColumnElement[bool]]:
    return [*visible_requests(desk_of(uow)), ConsentRequest.requester == uow.actor.bank_id]


def _in_group(group: AskGroup, now: datetime) -> ColumnElement[bool]:
    waiting = ConsentRequest.state.in_(OPEN)
    match group:
        case AskGroup.DRAFT:
            return ConsentRequest.state == RequestState.DRAFT
        case AskGroup.OPEN:
            return and_(waiting, ConsentRequest.lapses_at > now)
        case AskGroup.GRANTED:
            return ConsentRequest.state == RequestState.GRANTED
        case AskGroup.CLOSED:
            # A request whose time is over has lapsed, recorded or not.
            ended = {RequestState.DENIED, RequestState.LAPSED, RequestState.CANCELLED}
            late = and_(waiting, ConsentRequest.lapses_at <= now)
            return or_(ConsentRequest.state.in_(ended), late)


def _line(uow: UnitOfWork, row: ConsentRequest) -> BankRequest:
    return BankRequest(
        request_id=row.id,
        chain_id=row.chain_id,
        state=request_state(row, uow.now),
        purpose=row.purpose,
        product_id=row.product_id,
        application_id=row.application_id,
        personal=row.person_id is not None,
        made_at=row.made_at,
        lapses_at=row.lapses_at,
        closed_at=row.closed_at,
    )


def _signed(uow: UnitOfWork, row: ConsentRequest) -> int:
    """How many signatures count; whose they are stays with the enterprise."""
    count = select(func.count()).where(
        RequestSignature.request_id == row.id, RequestSignature.round == row.round
    )
    with as_system(uow) as wide:
        return wide.session.scalar(count) or 0
