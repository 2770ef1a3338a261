"""What is kept of each request: its row, once for each key; refusals and replays in the log."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from consent import errors
from consent.errors import ConsentError
from consent.service import EventType
from yidaitong.kernel.errors import DomainError, ForbiddenError, NotFoundError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.errors import IdempotencyConflictError
from yidaitong.pulls.lifecycle import PullState
from yidaitong.pulls.models import Pull
from yidaitong.pulls.moving import Locked, lock, move, note, read
from yidaitong.pulls.orders import PullOrder, client_of, known

_REJECT = "pulls.reject"
_REPLAY = "pulls.replay"
_UNSEEN = (NotFoundError, ForbiddenError, errors.NotFoundError, IdempotencyConflictError)


def insert_once(
    locked: Locked, order: PullOrder, state: PullState, code: str | None = None, *, key: bool = True
) -> Pull | None:
    """Write the row of a request; None when another transaction used its key first."""
    row = locked.live.row
    ttl = timedelta(seconds=locked.uow.settings.pull_ttl_seconds)
    values = {
        "id": uuid7(),
        "chain_id": row.id,
        "consent_id": row.consent_id,
        "digest": row.digest,
        "epoch": row.epoch,
        "enterprise_id": row.enterprise_id,
        "person_id": row.person_id,
        "bank_id": row.bank_id,
        "application_id": row.application_id,
        "purpose": row.purpose,
        "product_id": row.product_id,
        "operator_id": order.operator_id,
        "client": client_of(locked.uow),
        "idempotency_key": order.idempotency_key if key else None,
        "body_sha256": order.body_sha256,
        "state": state,
        "n": 1,
        "code": code,
        "received_at": locked.at,
        "expires_at": locked.at + ttl,
        "ended_at": locked.at if state is PullState.REJECTED else None,
    }
    made = locked.uow.session.execute(
        insert(Pull).values(values).on_conflict_do_nothing().returning(Pull.id)
    ).scalar_one_or_none()
    return None if made is None else locked.uow.session.get_one(Pull, made)


def reject(uow: UnitOfWork, refused: Exception, order: PullOrder) -> UUID | None:
    """Keep a refusal of :func:`authorise` (P1), in a transaction of its own; the pull's id.

    A refusal that may pass frees its key; any other is what the key answers from now on. None
    where there is nothing to keep: the caller may not know the consent, or the key is taken.
    The audit trail keeps those.
    """
    if isinstance(refused, _UNSEEN) or not isinstance(refused, DomainError | ConsentError):
        return None
    locked = lock(uow, order.chain_id, _REJECT)
    if not refused.retryable and known(uow, order) is not None:
        return None
    pull = insert_once(locked, order, PullState.REJECTED, refused.code, key=not refused.retryable)
    if pull is None:
        return None
    members = {"code": refused.code, "pull_id": pull.id}
    note(locked, pull, EventType.PULL_REJECTED, members, PullState.RECEIVED)
    return pull.id


def replay(uow: UnitOfWork, pull: Pull) -> None:
    """Note that a request was repeated; nothing else changes."""
    locked = lock(uow, pull.chain_id, _REPLAY)
    found = read(locked, pull.id)
    move(locked, found, EventType.PULL_REPLAYED, {"code": found.code, "pull_id": found.id})


def refusal(pull: Pull) -> DomainError | ConsentError:
    """The refusal that was this pull's answer, to be given again."""
    kind: type[DomainError | ConsentError] = _REFUSALS.get(
        pull.code or "", errors.InvalidStateError
    )
    return kind(f"pull {pull.id} was refused")


def _under(kind: type[Any]) -> Iterator[type[Any]]:
    for below in kind.__subclasses__():
        yield below
        yield from _under(below)


def _by_code() -> Mapping[str, type[Any]]:
    found: dict[str, type[Any]] = {}
    for kind in (*_under(DomainError), *_under(ConsentError)):
        if "code" in vars(kind):
            found.setdefault(kind.code, kind)
    return found


_REFUSALS = _by_code()
