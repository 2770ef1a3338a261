"""The end of evidence: two persons, a term that is over, a job, and entries that say so."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from consent.models import Chain
from tests.pulls.builders import a_committed_case, log_of, revoke
from yidaitong.authorizations import queries
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM, Actor, Realm
from yidaitong.kernel.errors import (
    DataGoneError,
    ForbiddenError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.lending import retiring
from yidaitong.runtime import Runtime


def official() -> Actor:
    return Actor(
        realm=Realm.GOV,
        org_id="centre",
        person_id=uuid7(),
        account_id=uuid7(),
        permissions=frozenset({retiring.RETIRE}),
    )


def ordered(runtime: Runtime, maker: Actor, years: int = 6) -> UUID:
    with runtime.transaction(maker) as uow:
        return retiring.propose(uow, uow.now - timedelta(days=366 * years)).id


def work(runtime: Runtime) -> int:
    with runtime.transaction(SYSTEM) as uow:
        return retiring.destroy_due(uow)


class TestRetiring:
    @pytest.mark.promise("I16")
    def test_two_persons_and_a_job_end_evidence(self, runtime: Runtime) -> None:
        ledger.init(runtime)
        case = a_committed_case(runtime)
        revoke(runtime, case)
        with runtime.transaction(SYSTEM) as uow:
            long_ago = uow.now - timedelta(days=366 * 7)
            uow.session.execute(update(Chain).values(ended_at=long_ago))
        maker, checker = official(), official()
        order_id = ordered(runtime, maker)
        assert work(runtime) == 0
        with runtime.transaction(maker) as uow, pytest.raises(FourEyesError):
            retiring.confirm(uow, order_id)
        with runtime.transaction(checker) as uow:
            retiring.confirm(uow, order_id)
        with runtime.transaction(checker) as uow, pytest.raises(InvalidStateError):
            retiring.confirm(uow, order_id)

        assert [work(runtime), work(runtime), work(runtime)] == [1, 0, 0]
        with runtime.transaction(SYSTEM) as uow:
            assert log_of(uow, case.chain_id)[-2:] == ["key.destroyed", "evidence.destroyed"]
        with runtime.transaction(case.firm.rep) as uow, pytest.raises(DataGoneError):
            queries.authorization_in_full(uow, case.chain_id)

    def test_before_the_term_nothing_ends(self, runtime: Runtime) -> None:
        ledger.init(runtime)
        case = a_committed_case(runtime)
        revoke(runtime, case)
        with runtime.transaction(official()) as uow, pytest.raises(InvalidRequestError):
            retiring.propose(uow, uow.now - timedelta(days=366 * 4))
        order_id = ordered(runtime, official())
        with runtime.transaction(official()) as uow:
            retiring.confirm(uow, order_id)

        assert work(runtime) == 0
        with runtime.transaction(SYSTEM) as uow:
            assert "evidence.destroyed" not in log_of(uow, case.chain_id)

    def test_not_without_the_right_or_a_person(self, runtime: Runtime) -> None:
        for actor in (replace(official(), permissions=frozenset()), SYSTEM):
            with runtime.transaction(actor) as uow, pytest.raises(ForbiddenError):
                retiring.propose(uow, uow.now - timedelta(days=366 * 6))
