"""C1: everything that is asked before a pull exists, then its slots, lines and leaf together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import insert

from consent import errors, service
from consent.artefact import ConsentArtefact, Dataset
from consent.events import sha256_b64u
from consent.lifecycle import TERMINAL
from consent.service import EventType
from yidaitong import audit
from yidaitong.departments.queries import servable
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import SourceNotReadyError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.errors import IdempotencyConflictError, InvalidDateRangeError
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.pulls.models import Pull, PullLine
from yidaitong.pulls.moving import RUN, Locked, lock, note
from yidaitong.pulls.orders import START, PullOrder, known
from yidaitong.pulls.receiving import insert_once, refusal, reject, replay
from yidaitong.pulls.slots import check, slots_of, take

JOB = "pulls.authorise"
# An enterprise calls its own pre-check.
_OWN = "application.create"


@dataclass(frozen=True, slots=True)
class Authorised:
    """A pull, and whether an earlier request with the same key made it."""

    pull: Pull
    replayed: bool


def authorise(uow: UnitOfWork, order: PullOrder) -> Pull:
    """Begin one data request under one consent; the same key and body give the same pull.

    The actor is the recipient, or the system on its standing order. Departments are asked by the
    job that is promised here.

    Raises:
        InvalidRequestError: the key or the list of resources is malformed.
        IdempotencyConflictError: the key made another request.
        NotFoundError: no such consent, or somebody else's.
        ForbiddenError: the actor's role may not start pulls.
        NotRecipientError: the consent names another recipient.
        EvidenceUnavailableError: evidence cannot be written now.
        ConsentSupersededError: the digest is not the consent's present one.
        ConsentNotActiveError: the subclass of its state.
        PurposeNotAllowedError: the purpose is not the consented one.
        InvalidScopeError: a resource was not consented.
        InvalidDateRangeError: dates outside the consented range.
        SourceNotReadyError: a department cannot serve this; ``resources`` says which and why.
        ConsentExhaustedError: calls of ``resources`` are used up.
        FrequencyExceededError: a window is full; ``next_allowed_at`` says until when.
    """
    return authorise_once(uow, order).pull


def authorise_once(uow: UnitOfWork, order: PullOrder) -> Authorised:
    """As :func:`authorise`, and says whether the answer is a replay."""
    order.check_form()
    if uow.actor.realm is not Realm.SYSTEM:
        # A job tries its standing order again and again; a person's refusal is kept.
        uow.if_refused(partial(reject, order=order))
    before = known(uow, order)
    if before is not None:
        return _replay(uow, before)
    locked = lock(uow, order.chain_id, JOB)
    # Whoever held the lock before us may have used the key.
    before = known(uow, order)
    if before is not None:
        return _replay(uow, before)
    _check_caller(locked)
    locked.desk.evidence_ready()
    _check_consent(locked, order)
    artefact = service.artefact_of(locked.desk, locked.live.row)
    asked = _asked(artefact, order)
    _check_sources(uow, asked)
    slots = slots_of(uow, locked.live, artefact)
    ordinals = check(slots, [dataset.resource for dataset in asked])
    pull = _write_pull(locked, order)
    _write_lines(locked, pull, order, asked)
    taken = take(uow, slots, pull, ordinals)
    _note(locked, pull, order, taken)
    uow.defer(RUN, key=f"{pull.id}:{pull.n}", pull_id=pull.id)
    return Authorised(pull, replayed=False)


def _replay(uow: UnitOfWork, pull: Pull) -> Authorised:
    if pull.state is PullState.REJECTED and pull.code is not None:
        raise refusal(pull)
    replay(uow, pull)
    return Authorised(pull, replayed=True)


def _check_caller(locked: Locked) -> None:
    actor, row = locked.uow.actor, locked.live.row
    match actor.realm:
        case Realm.BANK:
            actor.require(START)
            is_recipient = row.bank_id == actor.bank_id
        case Realm.ENTERPRISE:
            actor.require(_OWN)
            is_recipient = row.bank_id is None
        case Realm.SYSTEM:
            is_recipient = True
        case _:
            is_recipient = False
    if not is_recipient:
        raise errors.NotRecipientError(f"chain {row.id}")


def _check_consent(locked: Locked, order: PullOrder) -> None:
    live = locked.live
    stale = order.digest is not None and order.digest != live.digest
    if stale and live.state not in TERMINAL:
        raise errors.ConsentSupersededError(f"chain {live.id}", new_consent_id=live.consent_id)
    live.require_active()
    if order.purpose is not None and order.purpose != live.row.purpose:
        raise errors.PurposeNotAllowedError(f"chain {live.id}")


def _asked(artefact: ConsentArtefact, order: PullOrder) -> list[Dataset]:
    wanted = None if order.resources is None else set(order.resources)
    asked = [one for one in artefact.datasets if wanted is None or one.resource in wanted]
    if wanted is not None and len(asked) != len(wanted):
        strange = wanted - set(artefact.resources)
        raise errors.InvalidScopeError(f"chain {order.chain_id}", resources=sorted(strange))
    for dataset in asked:
        _check_dates(dataset, order)
    return asked


def _check_dates(dataset: Dataset, order: PullOrder) -> None:
    if dataset.range is None:
        return
    from_on, to_on = _dates(dataset, order)
    # ISO dates compare as text.
    inside = dataset.range.from_on <= str(from_on) < str(to_on) <= dataset.range.to_on
    if not inside:
        raise InvalidDateRangeError("range", fields={"from_on": dataset.resource})


def _dates(dataset: Dataset, order: PullOrder) -> tuple[str | None, str | None]:
    if dataset.range is None:
        return None, None
    return order.from_on or dataset.range.from_on, order.to_on or dataset.range.to_on


def _check_sources(uow: UnitOfWork, asked: Iterable[Dataset]) -> None:
    missing = servable(uow, [dataset.resource for dataset in asked])
    if missing:
        told = [{"resource": one.resource, "why": one.why.value} for one in missing]
        raise SourceNotReadyError("pull", resources=told)


def _write_pull(locked: Locked, order: PullOrder) -> Pull:
    pull = insert_once(locked, order, PullState.AUTHORISED)
    if pull is None:
        # A request under another consent won the key meanwhile: other body, so a conflict.
        raise IdempotencyConflictError(f"key of a pull under {order.chain_id}")
    return pull


def _write_lines(locked: Locked, pull: Pull, order: PullOrder, asked: Sequence[Dataset]) -> None:
    deadline = timedelta(seconds=locked.uow.settings.line_deadline_seconds)
    rows = []
    for dataset in asked:
        from_on, to_on = _dates(dataset, order)
        rows.append(
            {
                "id": uuid7(),
                "pull_id": pull.id,
                "chain_id": pull.chain_id,
                "enterprise_id": pull.enterprise_id,
                "bank_id": pull.bank_id,
                "resource": dataset.resource,
                "from_on": from_on,
                "to_on": to_on,
                "status": LineStatus.PENDING,
                "attempt": 0,
                "not_before": locked.at,
                "deadline_at": locked.at + deadline,
            }
        )
    locked.uow.session.execute(insert(PullLine), rows)


def _note(locked: Locked, pull: Pull, order: PullOrder, taken: Sequence[Any]) -> None:
    members = {
        "pull_id": pull.id,
        "body_sha256": pull.body_sha256,
        "resources": [one["resource"] for one in taken],
        "slots": list(taken),
        "idempotency_key_sha256": sha256_b64u(order.idempotency_key.encode()),
        "operator_id": order.operator_id,
    }
    note(locked, pull, EventType.PULL_AUTHORISED, members, PullState.RECEIVED)
    audit.record(
        locked.uow,
        "pull.start",
        object_type="pull",
        object_id=pull.id,
        consent=pull.chain_id,
        purpose=pull.purpose,
    )
