"""The last signature: the artefact is frozen, and its consent starts or takes the next version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consent import errors
from consent.amending import supersede
from consent.artefact import ConsentArtefact, Signature, artefact_payload, artefact_sha256
from consent.chains import LiveChain
from consent.drafts import consent_place
from consent.events import Event, EventType, iso
from consent.evidence import Recorded, mark_locked, record
from consent.lifecycle import GRANTED_INTO, ConsentState, RequestState, next_due, state_at
from consent.models import Chain, ConsentRequest, ConsentRow, RequestSignature
from consent.ports import Desk, SignUse
from consent.steps import RequestStep, check_open, step_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A consent that began or was amended, and where that was written."""

    chain: LiveChain
    event: Recorded
    artefact_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A locked request, its body and all signatures; ``amends`` is the locked chain, if any."""

    request: ConsentRequest
    artefact: ConsentArtefact
    signatures: Sequence[RequestSignature]
    amends: LiveChain | None = None


def grant(desk: Desk, draft: Draft) -> Granted:
    """Freeze the artefact and start the consent, or its next version (Q5, A1, A10).

    Raises:
        RequestLapsedError: its time is over.
        InvalidStateError: the request is closed, or what it amends has ended or moved on.
    """
    request, artefact = draft.request, draft.artefact
    at = desk.clock() if draft.amends is None else draft.amends.at
    check_open(request, at)
    step = RequestStep(
        event=EventType.REQUEST_GRANTED,
        after=RequestState.GRANTED,
        members={"request_id": request.id},
    )
    step_request(desk, request, step, at)
    consent = _freeze(desk, draft, at)
    if draft.amends is None:
        chain = _start(desk, request, consent)
    else:
        supersede(desk, draft.amends, consent, artefact)
        chain = draft.amends.row
    recorded = _note(desk, chain, consent, artefact)
    return Granted(
        chain=LiveChain(chain, chain.state, at),
        event=recorded,
        artefact_sha256=consent.artefact_sha256,
    )


def _note(desk: Desk, chain: Chain, consent: ConsentRow, artefact: ConsentArtefact) -> Recorded:
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
        members=members,
        public={"artefact_sha256": consent.artefact_sha256},
    )
    return record(desk, event, consent.granted_at)


def _freeze(desk: Desk, draft: Draft, at: datetime) -> ConsentRow:
    request, artefact = draft.request, draft.artefact
    listed = [
        Signature(
            role=one.role,
            person_id=str(one.person_id),
            auth_level=one.auth_level,
            signed_at=iso(one.signed_at),
            jws=one.jws,
        )
        for one in draft.signatures
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
