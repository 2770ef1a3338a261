"""A10: which lines in flight an amendment still allows, by the version they were sent under."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consent import service
from consent.artefact import ConsentArtefact, Dataset
from consent.differences import within
from consent.drafts import read_artefact
from consent.models import ConsentRow
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.lifecycle import UNRELEASED, LineStatus
from yidaitong.pulls.lines import Closing, close_line, on_the_wire
from yidaitong.pulls.models import Pull, PullLine
from yidaitong.pulls.moving import RUN, Locked, lines, lock

OUT_OF_SCOPE = "OUT_OF_SCOPE"
AMEND = "pulls.amend"
WITHDRAW_OUTSIDE = "packets.amend"


def outside(locked: Locked, found: Iterable[PullLine]) -> set[UUID]:
    """Lines that were sent under an earlier version and ask for more than the present one allows.

    A line that was never sent is asked under the present version, so only a resource that is gone
    puts it outside. Without an amendment nothing is.
    """
    versions = _versions(locked)
    present = _datasets(_read(locked, versions[-1]))
    return {line.id for line in found if _is_outside(locked, line, versions, present)}


def amend(uow: UnitOfWork, chain_id: UUID) -> int:
    """Bring what is in flight to the present version of a consent; how many lines fell out.

    Lines outside are closed before they are sent, or their answers are thrown away; a question
    that is out is closed when its answer comes. Packets are composed anew by themselves: a packet
    is made at its release, under the version of that instant. Safe to repeat.

    Raises:
        NotFoundError: no such consent.
    """
    locked = lock(uow, chain_id, AMEND)
    uow.defer(WITHDRAW_OUTSIDE, key=f"{chain_id}:{locked.live.epoch}", chain_id=chain_id)
    if not locked.live.is_live:
        return 0
    pulls = uow.session.scalars(
        select(Pull).where(Pull.chain_id == chain_id, Pull.state.in_(UNRELEASED)).order_by(Pull.id)
    ).all()
    dropped = sum(_drop(locked, pull) for pull in pulls)
    for pull in pulls:
        uow.defer(RUN, key=f"{pull.id}:{pull.n}:{locked.live.epoch}", pull_id=pull.id)
    return dropped


def _drop(locked: Locked, pull: Pull) -> int:
    found = lines(locked, pull.id)
    gone = outside(locked, found)
    for line in found:
        if line.id not in gone or on_the_wire(line, locked.at):
            continue
        if line.closed_at is None:
            closing = Closing(status=LineStatus.EXCLUDED_BY_SUBJECT, why=OUT_OF_SCOPE)
            close_line(locked, line, closing)
        else:
            line.answer_sealed = None
    locked.uow.session.flush()
    return len(gone)


def _is_outside(
    locked: Locked, line: PullLine, versions: list[ConsentRow], present: dict[str, Dataset]
) -> bool:
    now = present.get(line.resource)
    if now is None:
        return True
    if line.sent_at is None:
        return not dates_inside(line, now)
    then = _datasets(_read(locked, _in_force(versions, line.sent_at))).get(line.resource)
    return then is None or not within(now, then) or not dates_inside(line, now)


def dates_inside(line: PullLine, now: Dataset) -> bool:
    """Whether the days a line asks for lie within what is consented now."""
    if line.from_on is None or line.to_on is None:
        return now.range is None
    span = now.range
    # ISO dates compare as text.
    return span is not None and span.from_on <= line.from_on and line.to_on <= span.to_on


def _versions(locked: Locked) -> list[ConsentRow]:
    return list(
        locked.uow.session.scalars(
            select(ConsentRow)
            .where(ConsentRow.chain_id == locked.live.id)
            .order_by(ConsentRow.version)
        )
    )


def _in_force(versions: list[ConsentRow], at: datetime) -> ConsentRow:
    """The newest version granted by ``at``; each grant and each dispatch held the lock."""
    return [one for one in versions if one.granted_at <= at][-1]


def _read(locked: Locked, row: ConsentRow) -> ConsentArtefact:
    if row.id == locked.live.consent_id:
        return service.artefact_of(locked.desk, locked.live.row)
    return read_artefact(locked.desk, row)


def _datasets(artefact: ConsentArtefact) -> dict[str, Dataset]:
    return {dataset.resource: dataset for dataset in artefact.datasets}
