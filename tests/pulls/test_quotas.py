"""The last call of a consent, wanted by many at once: one gets it, and nothing is half taken."""

import random
from collections import Counter
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import exc, select

from tests.authorizations.builders import ask, sign
from tests.pulls.builders import ONE, Case, a_committed_case, log_of
from tests.pulls.test_races import begin, together
from yidaitong.authorizations import amending, narrowing
from yidaitong.authorizations.narrowing import Less
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.errors import DomainError
from yidaitong.kernel.ids import uuid7
from yidaitong.pulls.models import Pull, PullLine, PullSlot
from yidaitong.pulls.orders import PullOrder
from yidaitong.runtime import Runtime

SEED = 20180717
AT_ONCE = 50
THREE = replace(ONE, items=frozenset({"reg.status", "tax.rating", "court.dishonest_open"}))
# Any two of these have a resource in common.
SETS = [
    ("COURT.DIS", "SAMR.REG"),
    ("SAMR.REG", "TAX.RATE"),
    ("COURT.DIS", "TAX.RATE"),
    ("COURT.DIS", "SAMR.REG", "TAX.RATE"),
]
ROUNDS = [
    pytest.param(3, id="short"),
    pytest.param(200, id="full", marks=[pytest.mark.nightly, pytest.mark.timeout(3600)]),
]


@pytest.fixture
def wide(runtime: Runtime) -> Runtime:
    """A runtime with a connection for everybody who wants one at once."""
    runtime.pool_size = AT_ONCE // 2
    ledger.init(runtime)
    return runtime


def insist(runtime: Runtime, case: Case, order: PullOrder) -> UUID:
    """As a bank does: where the busy database gave no answer, the same key again."""
    while True:
        try:
            return begin(runtime, case, order)
        except (exc.OperationalError, exc.TimeoutError):
            continue


def with_one_call(runtime: Runtime, case: Case) -> Case:
    """The same firm grants again, for one call of each resource in all."""
    offer = replace(THREE, product_id=f"P-{uuid7()}")
    with runtime.transaction(SYSTEM) as uow:
        asked = ask(uow, case.firm, offer)
        less = narrowing.narrow(uow.acting(case.firm.rep), asked.request_id, Less(calls=1))
        granted = sign(uow, case.firm, asked.request_id, less.digest)
    return replace(case, chain_id=granted.chain_id, digest=less.digest)


def narrow(runtime: Runtime, case: Case) -> None:
    """An amendment that leaves the calls as they are."""
    with runtime.transaction(case.firm.rep) as uow:
        less = Less(until=business_date(uow.now))
        asked = amending.narrow_authorization(uow, case.chain_id, less)
        sign(uow, case.firm, asked.request_id, asked.digest)


def codes(found: list[object]) -> Counter[str]:
    """How many got a pull, and how many each refusal."""
    assert all(isinstance(one, UUID | DomainError) for one in found), found
    return Counter(one.code if isinstance(one, DomainError) else "AUTHORISED" for one in found)


def taken(runtime: Runtime, case: Case) -> dict[UUID, list[str]]:
    """Resources of the slots of each pull; each pull has a line for just these."""
    with runtime.transaction(SYSTEM) as uow:
        pulls = {
            pull_id: sorted(
                uow.session.scalars(select(PullSlot.resource).where(PullSlot.pull_id == pull_id))
            )
            for pull_id in uow.session.scalars(
                select(Pull.id).where(Pull.chain_id == case.chain_id, Pull.code.is_(None))
            )
        }
        for pull_id, resources in pulls.items():
            lines = uow.session.scalars(
                select(PullLine.resource).where(PullLine.pull_id == pull_id)
            )
            assert sorted(lines) == resources
    return pulls


@pytest.mark.promise("T26", "I15")
@pytest.mark.parametrize("rounds", ROUNDS)
class TestTheLastCall:
    def test_fifty_at_once_on_one_call_give_exactly_one(self, wide: Runtime, rounds: int) -> None:
        first = a_committed_case(wide, THREE)
        for _ in range(rounds):
            ledger.step(wide)  # A log nobody reads for half a minute stops whatever widens.
            case = with_one_call(wide, first)

            found = together(
                [partial(insist, wide, case, case.order(str(uuid7()))) for _ in range(AT_ONCE)]
            )

            assert codes(found) == {"AUTHORISED": 1, "FrequencyExceeded": AT_ONCE - 1}
            assert list(taken(wide, case).values()) == [sorted(SETS[-1])]
            with wide.transaction(SYSTEM) as uow:
                assert log_of(uow, case.chain_id).count("pull.authorised") == 1
            # The next version of the consent goes on counting where the last one was.
            narrow(wide, case)
            after = together([partial(insist, wide, case, case.order(str(uuid7())))])
            assert codes(after) == {"FrequencyExceeded": 1}

    def test_overlapping_sets_are_never_half_taken(self, wide: Runtime, rounds: int) -> None:
        dice = random.Random(SEED)  # noqa: S311 - a fixed seed, not a secret
        first = a_committed_case(wide, THREE)
        for _ in range(rounds):
            ledger.step(wide)  # A log nobody reads for half a minute stops whatever widens.
            case = with_one_call(wide, first)
            wanted = [dice.choice(SETS) for _ in range(AT_ONCE)]

            found = together(
                [
                    partial(insist, wide, case, case.order(str(uuid7()), resources=one))
                    for one in wanted
                ]
            )

            # Any two sets meet, so one of all gets its own, whole.
            assert codes(found) == {"AUTHORISED": 1, "FrequencyExceeded": AT_ONCE - 1}
            winner = next(place for place, one in enumerate(found) if isinstance(one, UUID))
            assert list(taken(wide, case).values()) == [sorted(wanted[winner])]
