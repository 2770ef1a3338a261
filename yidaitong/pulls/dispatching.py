"""C2: before each dispatch the consent is locked and everything is looked at again."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update

from consent import service
from consent.artefact import ConsentArtefact, Dataset
from consent.lifecycle import ConsentState
from consent.service import EventType
from yidaitong.departments import breakers
from yidaitong.departments.budgets import RetryBudget
from yidaitong.departments.queries import servable
from yidaitong.departments.registry import RESOURCES
from yidaitong.departments.wire import TICKET_TYP, Order, Question, make_order
from yidaitong.enterprises import queries as enterprises
from yidaitong.kernel.crypto.box import KeyUse
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.lifecycle import COLLECTING, LineStatus
from yidaitong.pulls.lines import Closing, close_line, collecting
from yidaitong.pulls.models import Pull, PullLine
from yidaitong.pulls.moving import RUN, Locked, lock, read_line
from yidaitong.pulls.scoping import OUT_OF_SCOPE

DEADLINE = "DEADLINE"
ATTEMPTS = "ATTEMPTS"
LEFT_ALONE = "LEFT_ALONE"
BUSY = "BUSY"
SPARED = "SPARED"
_SOON = timedelta(milliseconds=100)
_ENTERPRISE = "ENTERPRISE"


@dataclass(frozen=True, slots=True)
class _Case:
    """One open line under its locked consent."""

    locked: Locked
    pull: Pull
    line: PullLine


def open_lines(uow: UnitOfWork, pull_id: UUID) -> list[UUID]:
    """Lines of a pull that may be asked for now: due, and leased by nobody."""
    now = func.clock_timestamp()
    return list(
        uow.session.scalars(
            select(PullLine.id)
            .join(Pull, Pull.id == PullLine.pull_id)
            .where(
                PullLine.pull_id == pull_id,
                PullLine.status == LineStatus.PENDING,
                PullLine.not_before <= now,
                or_(PullLine.leased_until.is_(None), PullLine.leased_until < now),
                Pull.state.in_(COLLECTING),
            )
            .order_by(PullLine.id)
        )
    )


def claim(uow: UnitOfWork, line_id: UUID, budget: RetryBudget | None = None) -> Order | None:
    """Lease one line and write down that its department is about to be asked (P3).

    None where nobody may be asked: the consent is not active, somebody else holds the line, the
    department is left alone or busy or was asked again too often by this process's ``budget``
    (``not_before`` then says when to come back), or the line
    closed here because its time is over or its source or scope is gone. The attempt
    number is the fence: only the answer to the newest attempt counts, while its lease lasts.

    Raises:
        NotFoundError: no such line.
        EvidenceUnavailableError: evidence cannot be written now.
    """
    case = _open_line(uow, line_id)
    if case is None or case.locked.live.state is not ConsentState.ACTIVE:
        return None
    over = _over(case)
    if over is not None:
        close_line(case.locked, case.line, over)
        return None
    case.locked.desk.evidence_ready()
    artefact = service.artefact_of(case.locked.desk, case.locked.live.row)
    dataset = next((one for one in artefact.datasets if one.resource == case.line.resource), None)
    if dataset is None or _dates(case.line, dataset) is None:
        # An amendment took the resource out, or the days that were asked for.
        gone = Closing(status=LineStatus.EXCLUDED_BY_SUBJECT, why=OUT_OF_SCOPE)
        close_line(case.locked, case.line, gone)
        return None
    again = breakers.admit(uow, RESOURCES[case.line.resource].department, case.locked.at)
    if again is not None:
        _wait(case, again, LEFT_ALONE)
        return None
    order = _order(case, artefact, dataset)
    if _crowded(case, order.department):
        _wait(case, case.locked.at + _SOON * random.uniform(0.5, 2), BUSY)  # noqa: S311 - jitter
        return None
    if budget is not None and not _affordable(case, order.department, budget):
        pause = timedelta(seconds=uow.settings.line_retry_seconds * random.uniform(1, 2))  # noqa: S311 - jitter
        _wait(case, case.locked.at + pause, SPARED)
        return None
    _lease(case, order)
    return order


def _open_line(uow: UnitOfWork, line_id: UUID) -> _Case | None:
    found = uow.session.scalar(select(PullLine.chain_id).where(PullLine.id == line_id))
    if found is None:
        raise NotFoundError(f"line {line_id}")
    locked = lock(uow, found, RUN)
    line, pull = read_line(locked, line_id)
    if pull.state not in COLLECTING or not _free(line, locked.at):
        return None
    return _Case(locked, pull, line)


def _free(line: PullLine, at: datetime) -> bool:
    leased = line.leased_until is not None and line.leased_until >= at
    return line.status is LineStatus.PENDING and line.not_before <= at and not leased


def _over(case: _Case) -> Closing | None:
    """Why the line is not asked any more, None where it may be."""
    at, line = case.locked.at, case.line
    if at >= min(line.deadline_at, case.pull.expires_at):
        return Closing(status=LineStatus.TIMEOUT, why=DEADLINE)
    if line.attempt >= case.locked.uow.settings.line_attempts:
        return Closing(status=LineStatus.TIMEOUT, why=ATTEMPTS)
    missing = servable(case.locked.uow, [line.resource])
    if missing:
        return Closing(status=LineStatus.UNSUPPORTED, why=missing[0].why.value)
    return None


def _order(case: _Case, artefact: ConsentArtefact, dataset: Dataset) -> Order:
    uow, line = case.locked.uow, case.line
    uscc, name = _subject(case, artefact)
    from_on, to_on = _dates(line, dataset) or (None, None)
    question = Question(
        pull_id=line.pull_id,
        line_id=line.id,
        attempt=line.attempt + 1,
        resource=line.resource,
        uscc=uscc,
        name=name,
        fields=dataset.fields,
        from_on=from_on,
        to_on=to_on,
        filters=tuple(
            (one.field, one.op, one.value)
            for one in artefact.data_filter
            if one.resource == line.resource
        ),
        consent_digest=case.locked.live.digest,
        purpose=artefact.purpose.code,
        bank_id=case.pull.bank_id,
    )
    not_after = case.locked.at + timedelta(seconds=uow.settings.call_deadline_seconds)

    def sign(payload: bytes) -> str:
        return uow.crypto.sign(uow.session, KeyUse.TICKET, TICKET_TYP, payload)

    return make_order(question, not_after, sign)


def _dates(line: PullLine, dataset: Dataset) -> tuple[str | None, str | None] | None:
    """What was asked for, as far as it is consented now; None when nothing is left of it."""
    if dataset.range is None or line.from_on is None or line.to_on is None:
        return line.from_on, line.to_on
    from_on = max(line.from_on, dataset.range.from_on)
    to_on = min(line.to_on, dataset.range.to_on)
    return (from_on, to_on) if from_on < to_on else None


def _crowded(case: _Case, department: str) -> bool:
    """Whether the department answers as many calls as it may get at once already.

    Counted by one at a time, so that many do not all see the last free place.
    """
    uow = case.locked.uow
    uow.session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"calls of {department}", 0)))
    )
    calls = uow.session.scalar(
        select(func.count())
        .select_from(PullLine)
        .where(
            PullLine.leased_until >= case.locked.at,
            PullLine.resource.startswith(f"{department}.", autoescape=True),
        )
    )
    return (calls or 0) >= uow.settings.department_calls


def _affordable(case: _Case, department: str, budget: RetryBudget) -> bool:
    """A first question earns, a retry costs; a probe of a department left alone is free."""
    if case.line.attempt == 0:
        budget.earn(department)
        return True
    return breakers.is_open(case.locked.uow, department) or budget.spend(department)


def _wait(case: _Case, until: datetime, why: str) -> None:
    """Nobody is asked now; the line stays open and no attempt is counted."""
    case.line.not_before = until
    case.line.why = why
    case.locked.uow.session.flush()


def _subject(case: _Case, artefact: ConsentArtefact) -> tuple[str, str]:
    subject = artefact.subject
    if subject.kind == _ENTERPRISE and subject.uscc is not None:
        return subject.uscc, subject.name
    # A person's own consent is about their office in this enterprise.
    firm = enterprises.subject_of(case.locked.uow, case.pull.enterprise_id)
    return firm.uscc, firm.name


def _lease(case: _Case, order: Order) -> None:
    locked, line = case.locked, case.line
    lease = timedelta(seconds=locked.uow.settings.lease_seconds)
    locked.uow.session.execute(
        update(PullLine)
        .where(PullLine.id == line.id)
        .values(
            attempt=order.attempt,
            leased_until=locked.at + lease,
            sent_at=locked.at,
            end_by=order.not_after,
            request_sha256=order.request_sha256,
        )
        .execution_options(synchronize_session=False)
    )
    case.pull.epoch = locked.live.epoch
    collecting(case.pull)
    locked.uow.session.flush()
    service.record(
        locked.desk,
        service.Event(
            type=EventType.PULL_LINE_SENT,
            ref=line.id,
            n=order.attempt,
            chain_id=line.chain_id,
            digest=locked.live.digest,
            before=LineStatus.PENDING,
            after=LineStatus.PENDING,
            members={
                "line_id": line.id,
                "resource": line.resource,
                "attempt": order.attempt,
                "request_sha256": order.request_sha256,
            },
        ),
        locked.at,
    )
