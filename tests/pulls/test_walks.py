"""Random walks over everything that can happen to the pulls of one consent, judged by the log."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from consent import service
from consent.errors import ConsentError
from consent.models import EventRow
from consent.service import EventType
from tests.pulls.builders import EIGHT, Case, a_case, an_answer, lines_of, pull_now, silence
from yidaitong.authorizations import stopping as authorizations
from yidaitong.authorizations.commands import Revoke
from yidaitong.departments.answers import Outcome
from yidaitong.departments.wire import Order
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import DomainError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import closing, holding, lapsing, moving, stopping
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.dispatching import claim
from yidaitong.pulls.lifecycle import ENDED, PULL_LIFECYCLE, PullState
from yidaitong.pulls.models import Pull, PullLine, PullSlot
from yidaitong.pulls.recording import record

WALKS = 8
STEPS = 45
# Where the log says a consent stands, after each of its own events.
STANDS = {
    "consent.granted": "ACTIVE",
    "consent.paused": "PAUSED",
    "consent.resumed": "ACTIVE",
    "consent.revoked": "REVOKED",
    "consent.expired": "EXPIRED",
    "consent.exhausted": "EXHAUSTED",
}
ONLY_WHEN_ACTIVE = {"pull.authorised", "pull.line_sent", "packet.issued"}


@dataclass
class Walk:
    """One consent and what a careless world does to it."""

    uow: UnitOfWork
    case: Case
    dice: random.Random
    orders: list[Order] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def step(self, name: str) -> None:
        act: Callable[[], object] = getattr(self, name)
        try:
            with self.uow.session.begin_nested():
                act()
            self.done[name] += 1
        except (ConsentError, DomainError):
            self.done[f"no {name}"] += 1
        finally:
            self.uow.acting(SYSTEM)
            self.uow.session.expire_all()

    def ask(self) -> None:
        wanted = self.dice.choice([None, ("SAMR.REG",), ("SAMR.REG", "TAX.RATE", "COURT.DIS")])
        authorise(self.uow, self.case.order(f"key-{self.dice.randrange(12)}", resources=wanted))

    def claim(self) -> None:
        line = self.a_line()
        order = None if line is None else claim(self.uow, line)
        if order is not None:
            self.orders.append(order)

    def record(self) -> None:
        if self.orders:
            # An old order may be recorded again: a worker that woke up.
            order = self.dice.choice(self.orders)
            answers = [
                an_answer(),
                an_answer(),
                an_answer(Outcome.NO_RECORD),
                silence(),
                silence("BAD_SIGNATURE", retryable=False),
            ]
            record(self.uow, order, self.dice.choice(answers))

    def wait(self) -> None:
        by = {"by": timedelta(seconds=70)}
        self.uow.session.execute(
            text(
                "UPDATE pull_line SET leased_until = leased_until - :by, end_by = end_by - :by,"
                " not_before = not_before - :by WHERE closed_at IS NULL"
            ),
            by,
        )

    def close(self) -> None:
        pull = self.a_pull()
        if pull is not None:
            closing.close(self.uow, pull)

    def release(self) -> None:
        """As the step that issues packets does it."""
        sealed = self.uow.session.scalars(
            select(Pull.id).where(Pull.state == PullState.SEALED).limit(1)
        ).one_or_none()
        if sealed is None:
            return
        locked = moving.lock(self.uow, self.case.chain_id, "packets.release")
        locked.live.require_active()
        service.record(
            locked.desk,
            service.Event(
                type=EventType.PACKET_ISSUED, ref=uuid7(), n=1, chain_id=self.case.chain_id
            ),
        )
        closing.mark_released(self.uow, sealed, locked.at)

    def pause(self) -> None:
        authorizations.pause(self.uow.acting(self.case.firm.rep), self.case.chain_id)

    def resume(self) -> None:
        self.uow.session.execute(
            text("UPDATE consent.chain SET resumes_at = clock_timestamp() WHERE paused")
        )
        holding.hold(self.uow, self.case.chain_id)

    def hold(self) -> None:
        holding.hold(self.uow, self.case.chain_id)

    def cancel(self) -> None:
        pull = self.a_pull()
        if pull is not None:
            stopping.cancel(self.uow.acting(self.case.banker), pull)

    def lapse(self) -> None:
        pull = self.a_pull()
        if pull is not None:
            self.uow.session.execute(
                text("UPDATE pull SET expires_at = clock_timestamp() WHERE id = :id"), {"id": pull}
            )
            lapsing.fail_overdue(self.uow, pull)

    def stop(self) -> None:
        stopping.stop(self.uow, self.case.chain_id)

    def revoke(self) -> None:
        authorizations.revoke(
            self.uow.acting(self.case.firm.rep), Revoke(chain_id=self.case.chain_id)
        )

    def a_pull(self) -> UUID | None:
        found = list(self.uow.session.scalars(select(Pull.id).order_by(Pull.id)))
        return self.dice.choice(found) if found else None

    def a_line(self) -> UUID | None:
        found = list(self.uow.session.scalars(select(PullLine.id).order_by(PullLine.id)))
        return self.dice.choice(found) if found else None


ACTS = (
    *["ask"] * 4,
    *["claim"] * 14,
    *["record"] * 14,
    *["wait"] * 3,
    *["close"] * 6,
    *["release"] * 2,
    "pause",
    *["resume"] * 2,
    "hold",
    "cancel",
    "lapse",
    "stop",
)


def judge(walk: Walk) -> None:
    uow = walk.uow
    rows = list(
        uow.session.execute(
            select(EventRow.type, EventRow.ref)
            .where(EventRow.chain_id == walk.case.chain_id)
            .order_by(EventRow.entry_id)
        )
    )
    stands = ""
    pulls: dict[UUID, PullState] = {}
    closed: Counter[UUID] = Counter()
    for kind, ref in rows:
        stands = STANDS.get(kind, stands)
        if kind in ONLY_WHEN_ACTIVE:
            assert stands == "ACTIVE", kind
        if kind == "pull.done":
            assert stands == "ACTIVE"
        if kind == "pull.line_closed":
            closed[ref] += 1
        elif kind.startswith("pull.") and kind != "pull.line_sent":
            # A line that was sent or closed moved its pull to COLLECTING by itself.
            before = pulls.get(ref, PullState.RECEIVED)
            known = PULL_LIFECYCLE.get((before, EventType(kind)))
            pulls[ref] = known or PULL_LIFECYCLE[PullState.COLLECTING, EventType(kind)]
    judge_rows(walk, pulls, closed)


def judge_rows(walk: Walk, pulls: dict[UUID, PullState], closed: Counter[UUID]) -> None:
    uow = walk.uow
    loose = {PullState.AUTHORISED, PullState.COLLECTING}
    for pull_id, said in pulls.items():
        pull = pull_now(uow, pull_id)
        after_log = {PullState.SEALED: {PullState.SEALED, PullState.RELEASED}}
        assert pull.state in (loose if said in loose else after_log.get(said, {said}))
        for line in lines_of(uow, pull_id):
            assert closed[line.id] == (line.closed_at is not None)
            # Nothing is kept of what ended without being handed over.
            gone = pull.state in ENDED and pull.state is not PullState.ACKED
            assert not (gone and line.answer_sealed), (pull.state, line.status)
    most = uow.session.execute(
        select(func.count()).select_from(PullSlot).group_by(PullSlot.chain_id, PullSlot.resource)
    )
    assert all(count <= 3 for (count,) in most)


@pytest.mark.promise("R3")
@pytest.mark.promise("I3")
@pytest.mark.promise("I6")
def test_whatever_happens_the_log_and_the_rows_keep_the_rules(uow: UnitOfWork) -> None:
    done: Counter[str] = Counter()
    for seed in range(WALKS):
        dice = random.Random(seed)  # noqa: S311 - a fixed seed, not a secret
        with uow.session.begin_nested() as world:
            walk = Walk(uow, a_case(uow, EIGHT), dice)
            end = dice.randrange(STEPS // 2, STEPS)
            for turn in range(STEPS):
                walk.step("revoke" if turn == end else dice.choice(ACTS))
            for name in ("wait", "stop", "stop"):
                walk.step(name)
            judge(walk)
            done += walk.done
            world.rollback()
    # Every act happened, and some were refused, or this showed little.
    assert {name for name in ACTS if not done[name]} == set()
    assert done["no ask"] > 0
