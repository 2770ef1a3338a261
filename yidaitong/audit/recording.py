"""Writing audit events: in the transaction of the act, or in one of its own for a refusal."""

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any
from uuid import UUID

from yidaitong.audit.models import AuditEvent, Outcome
from yidaitong.kernel.actor import SYSTEM, Realm
from yidaitong.kernel.uow import UnitOfWork

# Ids and codes; names, free text and anything with a blank do not pass.
_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An attempt that was refused: the endpoint or action, the error's permanent code."""

    action: str
    code: str
    object_type: str | None = None
    object_id: object | None = None


def record(
    uow: UnitOfWork,
    action: str,
    *,
    object_type: str | None = None,
    object_id: object | None = None,
    **ids: Any,
) -> None:
    """Record that the actor of ``uow`` did ``action`` (``noun.verb``), in the same transaction.

    ``ids`` are further ids and codes; a None among them is left out.

    Raises:
        ValueError: a value is not an id or a code, so it could be personal data.
    """
    _add(uow, _event(uow, action, object_type, object_id, ids))


def record_refusal(uow: UnitOfWork, refusal: Refusal) -> None:
    """Record a refused attempt; call it in a transaction of its own."""
    event = _event(uow, refusal.action, refusal.object_type, refusal.object_id, {})
    event.outcome = Outcome.REFUSED
    event.code = refusal.code
    _add(uow, event)


def _event(
    uow: UnitOfWork,
    action: str,
    object_type: str | None,
    object_id: object | None,
    ids: dict[str, Any],
) -> AuditEvent:
    actor = uow.actor
    if actor.client_id is not None:
        ids = {"client_id": actor.client_id, **ids}
    return AuditEvent(
        at=uow.now,
        realm=actor.realm,
        org_id=actor.org_id,
        person_id=actor.person_id,
        account_id=actor.account_id,
        session_id=actor.session_id,
        roles=" ".join(sorted(actor.roles)),
        auth_level=actor.auth_level,
        action=action,
        outcome=Outcome.DONE,
        code=None,
        object_type=object_type,
        object_id=None if object_id is None else _id_text("object_id", object_id),
        trace_id=actor.trace_id[:64],
        ids={name: _id_text(name, value) for name, value in ids.items() if value is not None},
    )


def _id_text(name: str, value: object) -> str:
    text = str(value.value) if isinstance(value, Enum) else str(value)
    if isinstance(value, UUID | int) or _ID.fullmatch(text):
        return text
    raise ValueError(f"audit detail {name} is no id")


def _add(uow: UnitOfWork, event: AuditEvent) -> None:
    if uow.actor.realm is not Realm.PUBLIC:
        uow.session.add(event)
        return
    # Nobody's row: row security lets only the system write it.
    before = uow.actor
    uow.session.flush()
    uow.acting(replace(SYSTEM, trace_id=before.trace_id))
    uow.session.add(event)
    uow.session.flush()
    uow.acting(before)
