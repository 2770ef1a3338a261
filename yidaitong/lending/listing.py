"""A bank's work list: filter, search, sort, pages, counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import clocks
from yidaitong.lending.lifecycle import ApplicationState
from yidaitong.lending.models import Application, ApplicationStep, Evaluation
from yidaitong.lending.steps import visible

READ: Final = "application.read"
PAGE: Final = 20
MAX_PAGE: Final = 10_000
EXPORT_ROWS: Final = 5_000
_S = ApplicationState


# Part of addresses: append only.
class Group(StrEnum):
    """What a case needs next."""

    TAKE = "take"
    REVIEW = "review"
    CHECK = "check"
    OFFER = "offer"
    LENT = "lent"
    CLOSED = "closed"

    @property
    def text(self) -> Text:
        """The group in words for people."""
        return _GROUPS[self][0]

    @property
    def states(self) -> tuple[ApplicationState, ...]:
        """States of its cases."""
        return _GROUPS[self][1]


_GROUPS: Final[Mapping[Group, tuple[Text, tuple[ApplicationState, ...]]]] = {
    Group.TAKE: (Text("待受理", "To accept"), (_S.SUBMITTED,)),
    Group.REVIEW: (
        Text("审查中", "In review"),
        (_S.ACCEPTED, _S.IN_REVIEW, _S.NEED_INFO, _S.RETURNED),
    ),
    Group.CHECK: (Text("待复核", "To check"), (_S.PENDING_CHECK,)),
    Group.OFFER: (Text("已批准", "Approved"), (_S.APPROVED, _S.OFFER_SENT, _S.OFFER_ACCEPTED)),
    Group.LENT: (Text("已签约放款", "Contracted"), (_S.CONTRACTED, _S.DISBURSED)),
    Group.CLOSED: (
        Text("已结束", "Closed"),
        (_S.DECLINED_SCREEN, _S.DECLINED, _S.OFFER_LAPSED, _S.WITHDRAWN),
    ),
}


# Part of addresses: append only.
class Sort(StrEnum):
    """The order of the list."""

    OLDEST = "oldest"
    NEWEST = "newest"
    AMOUNT = "amount"
    NAME = "name"

    @property
    def text(self) -> Text:
        """The order in words for people."""
        return _SORTS[self][0]


_SORTS: Final[Mapping[Sort, tuple[Text, Sequence[ColumnElement[Any]]]]] = {
    Sort.NEWEST: (
        Text("最新提交", "Newest first"),
        (Application.submitted_at.desc(), Application.id.desc()),
    ),
    Sort.OLDEST: (
        Text("最早提交", "Oldest first"),
        (Application.submitted_at.asc(), Application.id.asc()),
    ),
    Sort.AMOUNT: (
        Text("金额从高到低", "Largest first"),
        (Application.amount_fen.desc(), Application.id.desc()),
    ),
    Sort.NAME: (
        Text("企业名称", "By name"),
        (Application.applicant_name.asc(), Application.id.asc()),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which cases, in which order, which page (from 1)."""

    group: Group | None = None
    state: ApplicationState | None = None
    search: str = ""
    sort: Sort = Sort.NEWEST
    page: int = 1
    size: int = PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of the list; ``result`` is the policy's, None while data are collected.

    ``stage`` is the promise that runs: None once a decision was made, and in exports.
    """

    id: UUID
    applicant_name: str
    product_id: str
    state: ApplicationState
    amount_fen: int
    term_months: int
    submitted_at: datetime | None
    result: str | None
    limit_fen: int | None
    rate_bp: int | None
    main_reason: str | None
    maker_person_id: UUID | None
    stage: clocks.Stage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """One page of cases and how many there are in all."""

    cases: Sequence[Case]
    total: int
    page: int
    pages: int


def cases_of_bank(uow: UnitOfWork, wanted: CaseFilter) -> CasePage:
    """The actor's bank's cases. A page beyond the last is the last.

    Raises:
        ForbiddenError: the actor may not read applications.
    """
    uow.actor.require(READ)
    conditions = _conditions(uow, wanted)
    total = uow.session.scalar(select(func.count(Application.id)).where(*conditions)) or 0
    pages = max(1, -(-total // wanted.size))
    page = min(wanted.page, pages)
    query = _query(conditions, wanted.sort).limit(wanted.size).offset((page - 1) * wanted.size)
    cases = _with_stages(uow, _cases(uow, query))
    return CasePage(cases=cases, total=total, page=page, pages=pages)


def export_of_bank(uow: UnitOfWork, wanted: CaseFilter) -> Sequence[Case]:
    """The same cases without pages, at most 5,000.

    Raises:
        ForbiddenError: the actor may not read applications.
    """
    uow.actor.require(READ)
    return _cases(uow, _query(_conditions(uow, wanted), wanted.sort).limit(EXPORT_ROWS))


def counts_of_bank(uow: UnitOfWork) -> Mapping[Group, int]:
    """How many cases of the actor's bank stand in each group."""
    uow.actor.require(READ)
    rows = uow.session.execute(
        select(Application.state, func.count(Application.id))
        .where(*visible(uow))
        .group_by(Application.state)
    )
    by_state = {row[0]: int(row[1]) for row in rows}
    return {group: sum(by_state.get(state, 0) for state in group.states) for group in Group}


def _conditions(uow: UnitOfWork, wanted: CaseFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = list(visible(uow))
    if wanted.group is not None:
        conditions.append(Application.state.in_(wanted.group.states))
    if wanted.state is not None:
        conditions.append(Application.state == wanted.state)
    if wanted.search:
        conditions.append(Application.applicant_name.icontains(wanted.search, autoescape=True))
    return conditions


def _query(conditions: Sequence[ColumnElement[bool]], sort: Sort) -> Select[Any, Any]:
    return (
        select(Application, Evaluation)
        .outerjoin(Evaluation, Evaluation.id == Application.evaluation_id)
        .where(*conditions)
        .order_by(*_SORTS[sort][1])
    )


def _cases(uow: UnitOfWork, query: Select[Any, Any]) -> list[Case]:
    return [_case(row[0], row[1]) for row in uow.session.execute(query)]


def _with_stages(uow: UnitOfWork, cases: Sequence[Case]) -> list[Case]:
    """The promise that runs for each case; one query whatever the number of cases."""
    steps: dict[UUID, list[ApplicationStep]] = {case.id: [] for case in cases}
    rows = uow.session.scalars(
        select(ApplicationStep)
        .where(ApplicationStep.application_id.in_(steps))
        .order_by(ApplicationStep.seq)
    )
    for row in rows:
        steps[row.application_id].append(row)
    return [replace(case, stage=clocks.running(steps[case.id], uow.now)) for case in cases]


def _case(application: Application, evaluation: Evaluation | None) -> Case:
    return Case(
        id=application.id,
        applicant_name=application.applicant_name,
        product_id=application.product_id,
        state=application.state,
        amount_fen=application.amount_fen,
        term_months=application.term_months,
        submitted_at=application.submitted_at,
        result=None if evaluation is None else evaluation.result,
        limit_fen=None if evaluation is None else evaluation.limit_fen,
        rate_bp=None if evaluation is None else evaluation.rate_bp,
        main_reason=None if evaluation is None else evaluation.main_reason,
        maker_person_id=application.maker_person_id,
    )
