"""Changing or renewing a living authorization: a request of its own, with the difference shown."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.artefact import ConsentArtefact, Eligible, Mandate, Product, Quorum, write_at
from consent.chains import visible
from consent.errors import InvalidStateError
from consent.lifecycle import LIVE, state_at
from consent.models import Chain, ConsentRow
from yidaitong.authorizations.asking import PERMISSION, check_served, make_request
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.eligible import mandate_of
from yidaitong.authorizations.narrowing import NARROW, Less, Narrowed, narrowed
from yidaitong.authorizations.offers import Offer
from yidaitong.authorizations.purposes import TERMS, Purpose
from yidaitong.authorizations.rewording import Origin, reworded
from yidaitong.authorizations.scope import scope_of, whole_scope
from yidaitong.departments.queries import catalogue_version
from yidaitong.enterprises.mandates import may_sign
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

# What is renewed at all: the other purposes end with the act they are for.
RENEWABLE = frozenset({Purpose.POST_LOAN, Purpose.CLAIM})


def narrow_authorization(uow: UnitOfWork, chain_id: UUID, less: Less) -> Narrowed:
    """Ask to allow less than was granted; one signature is enough.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such authorization, or somebody else's.
        InvalidStateError: it has ended.
        InvalidRequestError: nothing of that name was granted, or nothing is left out.
        MandateInsufficientError: the actor is no signatory.
        RequestExistsError: a request for this is open already.
    """
    uow.actor.require(NARROW)
    may_sign(uow)
    chain, old = _living(uow, chain_id)
    less_wide = narrowed(old, less)
    if not service.narrows(old, less_wide) or less_wide == old:
        raise InvalidStateError(f"chain {chain_id}: nothing is left out")
    one = replace(_mandate(uow, chain, old).quorum, m=1)
    following = _following(uow, chain, less_wide)
    return _ask(uow, chain, old, _with_quorum(following, one))


def update_authorization(uow: UnitOfWork, chain_id: UUID, offer: Offer) -> Narrowed:
    """Ask to bring an authorization to what the product needs now, under today's text.

    The end does not move; the quorum signs.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such authorization, or somebody else's.
        InvalidStateError: it has ended, nobody may sign, or nothing is new.
        SourceNotReadyError: a department cannot serve this.
        RequestExistsError: a request for this is open already.
    """
    uow.actor.require(PERMISSION)
    chain, old = _living(uow, chain_id)
    fresh = _product(uow, _following(uow, chain, old), offer)
    if not service.differences(old, reworded(uow, fresh, _origin(chain, old)).artefact):
        raise InvalidStateError(f"chain {chain_id}: nothing is new")
    return _ask(uow, chain, old, fresh)


def renew_authorization(uow: UnitOfWork, chain_id: UUID, offer: Offer) -> Narrowed:
    """Ask for a further term, beginning when the present one ends, with fresh calls.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such authorization, or somebody else's.
        InvalidStateError: it has ended, its purpose is not renewed, or nobody may sign.
        SourceNotReadyError: a department cannot serve this.
        RequestExistsError: a request for this is open already.
    """
    uow.actor.require(PERMISSION)
    chain, old = _living(uow, chain_id)
    if Purpose(chain.purpose) not in RENEWABLE:
        raise InvalidStateError(f"chain {chain_id} is for {chain.purpose}")
    consent_id = str(uuid7())
    following = replace(
        _following(uow, chain, old),
        consent_id=consent_id,
        chain_id=consent_id,
        version=1,
        supersedes=None,
        prev_digest=None,
        renews=str(chain.consent_id),
        starts_at=write_at(chain.ends_at),
        expires_at=write_at(chain.ends_at + TERMS[Purpose(chain.purpose)].life),
    )
    return _ask(uow, chain, None, _product(uow, following, offer))


def offer_renewals(uow: UnitOfWork) -> int:
    """Note consents that end within 30 days and may be renewed; how many. Safe to repeat."""
    purposes = [purpose.value for purpose in RENEWABLE]
    return len(service.offer_renewals(desk_of(uow, job="consents.remind"), purposes))


def _living(uow: UnitOfWork, chain_id: UUID) -> tuple[Chain, ConsentArtefact]:
    desk = desk_of(uow)
    chain = uow.session.scalar(select(Chain).where(Chain.id == chain_id, *visible(desk)))
    if chain is None:
        raise NotFoundError(f"chain {chain_id}")
    if state_at(chain.facts, uow.clock()) not in LIVE:
        raise InvalidStateError(f"chain {chain_id} has ended")
    return chain, service.artefact_of(desk, chain)


def _following(uow: UnitOfWork, chain: Chain, body: ConsentArtefact) -> ConsentArtefact:
    """The next version of a chain, under new names."""
    version = uow.session.get_one(ConsentRow, chain.consent_id).version + 1
    return replace(
        body,
        consent_id=str(uuid7()),
        chain_id=str(chain.id),
        version=version,
        request_id=str(uuid7()),
        txn_id=str(uuid7()),
        starts_at=write_at(max(uow.now, chain.starts_at)),
        mandate=_mandate(uow, chain, body),
        supersedes=str(chain.consent_id),
        renews=None,
        prev_digest=chain.digest,
    )


def _mandate(uow: UnitOfWork, chain: Chain, body: ConsentArtefact) -> Mandate:
    if chain.person_id is None:
        return mandate_of(uow, chain.enterprise_id)
    own = Eligible(person_id=str(chain.person_id), role="SELF", mandate_id=None)
    return replace(body.mandate, eligible=(own,), quorum=Quorum(m=1, n=1))


def _with_quorum(body: ConsentArtefact, quorum: Quorum) -> ConsentArtefact:
    return replace(body, mandate=replace(body.mandate, quorum=quorum))


def _product(uow: UnitOfWork, body: ConsentArtefact, offer: Offer) -> ConsentArtefact:
    """The body with the scope and the terms of today's product version."""
    terms = TERMS[Purpose(body.purpose.code)]
    starts_at, expires_at = body.validity
    days = (business_date(starts_at), business_date(expires_at))
    scope = scope_of(offer.items, *days, offer.optional)
    datasets = scope.enterprise
    if body.subject.kind == "PERSON":
        datasets = whole_scope(scope) if body.companion_of is None else scope.personal
    check_served(uow, offer.product_id, datasets)
    return replace(
        body,
        datasets=datasets,
        data_filter=(),
        data_life=terms.keep,
        ends_on=body.ends_on,
        product=Product(
            product_id=offer.product_id,
            policy_version=offer.policy_version,
            policy_sha256=offer.policy_sha256,
            catalogue_version=catalogue_version(uow),
        ),
    )


def _origin(chain: Chain, old: ConsentArtefact | None) -> Origin:
    return Origin(enterprise_id=chain.enterprise_id, person_id=chain.person_id, amends=old)


def _ask(
    uow: UnitOfWork, chain: Chain, old: ConsentArtefact | None, body: ConsentArtefact
) -> Narrowed:
    draft = reworded(uow, body, _origin(chain, old))
    request_id = make_request(uow, draft)
    return Narrowed(request_id=request_id, digest=draft.artefact.digest)
