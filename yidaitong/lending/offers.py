"""Looking up offers; what the enterprise signs is the digest of the exact terms."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consent.events import canonical, sha256_b64u
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.clock import iso_ms
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.kinds import OfferState
from yidaitong.lending.models import Offer


def offer_of_application(uow: UnitOfWork, application_id: UUID) -> Offer | None:
    """The offer of an application the actor may see; None while there is none."""
    return uow.session.scalar(select(Offer).where(Offer.application_id == application_id))


def offer_of_enterprise(uow: UnitOfWork, offer_id: UUID) -> Offer:
    """One offer made to the actor's enterprise.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    query = select(Offer).where(Offer.id == offer_id)
    if uow.actor.realm is not Realm.SYSTEM:
        query = query.where(Offer.enterprise_id == uow.actor.enterprise_id)
    found = uow.session.scalar(query)
    if found is None:
        raise NotFoundError(f"offer {offer_id}")
    return found


def state_at(offer: Offer, at: datetime) -> OfferState:
    """What holds at an instant: an open offer has lapsed when its time is over, recorded or not."""
    if offer.state is OfferState.OPEN and at >= offer.ends_at:
        return OfferState.LAPSED
    return offer.state


# Wire format: append only.
def digest_of(offer: Offer) -> str:
    """SHA-256 (base64url) of the canonical terms (RFC 8785): what a signature covers."""
    terms = {
        "offer_id": str(offer.id),
        "application_id": str(offer.application_id),
        "enterprise_id": str(offer.enterprise_id),
        "bank_id": offer.bank_id,
        "product_id": offer.product_id,
        "amount_fen": offer.amount_fen,
        "rate_bp": offer.rate_bp,
        "term_months": offer.term_months,
        "ends_at": iso_ms(offer.ends_at),
    }
    return sha256_b64u(canonical(terms))
