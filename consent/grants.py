"""Signing a request; the last signature freezes the artefact and starts the consent."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consent import errors
from consent.artefact import ConsentArtefact, Eligible
from consent.chains import LiveChain, lock_chain, lock_companion
from consent.drafts import read_draft
from consent.events import EventType, sha256_b64u
from consent.evidence import Recorded
from consent.granting import Draft, grant
from consent.lifecycle import RequestState
from consent.models import ConsentRequest, RequestSignature
from consent.ports import Desk, SignUse
from consent.steps import (
    RequestStep,
    check_open,
    lock_request,
    signatures_of,
    step_request,
    visible_requests,
)


def _everybody(_person_id: UUID) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """One signature about to be given.

    ``digest`` is what the person was shown and confirmed; ``evidence`` names the single-use proof
    of identity bound to it; ``standing`` says whether an earlier signatory may still sign.
    """

    digest: str
    evidence: str
    standing: Callable[[UUID], bool] = _everybody
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a signature led to; ``chain`` is None while more signatures are needed."""

    request: ConsentRequest
    chain: LiveChain | None = None
    event: Recorded | None = None
    artefact_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class _Chains:
    """What is locked before a request: chains come first, by id."""

    parent_id: UUID | None
    amended_id: UUID | None


def sign(desk: Desk, request_id: UUID, signing: Signing) -> Signed:
    """Sign the draft as the actor (Q3); the m-th signature grants (Q5, A1) or amends (A10).

    Raises:
        NotFoundError: no such request, or somebody else's.
        EvidenceUnavailableError: evidence cannot be written now.
        StepUpRequiredError: the actor's identity was not proved afresh.
        RequestLapsedError: the time to sign is over.
        InvalidStateError: the request is closed, this person signed already, or what it amends
            has ended or moved on.
        DraftChangedError: the digest is not that of the present draft.
        MandateInsufficientError: the person is no signatory, or an earlier one no longer is.
    """
    chains = _chains_of(desk, request_id)
    desk.evidence_ready()
    amends = _lock_chains(desk, request_id, chains)
    request = lock_request(desk, request_id)
    at = desk.clock()
    check_open(request, at)
    if not hmac.compare_digest(request.digest.encode(), signing.digest.encode()):
        raise errors.DraftChangedError(f"request {request_id}")
    artefact = read_draft(desk, request)
    earlier = signatures_of(desk, request)
    eligible = _signatory(desk, artefact, earlier)
    given = _add_signature(desk, request, eligible, (artefact, signing, at))
    if len(earlier) + 1 < request.m:
        _note_signature(desk, request, given, at)
        return Signed(request=request)
    if not all(signing.standing(signature.person_id) for signature in earlier):
        raise errors.MandateInsufficientError(f"request {request_id}: a signatory lost standing")
    draft = Draft(request=request, artefact=artefact, signatures=[*earlier, given], amends=amends)
    granted = grant(desk, draft)
    return Signed(
        request=request,
        chain=granted.chain,
        event=granted.event,
        artefact_sha256=granted.artefact_sha256,
    )


def _chains_of(desk: Desk, request_id: UUID) -> _Chains:
    """The chains a request concerns, read before any lock: chains are locked first."""
    row = desk.session.execute(
        select(
            ConsentRequest.companion_of, ConsentRequest.chain_id, ConsentRequest.supersedes
        ).where(ConsentRequest.id == request_id, *visible_requests(desk))
    ).one_or_none()
    if row is None:
        raise errors.NotFoundError(f"request {request_id}")
    return _Chains(row.companion_of, None if row.supersedes is None else row.chain_id)


def _lock_chains(desk: Desk, request_id: UUID, chains: _Chains) -> LiveChain | None:
    if chains.parent_id is not None:
        _lock_live_parent(desk, request_id, chains.parent_id)
    if chains.amended_id is None:
        return None
    live = lock_chain(desk, chains.amended_id)
    if not live.is_live:
        raise errors.InvalidStateError(f"request {request_id}: what it amends is {live.state}")
    return live


def _lock_live_parent(desk: Desk, request_id: UUID, parent_id: UUID) -> None:
    """A personal consent is granted beside a living consent of the enterprise only."""
    try:
        parent = lock_companion(desk, parent_id)
    except errors.NotFoundError as error:
        raise errors.InvalidStateError(f"request {request_id}: no parent yet") from error
    if not parent.is_live:
        raise errors.InvalidStateError(f"request {request_id}: parent is {parent.state}")


def _signatory(
    desk: Desk, artefact: ConsentArtefact, earlier: Sequence[RequestSignature]
) -> Eligible:
    person_id = desk.actor.person_id
    found = [one for one in artefact.mandate.eligible if one.person_id == str(person_id)]
    if person_id is None or not found:
        raise errors.MandateInsufficientError(f"{person_id} is no signatory")
    if desk.actor.auth_level != "STEP_UP":
        raise errors.StepUpRequiredError(f"{person_id}")
    if any(signature.person_id == person_id for signature in earlier):
        raise errors.InvalidStateError(f"{person_id} signed already")
    return found[0]


def _add_signature(
    desk: Desk,
    request: ConsentRequest,
    eligible: Eligible,
    what: tuple[ConsentArtefact, Signing, datetime],
) -> RequestSignature:
    artefact, signing, at = what
    given = RequestSignature(
        request_id=request.id,
        round=request.round,
        person_id=UUID(eligible.person_id),
        enterprise_id=request.enterprise_id,
        role=eligible.role,
        mandate_id=None if eligible.mandate_id is None else UUID(eligible.mandate_id),
        auth_level=desk.actor.auth_level,
        evidence=signing.evidence,
        digest=request.digest,
        signed_at=at,
        jws=desk.signer.sign(SignUse.CONSENT, artefact.canonical, detached=True),
    )
    desk.session.add(given)
    desk.session.flush()
    return given


def _note_signature(
    desk: Desk, request: ConsentRequest, given: RequestSignature, at: datetime
) -> None:
    members = {
        "person_id": given.person_id,
        "draft_digest": given.digest,
        "signature_sha256": sha256_b64u(given.jws.encode()),
    }
    step = RequestStep(
        event=EventType.REQUEST_SIGNED, after=RequestState.PARTIALLY_SIGNED, members=members
    )
    step_request(desk, request, step, at)
