"""Writing down a final decision: terms or reason codes, who proposed and who confirmed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from yidaitong import audit
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.kinds import Outcome
from yidaitong.lending.models import Application, Decision, PendingCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """Who saw it: the maker, and the proposal a second person confirmed (None: a screening)."""

    maker_person_id: UUID
    command: PendingCommand | None = None


def keep(
    uow: UnitOfWork,
    application: Application,
    eyes: Eyes,
    *,
    reasons: Sequence[str] = (),
    terms: Mapping[str, Any] | None = None,
) -> Decision:
    """Keep an approval of ``terms``, or a refusal for ``reasons``."""
    approved = {} if terms is None else terms
    decision = Decision(
        application_id=application.id,
        enterprise_id=application.enterprise_id,
        bank_id=application.bank_id,
        outcome=Outcome.DECLINE if terms is None else Outcome.APPROVE,
        reasons=list(reasons),
        amount_fen=approved.get("amount_fen"),
        rate_bp=approved.get("rate_bp"),
        term_months=approved.get("term_months"),
        maker_person_id=eyes.maker_person_id,
        checker_person_id=None if eyes.command is None else eyes.command.checker_person_id,
        command_sha256=None if eyes.command is None else eyes.command.sha256,
        at=uow.now,
    )
    application.decided_at = uow.now
    application.approved_fen = decision.amount_fen
    uow.session.add(decision)
    uow.session.flush()
    audit.record(
        uow,
        "application.decide",
        object_type="application",
        object_id=application.id,
        outcome=decision.outcome,
        command=decision.command_sha256,
    )
    return decision


def decision_of(uow: UnitOfWork, application_id: UUID) -> Decision | None:
    """The decision on an application the actor may see; None while there is none."""
    return uow.session.scalar(select(Decision).where(Decision.application_id == application_id))
