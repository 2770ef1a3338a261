"""Reading applications, offers and loans in full, each side seeing what is its own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from yidaitong.kernel.actor import Realm
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import clocks, evaluations, proposals, steps
from yidaitong.lending.decisions import decision_of
from yidaitong.lending.kinds import CommandKind
from yidaitong.lending.lifecycle import ApplicationEvent, ApplicationState
from yidaitong.lending.listing import (
    READ,
    Case,
    CaseFilter,
    CasePage,
    Group,
    Sort,
    cases_of_bank,
    counts_of_bank,
    export_of_bank,
)
from yidaitong.lending.models import (
    Application,
    ApplicationStep,
    Decision,
    Evaluation,
    Loan,
    Offer,
    PendingCommand,
)
from yidaitong.lending.offers import offer_of_application
from yidaitong.products import queries as products
from yidaitong.products.explaining import Explanation, explain
from yidaitong.products.models import ProductVersion
from yidaitong.products.policy import Result

__all__ = [
    "READ",
    "ApplicationInFull",
    "Case",
    "CaseFilter",
    "CaseInFull",
    "CasePage",
    "Group",
    "Proposal",
    "Sort",
    "StepTaken",
    "applicants_of_bank",
    "application_of_bank",
    "application_of_enterprise",
    "applications_of_enterprise",
    "cases_of_bank",
    "counts_of_bank",
    "export_of_bank",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken:
    """One step as both sides see it; ``note`` is empty where nothing was said."""

    event: ApplicationEvent
    state: ApplicationState
    at: datetime
    realm: Realm
    person_id: UUID | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What waits for a second person, or what became of it; ``body`` is exactly what was made."""

    command: PendingCommand
    body: Mapping[str, Any]
    check_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationInFull:
    """One application as its enterprise sees it.

    ``limit_fen`` and ``rate_bp`` are set for a PASS only: the indicative limit of a REFER is the
    bank's. ``trace`` and ``explanation`` are None until there is a result, and once the consent was
    withdrawn.
    """

    application: Application
    product: ProductVersion
    steps: Sequence[StepTaken]
    stages: Sequence[clocks.Stage]
    evaluation: Evaluation | None
    limit_fen: int | None
    rate_bp: int | None
    trace: Mapping[str, Any] | None
    explanation: Explanation | None
    decision: Decision | None
    offer: Offer | None
    loan: Loan | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseInFull(ApplicationInFull):
    """One application as its bank sees it; ``proposals`` are oldest first."""

    proposals: Sequence[Proposal]

    @property
    def waiting(self) -> Proposal | None:
        """The proposal that waits for a second person."""
        return next((one for one in self.proposals if one.command.checked_at is None), None)

    @property
    def recommendation(self) -> Proposal | None:
        """The newest recommendation of a maker."""
        kind = CommandKind.RECOMMENDATION
        return next((one for one in reversed(self.proposals) if one.command.kind is kind), None)


def applications_of_enterprise(
    uow: UnitOfWork, after: UUID | None = None, limit: int = 50
) -> list[Application]:
    """Applications of the actor's enterprise, newest first; ``after`` is the last id seen.

    Raises:
        ForbiddenError: the actor may not read applications.
    """
    uow.actor.require(READ)
    query = select(Application).where(Application.enterprise_id == uow.actor.enterprise_id)
    if after is not None:
        query = query.where(Application.id < after)
    return list(uow.session.scalars(query.order_by(Application.id.desc()).limit(limit)))


def application_of_enterprise(uow: UnitOfWork, application_id: UUID) -> ApplicationInFull:
    """One application of the actor's enterprise with everything it may see.

    Raises:
        ForbiddenError: the actor may not read applications.
        NotFoundError: unknown, or somebody else's.
    """
    uow.actor.require(READ)
    _ = uow.actor.enterprise_id
    application = steps.found(uow, application_id)
    members = _members(uow, application)
    evaluation = members["evaluation"]
    if evaluation is None or evaluation.result != Result.PASS:
        members |= {"limit_fen": None, "rate_bp": None, "trace": _without_pricing(members["trace"])}
    return ApplicationInFull(**members)


def applicants_of_bank(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Who applied, by application id, for lists of other things of the actor's bank."""
    uow.actor.require(READ)
    if not ids:
        return {}
    rows = uow.session.execute(
        select(Application.id, Application.applicant_name).where(
            Application.id.in_(set(ids)), *steps.visible(uow)
        )
    )
    return {row[0]: row[1] for row in rows}


def application_of_bank(uow: UnitOfWork, application_id: UUID) -> CaseInFull:
    """One case of the actor's bank with everything it may see.

    Raises:
        ForbiddenError: the actor may not read applications.
        NotFoundError: unknown, or another bank's.
    """
    uow.actor.require(READ)
    _ = uow.actor.bank_id
    application = steps.found(uow, application_id)
    return CaseInFull(**_members(uow, application), proposals=_proposals(uow, application))


def _members(uow: UnitOfWork, application: Application) -> dict[str, Any]:
    rows = uow.session.scalars(
        select(ApplicationStep)
        .where(ApplicationStep.application_id == application.id)
        .order_by(ApplicationStep.seq)
    ).all()
    evaluation = evaluations.newest_of(uow, application)
    product = products.version_of(uow, application.product_id, application.product_version)
    trace = None if evaluation is None else evaluations.trace_of(uow, evaluation)
    return {
        "application": application,
        "product": product,
        "steps": [_step(uow, row) for row in rows],
        "stages": clocks.stages(rows, uow.now),
        "evaluation": evaluation,
        "limit_fen": None if evaluation is None else evaluation.limit_fen,
        "rate_bp": None if evaluation is None else evaluation.rate_bp,
        "trace": trace,
        "explanation": None if trace is None else _explained(uow, product, trace),
        "decision": decision_of(uow, application.id),
        "offer": offer_of_application(uow, application.id),
        "loan": uow.session.scalar(select(Loan).where(Loan.application_id == application.id)),
    }


def _explained(uow: UnitOfWork, product: ProductVersion, trace: Mapping[str, Any]) -> Explanation:
    """Every reason in words; what a bank keeps confidential is told to that bank only."""
    own = uow.actor.realm is Realm.BANK
    others = [one.name for one in products.shelf(uow) if one.product_id != product.product_id]
    return explain(
        products.policy_of(product),
        trace,
        others=others,
        confidential=() if own else product.confidential_rules,
    )


def _without_pricing(trace: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The rules only: an indicative limit and how it came about are the bank's."""
    if trace is None:
        return None
    kept = ("engine", "product", "policy_sha256", "rules", "result", "reasons")
    return {name: trace[name] for name in kept if name in trace}


def _step(uow: UnitOfWork, row: ApplicationStep) -> StepTaken:
    note = ""
    if row.note_sealed is not None:
        place = steps.note_place(row.enterprise_id, row.id)
        note = uow.crypto.open(uow.session, place, row.note_sealed).decode()
    return StepTaken(
        event=row.event,
        state=row.state,
        at=row.at,
        realm=row.realm,
        person_id=row.person_id,
        note=note,
    )


def _proposals(uow: UnitOfWork, application: Application) -> list[Proposal]:
    rows = uow.session.scalars(
        select(PendingCommand)
        .where(PendingCommand.application_id == application.id)
        .order_by(PendingCommand.id)
    )
    return [
        Proposal(
            command=row,
            body=proposals.body_of(uow, application, row),
            check_note=proposals.check_note_of(uow, application, row),
        )
        for row in rows
    ]
