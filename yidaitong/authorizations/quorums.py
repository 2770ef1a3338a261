"""How many signatories must agree: the representative raises, the present quorum lowers."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from consent import service
from consent.events import canonical, sha256_b64u
from consent.service import EventType
from yidaitong import audit
from yidaitong.accounts import stepup
from yidaitong.accounts.sessions import token_hash
from yidaitong.authorizations.desk import desk_of
from yidaitong.enterprises.mandates import change_standing, entitled, may_sign, signatories
from yidaitong.enterprises.models import Enterprise, QuorumApproval, QuorumChange
from yidaitong.kernel.errors import ForbiddenError, InvalidRequestError, InvalidStateError
from yidaitong.kernel.uow import UnitOfWork

RAISE = "quorum.raise"
LOWER = "quorum.lower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who must sign: ``m`` of ``n``; a lower ``proposed`` one has ``approved`` agreements."""

    m: int
    n: int
    proposed: int | None = None
    approved: int = 0
    mine: bool = False


def digest_of(enterprise_id: UUID, m: int) -> str:
    """What a step-up for this quorum is bound to."""
    return sha256_b64u(canonical({"enterprise_id": str(enterprise_id), "quorum": m}))


def standing_of(uow: UnitOfWork) -> Standing:
    """The quorum of the actor's enterprise, and what is proposed."""
    enterprise = uow.session.get_one(Enterprise, uow.actor.enterprise_id)
    n = len(signatories(uow, enterprise.id))
    change = _change(uow, enterprise.id)
    if change is None:
        return Standing(m=enterprise.quorum, n=n)
    agreed = _agreed(uow, change)
    return Standing(
        m=enterprise.quorum,
        n=n,
        proposed=change.m,
        approved=len(agreed & entitled(uow, enterprise.id)),
        mine=uow.actor.person_id in agreed,
    )


def change_to(uow: UnitOfWork, m: int, token: str) -> Standing:
    """Raise the quorum to ``m``, or agree to lower it to ``m``.

    Raises:
        ForbiddenError: the actor may not.
        MandateInsufficientError: the actor may not sign for the enterprise.
        InvalidRequestError: ``m`` is the present quorum, or out of range.
        StepUpRequiredError: the token is missing, used, too old, or bound to another quorum.
    """
    enterprise = uow.session.get_one(Enterprise, uow.actor.enterprise_id)
    if m < enterprise.quorum:
        return agree_to_lower(uow, m, token)
    raise_to(uow, m, token)
    return standing_of(uow)


def raise_to(uow: UnitOfWork, m: int, token: str) -> int:
    """Let more people have to agree; the representative alone decides that.

    Raises:
        ForbiddenError: the actor is not the representative.
        InvalidRequestError: it is not higher, or more than may sign.
        StepUpRequiredError: the token is missing, used, too old, or bound to another quorum.
    """
    uow.actor.require(RAISE)
    enterprise = _locked(uow, uow.actor.enterprise_id)
    if enterprise.rep_person_id is None or enterprise.rep_person_id != uow.actor.person_id:
        raise ForbiddenError(f"{uow.actor.person_id} does not represent {enterprise.id}")
    if not enterprise.quorum < m <= len(signatories(uow, enterprise.id)):
        raise InvalidRequestError("quorum", fields={"m": "OUT_OF_RANGE"})
    before = uow.actor
    proven = stepup.consume(uow, token, digest_of(enterprise.id, m))
    set_quorum(proven, enterprise, m, "REPRESENTATIVE")
    uow.acting(before)
    return m


def agree_to_lower(uow: UnitOfWork, m: int, token: str) -> Standing:
    """Agree that fewer people may grant; it holds once the present quorum has agreed.

    Raises:
        ForbiddenError: the actor's role may not.
        MandateInsufficientError: the actor may not sign for the enterprise.
        InvalidRequestError: it is not lower, or another number is proposed already.
        StepUpRequiredError: the token is missing, used, too old, or bound to another quorum.
    """
    uow.actor.require(LOWER)
    may_sign(uow)
    enterprise = _locked(uow, uow.actor.enterprise_id)
    if not 1 <= m < enterprise.quorum:
        raise InvalidRequestError("quorum", fields={"m": "OUT_OF_RANGE"})
    before = uow.actor
    proven = stepup.consume(uow, token, digest_of(enterprise.id, m))
    change = _change(uow, enterprise.id)
    if change is None:
        change = QuorumChange(enterprise_id=enterprise.id, m=m, opened_at=uow.now)
        uow.session.add(change)
        uow.session.flush()
    if change.m != m:
        raise InvalidRequestError("quorum", fields={"m": "CHOICE"})
    _agree(uow, change, f"step-up:{token_hash(token).hex()}")
    if len(_agreed(uow, change) & entitled(uow, enterprise.id)) >= enterprise.quorum:
        set_quorum(proven, enterprise, m, "QUORUM")
    uow.acting(before)
    return standing_of(uow)


def withdraw_proposal(uow: UnitOfWork) -> None:
    """Leave the quorum as it is; one signatory may say so.

    Raises:
        ForbiddenError: the actor's role may not.
        MandateInsufficientError: the actor may not sign for the enterprise.
        InvalidStateError: nothing is proposed.
    """
    uow.actor.require(LOWER)
    may_sign(uow)
    enterprise = _locked(uow, uow.actor.enterprise_id)
    change = _change(uow, enterprise.id)
    if change is None:
        raise InvalidStateError(f"enterprise {enterprise.id}: no other quorum is proposed")
    change.closed_at = uow.clock()
    audit.record(uow, "quorum.keep", object_type="enterprise", object_id=enterprise.id)


def set_quorum(uow: UnitOfWork, enterprise: Enterprise, m: int, reason: str) -> None:
    """Change the quorum of a locked enterprise; an open proposal is over."""
    change = _change(uow, enterprise.id)
    if change is not None:
        change.closed_at = uow.clock()
    enterprise.quorum = m
    enterprise.standing_n += 1
    uow.session.flush()
    service.record(
        desk_of(uow),
        service.Event(
            type=EventType.QUORUM_CHANGED,
            ref=enterprise.id,
            n=enterprise.standing_n,
            reason=reason,
            members={"m": m, "n": len(signatories(uow, enterprise.id))},
            enterprise_id=enterprise.id,
        ),
    )
    audit.record(uow, "quorum.change", object_type="enterprise", object_id=enterprise.id)


def _locked(uow: UnitOfWork, enterprise_id: UUID) -> Enterprise:
    change_standing(uow, enterprise_id)
    return uow.session.scalars(
        select(Enterprise)
        .where(Enterprise.id == enterprise_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _change(uow: UnitOfWork, enterprise_id: UUID) -> QuorumChange | None:
    return uow.session.scalar(
        select(QuorumChange).where(
            QuorumChange.enterprise_id == enterprise_id, QuorumChange.closed_at.is_(None)
        )
    )


def _agree(uow: UnitOfWork, change: QuorumChange, evidence: str) -> None:
    uow.session.execute(
        insert(QuorumApproval)
        .values(
            change_id=change.id,
            person_id=uow.actor.person_id,
            enterprise_id=change.enterprise_id,
            evidence=evidence,
            at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing()
    )


def _agreed(uow: UnitOfWork, change: QuorumChange) -> frozenset[UUID]:
    rows = uow.session.scalars(
        select(QuorumApproval.person_id).where(QuorumApproval.change_id == change.id)
    )
    return frozenset(rows)
