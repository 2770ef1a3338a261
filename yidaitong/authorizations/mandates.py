"""Agents' mandates: each edge with its event, what the agent may do then, and what it undoes."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from consent import service
from consent.service import EventType
from yidaitong import audit
from yidaitong.accounts import assigning, stepup
from yidaitong.accounts.scope import as_system
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.standing import drop_lost
from yidaitong.enterprises.mandate_lifecycle import LIVING, MandateRight, MandateState, after
from yidaitong.enterprises.mandates import change_standing
from yidaitong.enterprises.models import Enterprise, Mandate
from yidaitong.kernel.errors import ForbiddenError, InvalidStateError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork

GRANT = "mandate.grant"
REVOKE = "mandate.revoke"
CONFIRM = "mandate.confirm"
LONGEST = timedelta(days=366)
# A review nobody answers ends the mandate.
UNANSWERED = timedelta(days=30)
JOB = "mandates.tick"

_ROLES: Mapping[MandateRight, str] = {
    MandateRight.FILL: "ent_agent",
    MandateRight.VIEW_PACKET: "ent_agent",
    MandateRight.AUTHORISE_DATA: "ent_signatory",
    MandateRight.SIGN_APPLICATION: "ent_signer",
}


def roles_of(rights: Collection[str]) -> frozenset[str]:
    """The roles an agent's account holds under a mandate in force."""
    return frozenset({"ent_agent", *(_ROLES[MandateRight(right)] for right in rights)})


def revoke(uow: UnitOfWork, mandate_id: UUID) -> Mandate:
    """End a mandate (M4), by the representative or the agent; consents granted stay.

    Raises:
        NotFoundError: no such mandate, or another enterprise's.
        ForbiddenError: the actor is neither.
        InvalidStateError: it has ended.
    """
    mandate = _locked(uow, mandate_id)
    if mandate.person_id != uow.actor.person_id:
        uow.actor.require(REVOKE)
    move(uow, mandate, EventType.MANDATE_REVOKED)
    audit.record(uow, "mandate.revoke", object_type="mandate", object_id=mandate_id)
    return mandate


def confirm(uow: UnitOfWork, mandate_id: UUID, token: str) -> Mandate:
    """Let an agent go on under a new representative (M3); ``token`` is bound to the mandate's id.

    Raises:
        ForbiddenError: the actor is not the enterprise's representative.
        StepUpRequiredError: the token is missing, used, too old, or bound to another act.
        NotFoundError: no such mandate, or another enterprise's.
        InvalidStateError: it does not wait for this, or its term is over.
    """
    uow.actor.require(CONFIRM)
    _require_representative(uow)
    before = uow.actor
    mandate = _locked(uow, mandate_id)
    if uow.clock() >= mandate.ends_at:
        raise InvalidStateError(f"mandate {mandate_id}: its term is over")
    proven = stepup.consume(uow, token, str(mandate_id))
    move(proven, mandate, EventType.MANDATE_CONFIRMED)
    audit.record(proven, "mandate.confirm", object_type="mandate", object_id=mandate_id)
    uow.acting(before)
    return mandate


def tick(uow: UnitOfWork, limit: int = 200) -> int:
    """Record terms that are over and reviews nobody answered (M5); how many. Safe to repeat.

    Who may sign is computed when it matters, so lateness here only delays the clean-up.
    """
    now = uow.clock()
    over = or_(Mandate.ends_at <= now, Mandate.suspended_at <= now - UNANSWERED)
    due = uow.session.scalars(
        select(Mandate.id).where(Mandate.state.in_(LIVING), over).order_by(Mandate.id).limit(limit)
    ).all()
    ended = 0
    for mandate_id in due:
        mandate = _locked(uow, mandate_id)
        if mandate.state in LIVING:
            move(uow, mandate, EventType.MANDATE_EXPIRED, reason="TIME")
            ended += 1
    return ended


def suspend_living(uow: UnitOfWork, enterprise_id: UUID, reason: str) -> list[UUID]:
    """Let every agent of an enterprise wait for a new representative (M2); which."""
    return [
        mandate.id
        for mandate in _of(uow, enterprise_id, MandateState.ACTIVE)
        if move(uow, mandate, EventType.MANDATE_SUSPENDED, reason=reason)
    ]


def confirm_all(uow: UnitOfWork, enterprise_id: UUID, reason: str) -> list[UUID]:
    """Let every agent go on: the registry's answer removed the doubt (M3); which."""
    return [
        mandate.id
        for mandate in _of(uow, enterprise_id, MandateState.SUSPENDED)
        if move(uow, mandate, EventType.MANDATE_CONFIRMED, reason=reason)
    ]


def move(uow: UnitOfWork, mandate: Mandate, event: EventType, *, reason: str | None = None) -> bool:
    """Take one edge of a locked mandate: state, event, the agent's roles, and Q9.

    Raises:
        InvalidStateError: the table has no such edge.
    """
    before = mandate.state
    mandate.state = after(before, event)
    mandate.n += 1
    at = uow.clock()
    mandate.suspended_at = at if mandate.state is MandateState.SUSPENDED else None
    if mandate.state not in LIVING:
        mandate.ended_at = mandate.ended_at or at
    uow.session.flush()
    note(uow, mandate, event, before, reason)
    in_force = mandate.state is MandateState.ACTIVE
    assigning.set_roles(
        uow,
        str(mandate.enterprise_id),
        mandate.person_id,
        roles_of(mandate.rights) if in_force else (),
    )
    if not in_force:
        drop_lost(uow, mandate.enterprise_id, event.value)
    return True


def note(
    uow: UnitOfWork,
    mandate: Mandate,
    event: EventType,
    before: MandateState | None,
    reason: str | None = None,
) -> None:
    """Write the event of a mandate whose row says already what happened."""
    members: dict[str, Any] = {
        "rights": sorted(mandate.rights),
        "ends_at": mandate.ends_at,
        "evidence_sha256": mandate.evidence_sha256,
    }
    service.record(
        desk_of(uow, job=JOB),
        service.Event(
            type=event,
            ref=mandate.id,
            n=mandate.n,
            before=before,
            after=mandate.state,
            reason=reason,
            members=members,
            enterprise_id=mandate.enterprise_id,
        ),
    )


def locked_as_system(uow: UnitOfWork, mandate_id: UUID) -> Mandate:
    """A mandate of any enterprise, for an order.

    Raises:
        NotFoundError: no such mandate.
    """
    with as_system(uow) as wide:
        return _locked(wide, mandate_id)


def _locked(uow: UnitOfWork, mandate_id: UUID) -> Mandate:
    enterprise_id = uow.session.scalar(
        select(Mandate.enterprise_id).where(Mandate.id == mandate_id)
    )
    if enterprise_id is not None:
        change_standing(uow, enterprise_id)
    mandate = uow.session.scalar(
        select(Mandate)
        .where(Mandate.id == mandate_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if mandate is None:
        raise NotFoundError(f"mandate {mandate_id}")
    return mandate


def _of(uow: UnitOfWork, enterprise_id: UUID, state: MandateState) -> list[Mandate]:
    return list(
        uow.session.scalars(
            select(Mandate)
            .where(Mandate.enterprise_id == enterprise_id, Mandate.state == state)
            .order_by(Mandate.id)
            .with_for_update()
        )
    )


def _require_representative(uow: UnitOfWork) -> None:
    enterprise = uow.session.get_one(Enterprise, uow.actor.enterprise_id)
    if enterprise.rep_person_id is None or enterprise.rep_person_id != uow.actor.person_id:
        raise ForbiddenError(f"{uow.actor.person_id} does not represent {enterprise.id}")
