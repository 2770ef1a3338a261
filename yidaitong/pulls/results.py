"""What the lines of a pull brought: the department's signed answers, or why there is none."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from yidaitong.departments.answers import Outcome
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.crypto.box import DekKind, Place
from yidaitong.kernel.errors import DataGoneError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.lifecycle import LineStatus
from yidaitong.pulls.models import PullLine

_ORDER = {code: place for place, code in enumerate(RESOURCES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """What one resource of a pull brought; ``answer_jws`` is the department's signed answer.

    ``answer_jws`` is None where there is nothing usable, once the packet has it, and after its data
    key was destroyed.
    """

    line_id: UUID
    resource: str
    status: LineStatus
    outcome: Outcome | None
    why: str | None
    quality: str | None
    as_of: date | None
    produced_at: datetime | None
    fetched_at: datetime | None
    answer_sha256: str | None
    request_sha256: str | None
    answer_jws: str | None = field(repr=False)


def answer_place(chain_id: UUID, line_id: UUID) -> Place:
    """Where the answer of one line is sealed."""
    return Place(
        kind=DekKind.DATA,
        owner_id=chain_id,
        table=PullLine.__tablename__,
        column="answer_sealed",
        row_id=line_id,
    )


def results(uow: UnitOfWork, pull_id: UUID) -> list[LineResult]:
    """What every resource of a pull brought, with its reason, in the order of the catalogue."""
    return [_result(uow, line) for line in lines_of(uow, [pull_id])]


def lines_of(uow: UnitOfWork, pull_ids: Iterable[UUID]) -> list[PullLine]:
    """Lines of some pulls, pull by pull, in the order of the catalogue."""
    rows = uow.session.scalars(select(PullLine).where(PullLine.pull_id.in_(list(pull_ids))))
    return sorted(rows, key=lambda line: (line.pull_id, _ORDER.get(line.resource, len(_ORDER))))


def _result(uow: UnitOfWork, line: PullLine) -> LineResult:
    return LineResult(
        line_id=line.id,
        resource=line.resource,
        status=line.status,
        outcome=line.outcome,
        why=line.why,
        quality=line.quality,
        as_of=line.as_of,
        produced_at=line.produced_at,
        fetched_at=line.fetched_at,
        answer_sha256=line.answer_sha256,
        request_sha256=line.request_sha256,
        answer_jws=_opened(uow, line),
    )


def _opened(uow: UnitOfWork, line: PullLine) -> str | None:
    if line.answer_sealed is None:
        return None
    place = answer_place(line.chain_id, line.id)
    try:
        return uow.crypto.open(uow.session, place, line.answer_sealed).decode("ascii")
    except DataGoneError:
        return None
