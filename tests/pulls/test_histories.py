"""Random histories of calls, refunds and waiting: what is free equals a plain recomputation."""

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from consent.artefact import ConsentArtefact, Frequency
from consent.errors import ConsentExhaustedError
from consent.lifecycle import ConsentState
from consent.models import Chain
from consent.service import LiveChain
from tests.consent.test_artefact import vector
from tests.pulls.test_windows import SHANGHAI, ZONE, plain_bound
from yidaitong.kernel.ids import uuid7
from yidaitong.pulls.errors import FrequencyExceededError
from yidaitong.pulls.slots import Slots, _Taken, check
from yidaitong.pulls.windows import window_at

SEED = 20180717
ACTS = 16
UNITS = ("DAY", "WEEK", "MONTH", "YEAR", "LIFE")
MICRO = timedelta(microseconds=1)
# Where calendars are odd: ends of months, and the day that is there every fourth year.
ANCHORS = [
    datetime(2026, 1, 31, 9, 30, tzinfo=ZONE),
    datetime(2024, 2, 29, tzinfo=ZONE),
    datetime(2023, 12, 30, 23, 59, tzinfo=ZONE),
    datetime(2026, 3, 2, 1, tzinfo=ZONE),
]
BODY = ConsentArtefact.parse(vector("artefact")["body"])


def a_chain(anchor: datetime) -> Chain:
    """A row that is stored nowhere."""
    return Chain(
        id=uuid7(),
        epoch=1,
        state=ConsentState.ACTIVE,
        enterprise_id=uuid7(),
        person_id=None,
        bank_id="bank-a",
        purpose="POST_LOAN",
        product_id="TAX-CREDIT",
        application_id=None,
        companion_of=None,
        m=1,
        consent_id=uuid7(),
        digest="A" * 43,
        anchor_at=anchor,
        starts_at=anchor,
        ends_at=anchor + timedelta(days=4000),
    )


@dataclass
class Call:
    """One call as a person would write it down: which window, and whether it came back."""

    resource: str
    window: int
    ordinal: int
    window_at: datetime
    in_flight: bool


@dataclass
class History:
    """One consent's calls over time, kept twice: as rows, and on paper."""

    dice: random.Random
    unit: str = field(init=False)
    n: int = field(init=False)
    quota: int | None = field(init=False)
    anchor: datetime = field(init=False)
    at: datetime = field(init=False)
    calls: list[Call] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.unit = self.dice.choice(UNITS)
        self.n = self.dice.randrange(1, 4)
        whole = self.n if self.unit == "LIFE" else self.dice.choice([None, self.n + 2, 6])
        self.quota = whole
        self.anchor = self.dice.choice(ANCHORS)
        self.at = self.anchor

    def window(self) -> int:
        """Which window it is, counted one by one with a calendar."""
        k = 0
        while self.unit != "LIFE" and plain_bound(self.anchor, self.unit, k + 1) <= self.at:
            k += 1
        return k

    def wait(self) -> None:
        """Some time, or to just before the next edge, or exactly onto it."""
        if self.unit == "LIFE" or self.dice.random() < 0.4:
            self.at += timedelta(days=self.dice.randrange(40), hours=self.dice.randrange(24))
            return
        edge = plain_bound(self.anchor, self.unit, self.window() + 1)
        self.at = max(self.at, edge - self.dice.choice([MICRO, timedelta()]))

    def refund(self) -> None:
        """A call that brought nothing goes back into the window it came from."""
        open_ = [one for one in self.calls if one.in_flight]
        if open_:
            self.calls.remove(self.dice.choice(open_))
            self.seen.add("refund")

    def finish(self) -> None:
        for one in self.calls:
            one.in_flight &= self.dice.random() < 0.5

    def slots(self) -> Slots:
        rows = defaultdict(list)
        until = self.at + timedelta(hours=1)
        for one in self.calls:
            end = until if one.in_flight else None
            rows[one.resource].append(_Taken(one.resource, one.window_at, one.ordinal, end))
        frequency = Frequency(unit=self.unit, n=self.n, anchor_tz=SHANGHAI)
        return Slots(
            live=LiveChain(a_chain(self.anchor), ConsentState.ACTIVE, self.at),
            artefact=replace(BODY, frequency=frequency, total_quota=self.quota),
            window=window_at(self.anchor, self.unit, SHANGHAI, self.at),
            taken=rows,
        )

    def pull(self) -> None:
        wanted = self.dice.choice([("A",), ("B",), ("A", "B")])
        k, slots = self.window(), self.slots()
        paper = {resource: self.free(resource, k) for resource in wanted}
        try:
            found = check(slots, wanted)
        except (FrequencyExceededError, ConsentExhaustedError) as refusal:
            self.refused(refusal, paper)
            return
        assert found == paper
        self.seen.add("taken")
        for resource, ordinal in found.items():
            self.calls.append(Call(resource, k, ordinal, slots.window.starts_at, True))
        # Whatever happened, no window and no life holds more than was consented.
        for resource in wanted:
            mine = [one for one in self.calls if one.resource == resource]
            assert sum(one.window == k for one in mine) <= self.n
            assert self.quota is None or len(mine) <= self.quota

    def refused(
        self,
        refusal: FrequencyExceededError | ConsentExhaustedError,
        paper: dict[str, int | None],
    ) -> None:
        full = [resource for resource, ordinal in paper.items() if ordinal is None]
        gone = [resource for resource in full if self.gone(resource)]
        assert isinstance(refusal, ConsentExhaustedError) is bool(gone)
        assert list(refusal.details["resources"]) == (gone or full)
        self.seen.add("gone" if gone else "full")

    def free(self, resource: str, k: int) -> int | None:
        """The lowest number nobody has in this window, as counted on paper."""
        mine = [one for one in self.calls if one.resource == resource]
        if self.quota is not None and len(mine) >= self.quota:
            return None
        used = {one.ordinal for one in mine if one.window == k}
        return next((number for number in range(1, self.n + 1) if number not in used), None)

    def gone(self, resource: str) -> bool:
        """Whether no call can ever come: none is in flight, and no other window has one."""
        mine = [one for one in self.calls if one.resource == resource]
        whole = self.quota is not None and len(mine) >= self.quota
        last = self.unit == "LIFE" and len(mine) >= self.n
        return (whole or last) and not any(one.in_flight for one in mine)


@pytest.mark.promise("I15")
@pytest.mark.parametrize(
    "count",
    [pytest.param(300, id="short"), pytest.param(10_000, id="full", marks=pytest.mark.nightly)],
)
def test_what_is_free_equals_a_plain_recomputation(count: int) -> None:
    seen: set[str] = set()
    for place in range(count):
        history = History(random.Random(f"{SEED} {place}"))  # noqa: S311 - a fixed seed
        for _ in range(ACTS):
            act = history.dice.choice(["pull"] * 4 + ["wait"] * 2 + ["refund", "finish"])
            getattr(history, act)()
        seen |= history.seen
    assert seen == {"taken", "full", "gone", "refund"}
