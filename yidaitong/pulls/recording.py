"""C3: an answer counts if its attempt still holds the line and the consent has not ended."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.wire import Fetched, Order
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import holding
from yidaitong.pulls.lifecycle import COLLECTING, GAVE, OF_OUTCOME, LineStatus
from yidaitong.pulls.lines import Closing, close_line
from yidaitong.pulls.models import Pull, PullLine
from yidaitong.pulls.moving import RUN, Locked, lock, read_line
from yidaitong.pulls.results import answer_place
from yidaitong.pulls.scoping import OUT_OF_SCOPE, outside

DISCARDED = "DISCARDED"
BAD_ANSWER = "BAD_ANSWER"
_RETRY_CAP_SECONDS = 60.0
_AGAIN = frozenset({Outcome.UNAVAILABLE, Outcome.RATE_LIMITED})
_QUALITY = {Outcome.PARTIAL: "PARTIAL", Outcome.STALE: "STALE"}
_KEPT = GAVE | {LineStatus.DENIED_BY_SOURCE}


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What an answer makes of its line; PENDING means: ask again."""

    status: LineStatus
    why: str | None


def record(uow: UnitOfWork, order: Order, fetched: Fetched) -> bool:
    """Write down what came of one dispatch; False where it changes nothing any more.

    A late answer, one to an older attempt, or one to a closed line changes nothing. After the end
    of the consent it is thrown away unread. While the consent is halted it is sealed and withheld.
    """
    chain_id = uow.session.scalars(
        select(PullLine.chain_id).where(PullLine.id == order.line_id)
    ).one()
    locked = lock(uow, chain_id, RUN)
    line, pull = read_line(locked, order.line_id)
    if not _holds(line, order, locked.at):
        return False
    unread = _unread(locked, line, pull, order)
    if unread is not None:
        close_line(locked, line, unread)
        return True
    verdict = _judge(locked, line, fetched)
    if verdict.status is LineStatus.PENDING:
        _again(locked, line, fetched)
        return True
    facts = {"fetched_at": locked.at, **_facts(locked, line, fetched.answer, verdict)}
    if locked.hold is not None and verdict.status in _KEPT:
        _withhold(locked, line, facts)
        # The pull says so at once: whoever lifts the hold finds the line by it.
        holding.settle(locked, pull)
        return True
    spoken = (fetched.started_at, fetched.ended_at)
    closing = Closing(status=verdict.status, why=verdict.why, facts=facts, spoken=spoken)
    close_line(locked, line, closing)
    return True


def _holds(line: PullLine, order: Order, at: datetime) -> bool:
    mine = line.attempt == order.attempt and line.status is LineStatus.PENDING
    return mine and line.leased_until is not None and line.leased_until >= at


def _unread(locked: Locked, line: PullLine, pull: Pull, order: Order) -> Closing | None:
    """Why an answer is thrown away unread, None where it is read."""
    if locked.stopped or pull.state not in COLLECTING:
        return Closing(status=LineStatus.CANCELLED, why=DISCARDED)
    if order.consent_digest == locked.live.digest or not outside(locked, [line]):
        return None
    # An amendment took it out while the question was out.
    return Closing(status=LineStatus.EXCLUDED_BY_SUBJECT, why=OUT_OF_SCOPE)


def _judge(locked: Locked, line: PullLine, fetched: Fetched) -> _Verdict:
    answer = fetched.answer
    silent = answer is None or answer.outcome in _AGAIN
    trusted = answer is not None and fetched.problem is None and answer.why is None
    if trusted and not silent and answer is not None:
        status = OF_OUTCOME[answer.outcome]
        return _Verdict(status, None if status in GAVE else answer.outcome.value)
    why = _short(fetched.problem) or (
        None if answer is None else answer.why or answer.outcome.value
    )
    if fetched.retryable or (trusted and silent):
        return _Verdict(LineStatus.PENDING if _may_retry(locked, line) else LineStatus.TIMEOUT, why)
    # It answered, and wrongly: quarantined, never best effort.
    return _Verdict(LineStatus.FAILED, why or BAD_ANSWER)


def _may_retry(locked: Locked, line: PullLine) -> bool:
    return line.attempt < locked.uow.settings.line_attempts and locked.at < line.deadline_at


def _again(locked: Locked, line: PullLine, fetched: Fetched) -> None:
    """Give the line back for later; full jitter, so that many do not come back in step."""
    base = locked.uow.settings.line_retry_seconds
    most = min(_RETRY_CAP_SECONDS, base * 2.0 ** (line.attempt - 1))
    pause = random.uniform(0, most)  # noqa: S311 - jitter, not a secret
    asked = 0 if fetched.retry_after is None else fetched.retry_after
    wait = timedelta(seconds=max(pause, min(asked, _RETRY_CAP_SECONDS)))
    # Not past the deadline: then the line is due to be closed.
    line.not_before = min(locked.at + wait, max(line.deadline_at, locked.at))
    line.leased_until = None
    line.why = _short(fetched.problem)
    locked.uow.session.flush()


def _facts(
    locked: Locked, line: PullLine, answer: Answer | None, verdict: _Verdict
) -> dict[str, object]:
    if answer is None:
        return {}
    # The hash of a refused answer stays for the incident; the answer itself does not.
    facts: dict[str, object] = {"answer_sha256": answer.sha256 or None}
    if verdict.status not in _KEPT:
        if verdict.status is LineStatus.TIMEOUT or verdict.why == Outcome.SUBJECT_MISMATCH.value:
            facts["outcome"] = answer.outcome
        return facts
    uow = locked.uow
    place = answer_place(line.chain_id, line.id)
    return facts | {
        "outcome": answer.outcome,
        "quality": _QUALITY.get(answer.outcome),
        "as_of": answer.as_of,
        "produced_at": answer.produced_at,
        "row_count": _rows(answer),
        "answer_sealed": uow.crypto.seal(uow.session, place, answer.jws.encode("ascii")),
    }


def _withhold(locked: Locked, line: PullLine, facts: dict[str, object]) -> None:
    for name, value in {"status": LineStatus.WITHHELD, "leased_until": None, **facts}.items():
        setattr(line, name, value)
    locked.uow.session.flush()


def _rows(answer: Answer) -> int:
    """Rows of all lists in the answer; one where it has none, zero where there is no record."""
    if answer.outcome is Outcome.NO_RECORD:
        return 0
    lists = [value for value in answer.items.values() if isinstance(value, list | tuple)]
    return sum(len(value) for value in lists) if lists else 1


def _short(code: str | None) -> str | None:
    return None if code is None else code[:32]
