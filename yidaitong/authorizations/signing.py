"""Signing and refusing. Granting takes a fresh proof of identity bound to the digest shown.

The representative holds no key of their own: the platform's artefact key signs the exact bytes on
their behalf once their identity was proved, and the proof's reference is kept with the signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.errors import MandateInsufficientError
from consent.lifecycle import OPEN
from consent.models import ConsentRequest
from yidaitong import audit
from yidaitong.accounts import stepup
from yidaitong.accounts.sessions import token_hash
from yidaitong.authorizations.commands import Sign
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.representation import MANDATE_REVIEW, is_representative, lift
from yidaitong.enterprises.mandates import entitled, hold_standing
from yidaitong.kernel.uow import UnitOfWork

GRANT = "consent.grant"
DENY = "consent.deny"
# Brings what is in flight to what an amendment still allows.
AMEND_JOB = "pulls.amend"
# Why consents wait whose text was revised. Wire format: append only.
RECONSENT = "RECONSENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A consent that began; ``receipt`` carries no proof yet."""

    chain_id: UUID
    request_id: UUID
    application_id: UUID | None
    receipt: Mapping[str, Any]


def sign_and_grant(uow: UnitOfWork, command: Sign) -> Granted | None:
    """Sign one request; None while further signatories are needed.

    Raises:
        ForbiddenError: the actor may not grant.
        StepUpRequiredError: the token is missing, used, too old, or bound to another digest.
        NotFoundError: no such request, or somebody else's.
        RequestLapsedError: the time to sign is over.
        DraftChangedError: the digest is not that of the present draft.
        InvalidStateError: the request is closed; or a companion's parent is not living.
        MandateInsufficientError: the actor is no signatory, or no longer.
        EvidenceUnavailableError: evidence cannot be written now.
    """
    uow.actor.require(GRANT)
    before = uow.actor
    proven = stepup.consume(uow, command.token, command.digest)
    desk = desk_of(proven)
    hold_standing(proven, proven.actor.enterprise_id)
    standing = entitled(proven, proven.actor.enterprise_id)
    if proven.actor.person_id not in standing:
        raise MandateInsufficientError(f"{proven.actor.person_id} may not sign now")
    signing = service.Signing(
        digest=command.digest,
        evidence=f"step-up:{token_hash(command.token).hex()}",
        standing=standing.__contains__,
    )
    signed = service.sign(desk, command.request_id, signing)
    audit.record(
        proven, "consent.sign", object_type="consent_request", object_id=command.request_id
    )
    granted = None
    if signed.chain is not None and signed.event is not None:
        granted = Granted(
            chain_id=signed.chain.id,
            request_id=command.request_id,
            application_id=signed.request.application_id,
            receipt=service.issue(desk, signed.event.event_id),
        )
        _follow_up(proven, signed.request, signed.chain)
        audit.record(
            proven,
            "consent.grant",
            object_type="consent",
            object_id=signed.chain.id,
            digest=signed.chain.digest,
        )
    # The proof was for this act alone.
    uow.acting(before)
    return granted


def _follow_up(uow: UnitOfWork, request: ConsentRequest, live: service.LiveChain) -> None:
    """What an amendment leads to: fewer lines in flight, and the end of a review it answers."""
    if request.supersedes is None:
        return
    uow.defer(AMEND_JOB, key=f"{live.id}:{live.epoch}", chain_id=live.id)
    reason = live.row.suspended_reason
    answered = reason == MANDATE_REVIEW and is_representative(uow)
    if answered or reason == RECONSENT:
        lift(uow, live.id, str(reason))


def deny(uow: UnitOfWork, request_id: UUID, reason: str | None = None) -> None:
    """Refuse to sign; what only accompanies it is cancelled. The bank never sees the reason.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such request, or somebody else's.
        InvalidStateError: it is not open.
    """
    uow.actor.require(DENY)
    desk = desk_of(uow)
    request = service.deny(desk, request_id, reason)
    companions = uow.session.scalars(
        select(ConsentRequest.id).where(
            ConsentRequest.companion_of == request.chain_id, ConsentRequest.state.in_(OPEN)
        )
    )
    for companion_id in list(companions):
        service.cancel(desk, companion_id, "PARENT_DENIED")
    audit.record(uow, "consent.deny", object_type="consent_request", object_id=request_id)
