"""Signing a request; the last signature freezes the artefact and starts the consent."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consent import errors
from consent.artefact import ConsentArtefact, Eligible, Signature, artefact_payload, artefact_sha256
from consent.chains import LiveChain, lock_companion
from consent.drafts import consent_place, read_draft
from consent.events import Event, EventType, iso, sha256_b64u
from consent.evidence import Recorded, mark_locked, record
from consent.lifecycle import GRANTED_INTO, OPEN, ConsentState, RequestState, next_due, state_at
from consent.models import Chain, ConsentRequest, ConsentRow, RequestSignature
from consent.ports import Desk, SignUse
from consent.requests import (
    RequestStep,
    lock_request,
    request_state,
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


def sign(desk: Desk, request_id: UUID, signing: Signing) -> Signed:
    """Sign the draft as the actor (Q3); the m-th signature grants (Q5, A1).

    Raises:
        NotFoundError: no such request, or somebody else's.
        EvidenceUnavailableError: evidence cannot be written now.
        StepUpRequiredError: the actor's identity was not proved afresh.
        RequestLapsedError: the time to sign is over.
        InvalidStateError: the request is closed, or this person signed already.
        DraftChangedError: the digest is not that of the present draft.
        MandateInsufficientError: the person is no signatory, or an earlier one no longer is.
    """
    parent_id = _parent_of(desk, request_id)
    desk.evidence_ready()
    if parent_id is not None:
        _lock_live_parent(desk, request_id, parent_id)
    request = lock_request(desk, request_id)
    at = desk.clock()
    _check_open(request, at)
    if not hmac.compare_digest(request.digest.encode(), signing.digest.encode()):
        raise errors.DraftChangedError(f"request {request_id}")
    artefact = read_draft(desk, request)
    earlier = _signatures(desk, request)
    eligible = _signatory(desk, artefact, earlier)
    given = _add_signature(desk, request, eligible, (artefact, signing, at))
    if len(earlier) + 1 < request.m:
        _note_signature(desk, request, given, at)
        return Signed(request=request)
    if not all(signing.standing(signature.person_id) for signature in earlier):
        raise errors.MandateInsufficientError(f"request {request_id}: a signatory lost standing")
    return _grant(desk, request, artefact, [*earlier, given])


def _check_open(request: ConsentRequest, at: datetime) -> None:
    state = request_state(request, at)
    if state is RequestState.LAPSED:
        raise errors.RequestLapsedError(f"request {request.id}")
    if state not in OPEN:
        raise errors.InvalidStateError(f"request {request.id} is {request.state}")


def _parent_of(desk: Desk, request_id: UUID) -> UUID | None:
    """The chain a personal request accompanies, read before any lock: chains are locked first."""
    statement = select(ConsentRequest.companion_of).where(
        ConsentRequest.id == request_id, *visible_requests(desk)
    )
    found = list(desk.session.scalars(statement))
    if not found:
        raise errors.NotFoundError(f"request {request_id}")
    return found[0]


def _lock_live_parent(desk: Desk, request_id: UUID, parent_id: UUID) -> None:
    """A personal consent is granted beside a living consent of the enterprise only."""
    try:
        parent = lock_companion(desk, parent_id)
    except errors.NotFoundError as error:
        raise errors.InvalidStateError(f"request {request_id}: no parent yet") from error
    if not parent.is_live:
        raise errors.InvalidStateError(f"request {request_id}: parent is {parent.state}")


def _signatures(desk: Desk, request: ConsentRequest) -> list[RequestSignature]:
    return list(
        desk.session.scalars(
            select(RequestSignature)
            .where(
                RequestSignature.request_id == request.id,
                RequestSignature.round == request.round,
            )
            .order_by(RequestSignature.signed_at, RequestSignature.person_id)
        )
    )


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


def _grant(
    desk: Desk,
    request: ConsentRequest,
    artefact: ConsentArtefact,
    signatures: Sequence[RequestSignature],
) -> Signed:
    at = desk.clock()
    _check_open(request, at)
    step = RequestStep(
        event=EventType.REQUEST_GRANTED,
        after=RequestState.GRANTED,
        members={"request_id": request.id},
    )
    step_request(desk, request, step, at)
    consent = _freeze(desk, request, artefact, (signatures, at))
    chain = _start(desk, request, consent)
    members = {
        "artefact_sha256": consent.artefact_sha256,
        "starts_at": consent.starts_at,
        "expires_at": consent.expires_at,
        "supersedes": artefact.supersedes,
        "renews": artefact.renews,
    }
    event = Event(
        type=EventType.CONSENT_GRANTED,
        ref=chain.id,
        n=chain.epoch,
        chain_id=chain.id,
        digest=chain.digest,
        after=chain.state,
        reason=None,
        members=members,
        public={"artefact_sha256": consent.artefact_sha256},
    )
    recorded = record(desk, event, at)
    return Signed(
        request=request,
        chain=LiveChain(chain, chain.state, at),
        event=recorded,
        artefact_sha256=consent.artefact_sha256,
    )


def _freeze(
    desk: Desk,
    request: ConsentRequest,
    artefact: ConsentArtefact,
    what: tuple[Sequence[RequestSignature], datetime],
) -> ConsentRow:
    signatures, at = what
    listed = [
        Signature(
            role=one.role,
            person_id=str(one.person_id),
            auth_level=one.auth_level,
            signed_at=iso(one.signed_at),
            jws=one.jws,
        )
        for one in signatures
    ]
    payload = artefact_payload(artefact.canonical, iso(at), listed)
    text = desk.signer.sign(SignUse.ARTEFACT, payload, detached=False)
    starts_at, expires_at = artefact.validity
    row = ConsentRow(
        id=request.consent_id,
        chain_id=request.chain_id,
        version=artefact.version,
        request_id=request.id,
        enterprise_id=request.enterprise_id,
        bank_id=request.bank_id,
        digest=request.digest,
        artefact_sha256=artefact_sha256(text),
        granted_at=at,
        starts_at=starts_at,
        expires_at=expires_at,
        ends_on=" ".join(artefact.ends_on),
        sealed=b"",
    )
    row.sealed = desk.sealer.seal(consent_place(row), text.encode("ascii"))
    desk.session.add(row)
    return row


def _start(desk: Desk, request: ConsentRequest, consent: ConsentRow) -> Chain:
    chain = Chain(
        id=request.chain_id,
        epoch=1,
        state=ConsentState.SCHEDULED,
        enterprise_id=request.enterprise_id,
        person_id=request.person_id,
        bank_id=request.bank_id,
        purpose=request.purpose,
        product_id=request.product_id,
        application_id=request.application_id,
        companion_of=request.companion_of,
        m=request.m,
        consent_id=consent.id,
        digest=consent.digest,
        anchor_at=consent.starts_at,
        starts_at=consent.starts_at,
        ends_at=consent.expires_at,
    )
    chain.state = state_at(chain.facts, consent.granted_at)
    if chain.state not in GRANTED_INTO:
        raise errors.RequestLapsedError(f"request {request.id}")
    chain.due_at = next_due(chain.facts)
    desk.session.add(chain)
    desk.session.flush()
    mark_locked(desk, chain.id)
    return chain
