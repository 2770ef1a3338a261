"""A bank's requests: drafted by it, looked at, put before the enterprise, taken back.

The bank names the occasion only; the server derives the scope, and the enterprise decides.
"""

from dataclasses import dataclass
from uuid import UUID

from consent import service
from consent.artefact import Application, ConsentArtefact
from consent.drafts import read_draft
from consent.errors import InvalidStateError
from consent.models import ConsentRequest
from consent.steps import lock_request
from yidaitong import audit
from yidaitong.accounts.scope import as_system
from yidaitong.authorizations.asking import check_served, keep_text
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.drafts import (
    INDIVIDUAL_PREFIX,
    Draft,
    Occasion,
    enterprise_draft,
    personal_draft,
)
from yidaitong.authorizations.eligible import mandate_of
from yidaitong.authorizations.offers import Offer
from yidaitong.authorizations.purposes import TERMS, Purpose
from yidaitong.authorizations.scope import scope_of
from yidaitong.banks.queries import is_accredited
from yidaitong.departments.queries import catalogue_version
from yidaitong.enterprises import queries as enterprises
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.errors import ForbiddenError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products.queries import effective

ASK = "consent.request"
LANGUAGE = "zh-CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAsk:
    """On which occasion a bank asks: about which loan, under which product, going on from what."""

    enterprise_id: UUID
    offer: Offer
    purpose: Purpose
    application: Application
    renews: service.LiveChain | None = None


def draft_for_bank(uow: UnitOfWork, asked: BankAsk) -> UUID:
    """Write down what is going to be asked (Q1); nobody is asked yet. The request's id.

    Raises:
        ForbiddenError: the actor may not ask, or the bank is not accredited.
        InvalidStateError: nobody may sign for the enterprise now.
        SourceNotReadyError: a department cannot serve this; ``resources`` says which and why.
    """
    uow.actor.require(ASK)
    _check_accredited(uow)
    with as_system(uow) as wide:
        made = _draft(wide, asked)
    request = service.draft(
        desk_of(uow),
        service.Ask(
            artefact=made.artefact, enterprise_id=made.enterprise_id, person_id=made.person_id
        ),
    )
    keep_text(uow, made, request.made_at)
    _note(uow, "consent.draft", request.id)
    return request.id


def send(uow: UnitOfWork, request_id: UUID) -> None:
    """Put a draft before the enterprise (Q2); it has 72 hours.

    Raises:
        ForbiddenError: the actor may not ask, or the bank is not accredited.
        NotFoundError: no such request, or another bank's.
        InvalidStateError: it is no draft, or what it says is no longer so: draft it again.
        SourceNotReadyError: a department cannot serve this now.
        RequestExistsError: such a request is open, or such a consent lives.
        RequestLapsedError: its validity is over already.
        EvidenceUnavailableError: evidence cannot be written now.
    """
    uow.actor.require(ASK)
    _check_accredited(uow)
    desk = desk_of(uow)
    request = lock_request(desk, request_id)
    _check_present(uow, request, read_draft(desk, request))
    service.put(desk, request_id)
    _note(uow, "consent.request", request_id)


def take_back(uow: UnitOfWork, request_id: UUID) -> None:
    """Drop a draft, or take back what nobody decided about yet (Q8).

    Raises:
        ForbiddenError: the actor may not ask.
        NotFoundError: no such request, or another bank's.
        MandateInsufficientError: the enterprise asked.
        InvalidStateError: it is closed.
    """
    uow.actor.require(ASK)
    service.cancel(desk_of(uow), request_id, "REQUESTER_WISH")
    _note(uow, "consent.cancel", request_id)


def _draft(uow: UnitOfWork, asked: BankAsk) -> Draft:
    """As the system: a bank does not see who represents an enterprise."""
    who = enterprises.subject_of(uow, asked.enterprise_id)
    mandate_of(uow, asked.enterprise_id)
    starts_at = uow.now if asked.renews is None else asked.renews.row.ends_at
    occasion = Occasion(
        purpose=asked.purpose,
        application=asked.application,
        language=LANGUAGE,
        branch="",
        at=starts_at,
        catalogue_version=catalogue_version(uow),
        renews=None if asked.renews is None else asked.renews.row.consent_id,
    )
    last_day = business_date(starts_at + TERMS[asked.purpose].life)
    scope = scope_of(asked.offer.items, business_date(starts_at), last_day, asked.offer.optional)
    check_served(uow, asked.offer.product_id, scope.enterprise)
    if who.uscc.startswith(INDIVIDUAL_PREFIX):
        return personal_draft(uow, who, asked.offer, occasion, (scope.enterprise, None))
    return enterprise_draft(uow, who, asked.offer, occasion, scope.enterprise)


def _check_present(uow: UnitOfWork, request: ConsentRequest, artefact: ConsentArtefact) -> None:
    """What was drafted must still be what would be drafted."""
    version = effective(uow, request.product_id)
    if version is None or version.sha256 != artefact.product.policy_sha256:
        raise InvalidStateError(f"request {request.id}: the product's rules changed")
    with as_system(uow) as wide:
        mandate = mandate_of(wide, request.enterprise_id)
        owner = enterprises.subject_of(wide, request.enterprise_id).rep_person_id
        check_served(wide, request.product_id, artefact.datasets)
    # An individual business is asked as its owner, who may be another by now.
    same = mandate == artefact.mandate if request.person_id is None else owner == request.person_id
    if not same:
        raise InvalidStateError(f"request {request.id}: who may sign changed")


def _check_accredited(uow: UnitOfWork) -> None:
    if not is_accredited(uow, uow.actor.bank_id):
        raise ForbiddenError(f"bank {uow.actor.bank_id} is not accredited")


def _note(uow: UnitOfWork, act: str, request_id: UUID) -> None:
    audit.record(uow, act, object_type="consent_request", object_id=request_id)
