"""Rounds, medians, ratios, and the verdict: the same procedure for every benchmark.

Numerator and denominator run back to back in each round; the result is the median of the rounds'
ratios. One round before the first is not counted: it pays for connections and caches.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

ROUNDS: Final = 5
MIN_ROUNDS: Final = 3
MIN_WINDOW_SECONDS: Final = 0.3
HOLDS, FAILS, UNKNOWN = 0, 1, 2


@dataclass(frozen=True)
class Goal:
    """One goal. ``at_least``: the limit is a floor; else a ceiling; None is reported only."""

    id: str
    what: str
    unit: str
    limit: float | None = None
    at_least: bool = True

    def holds(self, found: float) -> bool:
        """Whether a result reaches it."""
        if self.limit is None:
            return True
        return found >= self.limit if self.at_least else found <= self.limit


@dataclass
class Result:
    """What was measured for a goal; ``why`` says what could not be."""

    id: str
    what: str
    unit: str
    limit: float | None
    at_least: bool = True
    median: float | None = None
    low: float | None = None
    high: float | None = None
    rounds: int = 0
    numerator: float | None = None
    denominator: float | None = None
    ok: bool | None = None
    why: str = ""


# A round: the result, and the two sides of it where there are two.
Round = tuple[float, float | None, float | None]


def ratio(ours: float, floor: float) -> Round:
    """Our rate as a part of the floor's."""
    return ours / floor, ours, floor


def single(value: float) -> Round:
    """A figure of its own."""
    return value, None, None


def judge(goal: Goal, rounds: Sequence[Round]) -> Result:
    """The median of the rounds, held against the limit."""
    found = [one[0] for one in rounds]
    middle = median(found)
    sides = [[one[at] for one in rounds if one[at] is not None] for at in (1, 2)]
    numerator, denominator = (median(side) if side else None for side in sides)  # type: ignore[type-var]
    return Result(
        **asdict(goal),
        median=_short(middle),
        low=_short(min(found)),
        high=_short(max(found)),
        rounds=len(found),
        numerator=_short(numerator),
        denominator=_short(denominator),
        ok=goal.holds(middle),
    )


def measure(goal: Goal, run: Callable[[], Round], rounds: int) -> Result:
    """Run one goal's rounds; what cannot be measured is named."""
    sys.stderr.write(f"{goal.id:5} {goal.what}\n")
    try:
        run()
        return judge(goal, [run() for _ in range(rounds)])
    except Exception as error:  # noqa: BLE001 - a benchmark that breaks is a result too
        return Result(**asdict(goal), why=f"{type(error).__name__}: {error}"[:200])


def cpu_rate(work: Callable[[], int]) -> float:
    """Operations a second of CPU time, over a window that is long enough."""
    done, began = 0, process_time()
    while (spent := process_time() - began) < MIN_WINDOW_SECONDS:
        done += work()
    return done / spent


@contextmanager
def wall() -> Iterator[Callable[[], float]]:
    """Seconds of wall clock since the block began."""
    began = perf_counter()
    yield lambda: perf_counter() - began


def percentile(values: Sequence[float], part: float) -> float:
    """The value that ``part`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


@dataclass
class Bench:
    """One benchmark: its goals in order, each with what runs a round of it."""

    name: str
    env: dict[str, Any] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)

    def finish(self, *, machine: bool) -> int:
        """Print everything; the exit code."""
        self.env |= environment()
        if machine:
            told = {"bench": self.name, "env": self.env, "goals": [asdict(r) for r in self.results]}
            sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        else:
            sys.stdout.write("\n".join([*map(_line, self.results), f"env {self.env}"]) + "\n")
        if any(one.ok is None for one in self.results):
            return UNKNOWN
        return HOLDS if all(one.ok for one in self.results) else FAILS


def environment() -> dict[str, Any]:
    """Versions, cores, and how busy the machine was at the end."""
    return {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load": [round(one, 2) for one in os.getloadavg()],
    }


def options(name: str) -> argparse.Namespace:
    """``--json``, ``--rounds``, ``--only``; refuses to start where figures would be false."""
    parser = argparse.ArgumentParser(prog=f"manage.py bench {name}")
    parser.add_argument("--json", action="store_true", help="a report for machines")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="goals by the beginning of their id")
    given = parser.parse_args()
    if given.rounds < MIN_ROUNDS:
        parser.error(f"at least {MIN_ROUNDS} rounds")
    if sys.gettrace() is not None or sys.flags.dev_mode or "COVERAGE_RUN" in os.environ:
        sys.stderr.write("not under a tracer, coverage or development mode\n")
        sys.exit(UNKNOWN)
    return given


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _line(one: Result) -> str:
    verdict = {True: "ok  ", False: "FAIL", None: "??? "}[one.ok]
    if one.median is None:
        return f"{verdict} {one.id:5} {one.what}: {one.why}"
    limit = "report" if one.limit is None else f"{'≥' if one.at_least else '≤'} {one.limit:g}"
    sides = f" ({one.numerator:g} / {one.denominator:g})" if one.denominator else ""
    spread = f" [{one.low:g}–{one.high:g}]"
    return f"{verdict} {one.id:5} {one.median:g} {one.unit}{spread} {limit}  {one.what}{sides}"
