"""Reading requests: what waits for a signature, with the exact text and what it changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from consent.artefact import ConsentArtefact
from consent.drafts import read_artefact, read_draft
from consent.lifecycle import REQUEST_LABELS, RequestState
from consent.models import ConsentRequest, ConsentRow
from consent.steps import request_state, signatures_of, visible_requests
from yidaitong.authorizations.changes import changes
from yidaitong.authorizations.desk import desk_of, evidence_place
from yidaitong.authorizations.models import AuthorizationText
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork

READ = "consent.read"


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


def _requests(uow: UnitOfWork) -> Select[ConsentRequest]:
    return select(ConsentRequest).where(*visible_requests(desk_of(uow)))


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
        text=text_of(uow, row.id, row.rendered_sha256),
        m=row.m,
        signed_by=frozenset(one.person_id for one in signatures_of(desk, row)),
        amends=_amended(uow, row),
    )


def text_of(uow: UnitOfWork, request_id: UUID, sha256: str) -> str:
    """The exact text of one draft, by its hash."""
    row = uow.session.get_one(AuthorizationText, (request_id, sha256))
    place = evidence_place(AuthorizationText.__tablename__, row.request_id, row.chain_id)
    return uow.crypto.open(uow.session, place, row.sealed).decode()
