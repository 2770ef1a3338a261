"""Less than was asked (Q4), and signatures that no longer count (Q9)."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from consent import errors
from consent.artefact import ConsentArtefact
from consent.differences import drops_only_optional, narrows
from consent.drafts import read_draft, request_place
from consent.events import EventType, sha256_b64u
from consent.lifecycle import RequestState
from consent.models import ConsentRequest, RequestSignature
from consent.ports import Desk
from consent.steps import RequestStep, check_open, lock_request, signatures_of, step_request


def narrow(desk: Desk, request_id: UUID, artefact: ConsentArtefact) -> ConsentRequest:
    """Ask for less: fewer optional items, a shorter life or range, fewer calls (Q4).

    One signatory is enough, and nobody proves who they are again; all signatures so far are
    dropped, because they cover another text.

    Raises:
        NotFoundError: no such request, or somebody else's.
        RequestLapsedError: the time to sign is over.
        InvalidStateError: the request is closed.
        MandateInsufficientError: the actor is no signatory of it.
        InvalidScopeError: it is no less, the same, or leaves out what is mandatory.
    """
    request = lock_request(desk, request_id)
    at = desk.clock()
    check_open(request, at)
    asked = read_draft(desk, request)
    if str(desk.actor.person_id) not in {one.person_id for one in asked.mandate.eligible}:
        raise errors.MandateInsufficientError(f"{desk.actor.person_id} is no signatory")
    _check_less(asked, artefact, at)
    dropped = len(signatures_of(desk, request))
    request.round += 1
    request.digest = artefact.digest
    request.rendered_sha256 = artefact.notice.rendered_sha256
    request.lapses_at = min(request.lapses_at, artefact.validity[1])
    request.sealed = desk.sealer.seal(request_place(request), artefact.canonical)
    members = {
        "request_id": request.id,
        "draft_digest": request.digest,
        "lapses_at": request.lapses_at,
        "signatures_dropped": dropped,
    }
    step = RequestStep(
        event=EventType.REQUEST_NARROWED, after=RequestState.REQUESTED, members=members
    )
    step_request(desk, request, step, at)
    return request


def drop_signatures(
    desk: Desk, request_id: UUID, standing: Callable[[UUID], bool], reason: str
) -> list[UUID]:
    """Take out the signatures of persons who may no longer sign (Q9); who they were.

    Safe to repeat; a request nobody has signed, or that is closed, is left alone.

    Raises:
        NotFoundError: no such request, or somebody else's.
    """
    request = lock_request(desk, request_id)
    at = desk.clock()
    if request.state is not RequestState.PARTIALLY_SIGNED or at >= request.lapses_at:
        return []
    given = signatures_of(desk, request)
    lost = [one for one in given if not standing(one.person_id)]
    if not lost:
        return []
    kept = [one for one in given if standing(one.person_id)]
    # What was signed stays as evidence of its round; the present round holds what still counts.
    request.round += 1
    desk.session.add_all([_again(one, request.round) for one in kept])
    desk.session.flush()
    left = len(given)
    for one in lost:
        left -= 1
        _drop(desk, request, one, (left, reason, at))
    return [one.person_id for one in lost]


def _check_less(asked: ConsentArtefact, artefact: ConsentArtefact, at: datetime) -> None:
    same = (
        "consent_id",
        "chain_id",
        "request_id",
        "txn_id",
        "version",
        "starts_at",
        "mandate",
        "language",
        "supersedes",
        "renews",
        "prev_digest",
        "schema_version",
    )
    changed = [name for name in same if getattr(asked, name) != getattr(artefact, name)]
    if not narrows(asked, artefact) or not drops_only_optional(asked, artefact):
        changed.append("datasets")
    if not artefact.datasets or artefact.digest == asked.digest or artefact.validity[1] <= at:
        changed.append("validity")
    if changed:
        raise errors.InvalidScopeError(f"request {asked.request_id}", fields=changed)


def _again(one: RequestSignature, number: int) -> RequestSignature:
    return RequestSignature(
        request_id=one.request_id,
        round=number,
        person_id=one.person_id,
        enterprise_id=one.enterprise_id,
        role=one.role,
        mandate_id=one.mandate_id,
        auth_level=one.auth_level,
        evidence=one.evidence,
        digest=one.digest,
        signed_at=one.signed_at,
        jws=one.jws,
    )


def _drop(
    desk: Desk,
    request: ConsentRequest,
    lost: RequestSignature,
    what: tuple[int, str, datetime],
) -> None:
    left, reason, at = what
    step = RequestStep(
        event=EventType.REQUEST_SIGNATURE_DROPPED,
        after=RequestState.PARTIALLY_SIGNED if left else RequestState.REQUESTED,
        reason=reason,
        members={
            "person_id": lost.person_id,
            "draft_digest": lost.digest,
            "signature_sha256": sha256_b64u(lost.jws.encode()),
        },
    )
    step_request(desk, request, step, at)
