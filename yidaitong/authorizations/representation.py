"""What a registry's answer does: a new representative, a new name, a firm that stopped."""

from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.lifecycle import LIVE
from consent.models import Chain
from consent.service import EventType
from yidaitong import audit
from yidaitong.accounts import assigning, stepup
from yidaitong.authorizations import mandates
from yidaitong.authorizations.desk import desk_of
from yidaitong.authorizations.standing import (
    drop_lost,
    expire_personal,
    restore_all,
    suspend_all,
)
from yidaitong.authorizations.stopping import RESUME, promise_hold
from yidaitong.enterprises.lifecycle import EnterpriseEvent, after
from yidaitong.enterprises.mandates import change_standing, signatories
from yidaitong.enterprises.models import Enterprise
from yidaitong.enterprises.registry import RegistryRecord
from yidaitong.enterprises.watching import Change, compare, keep
from yidaitong.kernel.errors import ForbiddenError, InvalidStateError
from yidaitong.kernel.uow import UnitOfWork

JOB = "enterprises.watch"
# Why consents wait. Wire format: append only.
MANDATE_REVIEW = "MANDATE_REVIEW"
NOT_OPERATING = "NOT_OPERATING"
NAME_CHANGED = "NAME_CHANGED"


def registry_says(uow: UnitOfWork, enterprise_id: UUID, record: RegistryRecord) -> Change:
    """Act on a signed answer at once, in this one transaction. Safe to repeat.

    A new representative: agents and living consents wait, the former one's personal consents end
    and their way in closes, until the new one is verified and decides about each. A firm no longer
    in operation waits as a whole. A new name alone is taken over.
    """
    change_standing(uow, enterprise_id)
    enterprise = uow.session.scalars(
        select(Enterprise)
        .where(Enterprise.id == enterprise_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    change = compare(enterprise, record)
    if change == Change():
        return change
    if change.stopped:
        _stop(uow, enterprise)
    if change.resumed:
        _resume(uow, enterprise)
    if change.representative:
        _new_representative(uow, enterprise, record)
    if change.name:
        _new_name(uow, enterprise, record, alone=change == Change(name=True))
    keep(uow, enterprise, record, _result(change))
    audit.record(uow, "enterprise.watch", object_type="enterprise", object_id=enterprise_id)
    uow.session.flush()
    return change


def keep_authorization(uow: UnitOfWork, chain_id: UUID, token: str) -> None:
    """Let one consent go on under a new representative (A6); ``token`` is bound to its digest.

    Raises:
        ForbiddenError: the actor may not, or does not represent the enterprise.
        NotFoundError: no such authorization, or somebody else's.
        StepUpRequiredError: the token is missing, used, too old, or bound to another digest.
        InvalidStateError: it does not wait for this.
        EvidenceUnavailableError: evidence cannot be written now.
    """
    uow.actor.require(RESUME)
    require_representative(uow)
    before = uow.actor
    live = service.lock_chain(desk_of(uow), chain_id)
    if live.row.suspended_reason != MANDATE_REVIEW:
        raise InvalidStateError(f"chain {chain_id} does not wait for its representative")
    proven = stepup.consume(uow, token, live.digest)
    lift(proven, chain_id, MANDATE_REVIEW)
    audit.record(proven, "consent.keep", object_type="consent", object_id=chain_id)
    uow.acting(before)


def lift(uow: UnitOfWork, chain_id: UUID, reason_class: str) -> None:
    """Restore a locked consent whose reason to wait has just been answered."""
    service.restore(desk_of(uow), chain_id, service.Order(reason_class=reason_class))
    promise_hold(uow, chain_id)


def under_review(uow: UnitOfWork) -> list[UUID]:
    """Living consents of the actor's enterprise that wait for its representative."""
    return list(
        uow.session.scalars(
            select(Chain.id)
            .where(
                Chain.enterprise_id == uow.actor.enterprise_id,
                Chain.state.in_(LIVE),
                Chain.suspended_reason == MANDATE_REVIEW,
            )
            .order_by(Chain.id.desc())
        )
    )


def is_representative(uow: UnitOfWork) -> bool:
    """Whether the actor represents their enterprise now."""
    enterprise = uow.session.get_one(Enterprise, uow.actor.enterprise_id)
    return enterprise.rep_person_id is not None and (
        enterprise.rep_person_id == uow.actor.person_id
    )


def require_representative(uow: UnitOfWork) -> None:
    """Refuse everybody but the enterprise's present representative.

    Raises:
        ForbiddenError: the actor is not, or nobody is.
    """
    if not is_representative(uow):
        raise ForbiddenError(f"{uow.actor.person_id} does not represent the enterprise")


def _new_representative(uow: UnitOfWork, enterprise: Enterprise, record: RegistryRecord) -> None:
    former = enterprise.rep_person_id
    enterprise.rep_name = record.rep_name
    enterprise.rep_person_id = None
    enterprise.review_since = enterprise.review_since or uow.clock()
    enterprise.standing_n += 1
    uow.session.flush()
    service.record(
        desk_of(uow, job=JOB),
        service.Event(
            type=EventType.SUBJECT_REP_CHANGED,
            ref=enterprise.id,
            n=enterprise.standing_n,
            reason="REGISTRY",
            members={
                "m": enterprise.quorum,
                "n": len(signatories(uow, enterprise.id)),
                "registry_answer_sha256": record.sha256 or None,
            },
            enterprise_id=enterprise.id,
        ),
    )
    # Consents are locked before requests, as everywhere.
    if former is not None:
        expire_personal(uow, enterprise.id, former)
        assigning.disable(uow, str(enterprise.id), former)
    suspend_all(uow, enterprise.id, MANDATE_REVIEW)
    mandates.suspend_living(uow, enterprise.id, MANDATE_REVIEW)
    drop_lost(uow, enterprise.id, MANDATE_REVIEW)


def _new_name(
    uow: UnitOfWork, enterprise: Enterprise, record: RegistryRecord, *, alone: bool
) -> None:
    """The same firm under another name: agents are confirmed by the same answer (M2, M3)."""
    enterprise.name = record.name
    if alone and enterprise.rep_person_id is not None:
        mandates.suspend_living(uow, enterprise.id, NAME_CHANGED)
        mandates.confirm_all(uow, enterprise.id, NAME_CHANGED)


def _stop(uow: UnitOfWork, enterprise: Enterprise) -> None:
    enterprise.state = after(enterprise.state, EnterpriseEvent.SUSPENDED)
    uow.session.flush()
    suspend_all(uow, enterprise.id, NOT_OPERATING)
    mandates.suspend_living(uow, enterprise.id, NOT_OPERATING)
    drop_lost(uow, enterprise.id, NOT_OPERATING)


def _resume(uow: UnitOfWork, enterprise: Enterprise) -> None:
    """In operation again: its consents go on, its agents wait for the representative."""
    enterprise.state = after(enterprise.state, EnterpriseEvent.RESTORED)
    uow.session.flush()
    restore_all(uow, enterprise.id, NOT_OPERATING)


def _result(change: Change) -> str:
    said = {
        "REP_CHANGED": change.representative,
        "NOT_OPERATING": change.stopped,
        "OPERATING": change.resumed,
        "NAME_CHANGED": change.name,
    }
    return next(name for name, holds in said.items() if holds)
