"""Asking: the server derives scope and text; the person can only read, sign or refuse."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent import service
from consent.artefact import Application, Dataset
from consent.events import sha256_b64u
from yidaitong import audit
from yidaitong.authorizations.commands import RequestAuthorization
from yidaitong.authorizations.desk import desk_of, evidence_place
from yidaitong.authorizations.drafts import (
    INDIVIDUAL_PREFIX,
    Draft,
    Occasion,
    enterprise_draft,
    personal_draft,
)
from yidaitong.authorizations.models import AuthorizationText
from yidaitong.authorizations.offers import Offer
from yidaitong.authorizations.purposes import TERMS
from yidaitong.authorizations.scope import Scope, scope_of, whole_scope
from yidaitong.authorizations.text import LANGUAGES
from yidaitong.departments.queries import catalogue_version, servable
from yidaitong.enterprises import queries as enterprises
from yidaitong.enterprises.mandates import signatories
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.errors import InvalidRequestError, InvalidStateError, SourceNotReadyError
from yidaitong.kernel.uow import UnitOfWork

PERMISSION = "application.create"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Requests now waiting for a signature; ``companion_id`` is the representative's own."""

    request_id: UUID
    digest: str
    companion_id: UUID | None = None
    companion_digest: str | None = None


def ask(uow: UnitOfWork, offer: Offer, command: RequestAuthorization) -> Asked:
    """Put what one product needs before the actor's enterprise.

    Items that are personal are asked of the representative separately; refusing them blocks
    nothing else. An individual business is asked once, as its owner.

    Raises:
        ForbiddenError: the actor may not apply.
        InvalidRequestError: the language is unknown, or an application lacks amount or term.
        InvalidStateError: nobody may sign for the enterprise: not verified, or suspended.
        SourceNotReadyError: a department cannot serve this; ``resources`` says which and why.
        RequestExistsError: such a request is open, or such a consent lives.
        EvidenceUnavailableError: evidence cannot be written now.
    """
    uow.actor.require(PERMISSION)
    who = enterprises.subject_of(uow, uow.actor.enterprise_id)
    if who.rep_person_id is None or not signatories(uow, who.enterprise_id):
        raise InvalidStateError(f"nobody may sign for enterprise {who.enterprise_id}")
    occasion = _occasion(uow, command)
    scope = _scope(uow, offer, occasion)
    if who.uscc.startswith(INDIVIDUAL_PREFIX):
        draft = personal_draft(uow, who, offer, occasion, (whole_scope(scope), None))
        return Asked(request_id=make_request(uow, draft), digest=draft.artefact.digest)
    draft = enterprise_draft(uow, who, offer, occasion, scope.enterprise)
    request_id = make_request(uow, draft)
    if not scope.personal:
        return Asked(request_id=request_id, digest=draft.artefact.digest)
    # Drafted after its parent: ids are in order of time, and locks in order of ids.
    own = personal_draft(uow, who, offer, occasion, (scope.personal, draft.artefact.consent_id))
    return Asked(
        request_id=request_id,
        digest=draft.artefact.digest,
        companion_id=make_request(uow, own),
        companion_digest=own.artefact.digest,
    )


def _occasion(uow: UnitOfWork, command: RequestAuthorization) -> Occasion:
    if command.language not in LANGUAGES:
        raise InvalidRequestError("language", fields={"language": "UNKNOWN"})
    return Occasion(
        purpose=command.purpose,
        application=_application(command),
        language=command.language,
        branch=command.branch,
        at=uow.now,
        catalogue_version=catalogue_version(uow),
    )


def _application(command: RequestAuthorization) -> Application | None:
    if command.application_id is None:
        return None
    if command.amount_fen is None or command.term_months is None:
        raise InvalidRequestError("application", fields={"amount_fen": "MISSING"})
    return Application(
        application_id=str(command.application_id),
        amount_fen=command.amount_fen,
        term_months=command.term_months,
    )


def _scope(uow: UnitOfWork, offer: Offer, occasion: Occasion) -> Scope:
    starts_on = business_date(occasion.at)
    last_day = occasion.at + TERMS[occasion.purpose].life
    scope = scope_of(offer.items, starts_on, business_date(last_day), offer.optional)
    check_served(uow, offer.product_id, (*scope.enterprise, *scope.personal))
    return scope


def check_served(uow: UnitOfWork, product_id: str, datasets: Iterable[Dataset]) -> None:
    """Refuse to ask people for what no department serves now.

    Raises:
        SourceNotReadyError: ``resources`` says which and why.
    """
    missing = servable(uow, [dataset.resource for dataset in datasets])
    if missing:
        told = [{"resource": one.resource, "why": one.why.value} for one in missing]
        raise SourceNotReadyError(f"product {product_id}", resources=told)


def make_request(uow: UnitOfWork, draft: Draft) -> UUID:
    """Put a draft before its signatories and keep its text; the request's id.

    Raises:
        RequestExistsError: such a request is open, or such a consent lives.
        EvidenceUnavailableError: evidence cannot be written now.
    """
    artefact = draft.artefact
    request = service.make(
        desk_of(uow),
        service.Ask(
            artefact=artefact, enterprise_id=draft.enterprise_id, person_id=draft.person_id
        ),
    )
    keep_text(uow, draft, request.made_at)
    audit.record(
        uow,
        "consent.request",
        object_type="consent_request",
        object_id=request.id,
        purpose=request.purpose,
        product=request.product_id,
    )
    return request.id


def keep_text(uow: UnitOfWork, draft: Draft, shown_from: datetime) -> None:
    """Keep the exact text of a draft for ever, by its hash."""
    artefact = draft.artefact
    request_id, chain_id = UUID(artefact.request_id), UUID(artefact.chain_id)
    plain = draft.rendered.encode()
    place = evidence_place("authorization_text", request_id, chain_id)
    uow.session.add(
        AuthorizationText(
            request_id=request_id,
            chain_id=chain_id,
            enterprise_id=draft.enterprise_id,
            bank_id=None if artefact.controller is None else artefact.controller.bank_id,
            sha256=sha256_b64u(plain),
            language=artefact.language,
            template_id=artefact.template_id,
            template_rev_sha256=artefact.template_rev_sha256,
            shown_from=shown_from,
            sealed=uow.crypto.seal(uow.session, place, plain),
        )
    )
    uow.session.flush()
