"""What is about to be asked: checked against the closed lists, and written as a row."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consent import errors
from consent.amending import check_links
from consent.artefact import ConsentArtefact
from consent.drafts import request_place
from consent.lifecycle import RequestState
from consent.models import ConsentRequest
from consent.ports import Desk
from consent.terms import check_terms

REQUEST_TTL = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is to be signed, and by whose principal."""

    artefact: ConsentArtefact
    enterprise_id: UUID
    person_id: UUID | None = None
    ttl: timedelta = REQUEST_TTL


def checked(desk: Desk, ask: Ask) -> dict[str, Any]:
    """The columns of a request for ``ask``, as REQUESTED now.

    Raises:
        InvalidScopeError: purpose, limits, life, principal or links are outside what may be asked.
    """
    check_terms(ask.artefact)
    _check_principal(ask)
    check_links(desk, ask.artefact, (ask.enterprise_id, ask.person_id))
    return _values(desk, ask, _parent_chain(desk, ask), desk.clock())


def _check_principal(ask: Ask) -> None:
    subject = ask.artefact.subject
    person = None if ask.person_id is None else str(ask.person_id)
    kind = "ENTERPRISE" if person is None else "PERSON"
    if subject.kind != kind or subject.person_id != person:
        raise errors.InvalidScopeError(f"request {ask.artefact.request_id}", fields=["subject"])


def _parent_chain(desk: Desk, ask: Ask) -> UUID | None:
    """The chain a personal consent accompanies.

    It is asked later and so has a greater id: whoever locks by id takes the parent first.
    """
    if ask.artefact.companion_of is None:
        return None
    parent = desk.session.scalars(
        select(ConsentRequest).where(
            ConsentRequest.consent_id == UUID(ask.artefact.companion_of),
            ConsentRequest.enterprise_id == ask.enterprise_id,
        )
    ).one_or_none()
    if parent is None or parent.chain_id >= UUID(ask.artefact.chain_id):
        raise errors.InvalidScopeError(
            f"request {ask.artefact.request_id}", fields=["companion_of"]
        )
    return parent.chain_id


def _values(desk: Desk, ask: Ask, parent: UUID | None, at: datetime) -> dict[str, Any]:
    artefact = ask.artefact
    application, controller = artefact.application, artefact.controller
    made = ConsentRequest(
        id=UUID(artefact.request_id),
        consent_id=UUID(artefact.consent_id),
        chain_id=UUID(artefact.chain_id),
        enterprise_id=ask.enterprise_id,
        person_id=ask.person_id,
        bank_id=None if controller is None else controller.bank_id,
        purpose=artefact.purpose.code,
        product_id=artefact.product.product_id,
        application_id=None if application is None else UUID(application.application_id),
        companion_of=parent,
        supersedes=None if artefact.supersedes is None else UUID(artefact.supersedes),
        requester=desk.reach.bank_id or str(ask.enterprise_id),
        state=RequestState.REQUESTED,
        version=1,
        m=artefact.mandate.quorum.m,
        digest=artefact.digest,
        rendered_sha256=artefact.notice.rendered_sha256,
        made_at=at,
        lapses_at=min(at + ask.ttl, artefact.validity[1]),
        sealed=b"",
    )
    sealed = desk.sealer.seal(request_place(made), artefact.canonical)
    columns = ConsentRequest.__table__.columns.keys()
    return {name: getattr(made, name) for name in columns} | {"sealed": sealed}
