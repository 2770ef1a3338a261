"""Many at once on real sessions; who was first is judged by the log alone."""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import func, select

from consent.errors import ConsentError
from tests.authorizations.builders import a_banker, ask, sign
from tests.pulls.builders import (
    EIGHT,
    ONE,
    Case,
    a_committed_case,
    a_pull,
    an_answer,
    lines_of,
    log_of,
    pull_now,
    revoke,
    scripted,
)
from yidaitong.authorizations.offers import Offer
from yidaitong.departments.wire import Fetched, Order
from yidaitong.jobs import tasks
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import DomainError
from yidaitong.pulls import queries
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.pulls.models import Pull, PullLine, PullSlot
from yidaitong.pulls.orders import PullOrder
from yidaitong.runtime import Runtime

SEED = 20180717


@pytest.fixture
def wide(runtime: Runtime) -> Runtime:
    """A runtime with a connection for everybody who wants one at once."""
    runtime.pool_size = 20
    return runtime


def together(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Run all at once; what each gave, or the refusal it got."""
    barrier = threading.Barrier(len(acts))
    found: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            found[place] = act()
        except (ConsentError, DomainError) as refusal:
            found[place] = refusal

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def begin(runtime: Runtime, case: Case, order: PullOrder) -> UUID:
    with runtime.transaction(case.banker) as uow:
        return authorise(uow, order).id


def rows(runtime: Runtime, table: type[Pull | PullSlot | PullLine]) -> int:
    with runtime.transaction(SYSTEM) as uow:
        return uow.session.scalar(select(func.count()).select_from(table)) or 0


class TestQuota:
    @pytest.mark.promise("T26")
    @pytest.mark.promise("I15")
    def test_fifty_at_once_on_the_last_call_give_exactly_one(self, wide: Runtime) -> None:
        case = a_committed_case(wide, ONE)
        for key in ("a", "b"):
            begin(wide, case, case.order(key))

        found = together(
            [partial(begin, wide, case, case.order(f"race-{place}")) for place in range(50)]
        )

        assert sum(isinstance(one, UUID) for one in found) == 1
        assert {one.code for one in found if isinstance(one, DomainError)} == {"FrequencyExceeded"}
        assert rows(wide, PullSlot) == 3

    @pytest.mark.promise("R1")
    def test_twenty_at_once_with_one_key_are_one_pull(self, wide: Runtime) -> None:
        case = a_committed_case(wide, ONE)

        found = together([partial(begin, wide, case, case.order())] * 20)

        assert len(set(found)) == 1
        assert (rows(wide, Pull), rows(wide, PullSlot)) == (1, 1)
        with wide.transaction(SYSTEM) as uow:
            log = log_of(uow, case.chain_id)
        assert log.count("pull.authorised") == 1
        assert log.count("pull.replayed") == 19

    def test_one_key_for_two_consents_is_one_pull_and_one_conflict(self, wide: Runtime) -> None:
        # The system's keys are shared by all consents.
        first = a_committed_case(wide, ONE)
        second = again(wide, first, replace(ONE, product_id="OTHER"))

        def ask(case: Case) -> UUID:
            with wide.transaction(SYSTEM) as uow:
                return authorise(uow, case.order("same")).id

        found = together([partial(ask, first), partial(ask, second)])

        assert sum(isinstance(one, UUID) for one in found) == 1
        assert [one.code for one in found if isinstance(one, DomainError)] == [
            "IdempotencyConflict"
        ]


class TestRevokeInFlight:
    @pytest.mark.promise("R3")
    def test_nothing_is_asked_or_kept_after_the_revocation(self, wide: Runtime) -> None:
        dice = random.Random(SEED)  # noqa: S311 - a fixed seed, not a secret
        seen = set()
        case = a_committed_case(wide)
        for turn in range(6):
            seen |= self.one_round(wide, case, dice.random() * 0.12)
            if turn < 5:
                case = again(wide, case)
        # Some rounds were caught at work, or this showed nothing.
        assert LineStatus.CANCELLED in seen

    def one_round(self, runtime: Runtime, case: Case, after: float) -> set[LineStatus]:
        pull = a_pull(runtime, case, str(case.chain_id))
        dice = random.Random(SEED)  # noqa: S311 - as above
        gate = threading.Event()

        def slowly(order: Order) -> Fetched:
            gate.set()
            threading.Event().wait(dice.random() * 0.1)
            return an_answer()

        scripted(runtime, slowly)
        worker = threading.Thread(
            target=tasks.run_pull, args=(runtime,), kwargs={"pull_id": str(pull.id)}
        )
        worker.start()
        gate.wait(10)
        threading.Event().wait(after)
        revoke(runtime, case)
        tasks.stop_pulls(runtime, chain_id=str(case.chain_id))
        worker.join()
        tasks.run_pull(runtime, pull_id=str(pull.id))
        tasks.stop_pulls(runtime, chain_id=str(case.chain_id))
        return self.judge(runtime, case, pull.id)

    def judge(self, runtime: Runtime, case: Case, pull_id: UUID) -> set[LineStatus]:
        with runtime.transaction(SYSTEM) as uow:
            log = log_of(uow, case.chain_id)
            end = log.index("consent.revoked")
            # From the log alone: nobody was asked, nothing was released, after the end.
            assert not {"pull.line_sent", "packet.issued", "pull.done"} & set(log[end:])
            lines = lines_of(uow, pull_id)
            assert pull_now(uow, pull_id).state is PullState.CANCELLED
            assert all(line.closed_at is not None for line in lines)
            # What was kept before is gone with its key; what came after was never kept.
            assert all(one.answer_jws is None for one in queries.results(uow, pull_id))
            return {line.status for line in lines}


def again(runtime: Runtime, case: Case, offer: Offer = EIGHT) -> Case:
    """The same firm grants once more."""
    with runtime.transaction(SYSTEM) as uow:
        asked = ask(uow, case.firm, offer)
        granted = sign(uow, case.firm, asked.request_id, asked.digest)
        uow.acting(SYSTEM)
    return Case(firm=case.firm, chain_id=granted.chain_id, digest=asked.digest, banker=case.banker)


class TestRefusal:
    def test_what_is_refused_is_kept_although_all_else_is_rolled_back(
        self, runtime: Runtime
    ) -> None:
        case = a_committed_case(runtime, ONE)

        for _ in range(2):
            with pytest.raises(ConsentError):
                begin(runtime, case, case.order(resources=("TAX.PAY",)))

        with runtime.transaction(SYSTEM) as uow:
            assert log_of(uow, case.chain_id).count("pull.rejected") == 1
            pull = uow.session.scalars(select(Pull)).one()
            assert (pull.state, pull.code) == (PullState.REJECTED, "InvalidScope")

    def test_a_strangers_refusal_leaves_nothing(self, runtime: Runtime) -> None:
        case = a_committed_case(runtime, ONE)
        stranger = replace(case, banker=a_banker("bank-quancheng"))

        with pytest.raises(ConsentError):
            begin(runtime, stranger, case.order())

        assert rows(runtime, Pull) == 0
