"""The service clock (时限): working time since submission, what is due when, who is late.

Working time is 09:00 to 17:30 on working days: 8.5 hours, 30,600 seconds a day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from yidaitong.kernel.clock import SHANGHAI
from yidaitong.kernel.text import Text
from yidaitong.lending.lifecycle import ApplicationEvent, ApplicationState
from yidaitong.lending.models import ApplicationStep
from yidaitong.lending.workdays import is_working_day

_OPENS: Final = time(9, 0)
_CLOSES: Final = time(17, 30)
DAY_SECONDS: Final = 30_600
_E = ApplicationEvent
_DECIDED: Final = frozenset({_E.APPROVE, _E.DECLINE, _E.SCREEN_OUT})
_LEFT: Final = frozenset({_E.WITHDRAW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One promise: ``days`` working days from submission until one of ``ends`` happens."""

    code: str
    text: Text
    days: int
    ends: frozenset[ApplicationEvent]


# Default "1-3-5" for credit decided online. Codes: wire format, append only.
TARGETS: Final = (
    Target(
        code="T1",
        text=Text("受理", "Accept"),
        days=1,
        ends=frozenset({_E.ACCEPT, _E.SCREEN_OUT}),
    ),
    Target(
        code="T2",
        text=Text("对接", "Contact"),
        days=3,
        ends=frozenset({_E.START_REVIEW, _E.SCREEN_OUT}),
    ),
    Target(code="T3", text=Text("审批", "Decide"), days=5, ends=_DECIDED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where one target stands; ``elapsed`` is working seconds without pauses."""

    target: Target
    due_at: datetime
    ended_at: datetime | None
    elapsed: int
    late: bool
    paused: bool


Interval = tuple[datetime, datetime]


def working_seconds(start: datetime, end: datetime) -> int:
    """Working seconds between two instants; 0 where ``end`` is not later."""
    if end <= start:
        return 0
    first, last = start.astimezone(SHANGHAI), end.astimezone(SHANGHAI)
    total = 0.0
    day = first.date()
    while day <= last.date():
        if is_working_day(day):
            opens, closes = _hours(day)
            total += max(0.0, (min(last, closes) - max(first, opens)).total_seconds())
        day += timedelta(days=1)
    return int(total)


def due_at(start: datetime, seconds: int) -> datetime:
    """The instant at which ``seconds`` of working time have passed since ``start``."""
    left = float(seconds)
    here = start.astimezone(SHANGHAI)
    day = here.date()
    while True:
        if is_working_day(day):
            opens, closes = _hours(day)
            begins = max(here, opens)
            usable = (closes - begins).total_seconds()
            if 0 < usable >= left:
                return begins + timedelta(seconds=left)
            left -= max(0.0, usable)
        day += timedelta(days=1)


def stages(steps: Sequence[ApplicationStep], now: datetime) -> list[Stage]:
    """Every target of a submitted application; empty before submission.

    An application that its enterprise withdrew stops all clocks that still ran.
    """
    submitted = _first(steps, {_E.SUBMIT})
    if submitted is None:
        return []
    left = _first(steps, _LEFT)
    return [_stage(target, steps, submitted, (left, now)) for target in TARGETS]


def running(steps: Sequence[ApplicationStep], now: datetime) -> Stage | None:
    """The first target that has not ended; None when all have, or before submission."""
    return next((stage for stage in stages(steps, now) if stage.ended_at is None), None)


def _stage(
    target: Target,
    steps: Sequence[ApplicationStep],
    submitted: datetime,
    until: tuple[datetime | None, datetime],
) -> Stage:
    left, now = until
    ended = _first(steps, target.ends)
    end = ended or left or now
    pauses = list(_pauses(steps, end))
    paused = sum(working_seconds(*pause) for pause in pauses)
    due = due_at(submitted, target.days * DAY_SECONDS + paused)
    return Stage(
        target=target,
        due_at=due,
        ended_at=ended or left,
        elapsed=working_seconds(submitted, end) - paused,
        late=end > due,
        paused=ended is None and bool(steps) and steps[-1].state is ApplicationState.NEED_INFO,
    )


def _first(steps: Iterable[ApplicationStep], events: Iterable[ApplicationEvent]) -> datetime | None:
    wanted = set(events)
    return next((step.at for step in steps if step.event in wanted), None)


def _pauses(steps: Iterable[ApplicationStep], end: datetime) -> Iterable[Interval]:
    """While the bank waits for the enterprise's answer."""
    since: datetime | None = None
    for step in steps:
        if step.at >= end:
            break
        if step.event is _E.ASK_INFO:
            since = step.at
        elif since is not None:
            yield since, step.at
            since = None
    if since is not None:
        yield since, end


def _hours(day: date) -> Interval:
    return (
        datetime.combine(day, _OPENS, SHANGHAI),
        datetime.combine(day, _CLOSES, SHANGHAI),
    )
