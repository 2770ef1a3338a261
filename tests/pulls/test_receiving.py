"""One key, one answer: replays, conflicts and refusals that are kept."""

from dataclasses import replace
from uuid import UUID

import pytest

from consent import errors, service
from tests.authorizations.builders import a_banker
from tests.pulls.asking import ask, counted, stopped_by
from tests.pulls.builders import (
    Case,
    a_case,
    log_of,
    promises,
    pull_now,
)
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import (
    DomainError,
)
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import authorising, receiving
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.errors import (
    IdempotencyConflictError,
)
from yidaitong.pulls.lifecycle import PullState
from yidaitong.pulls.orders import PullOrder


@pytest.fixture
def case(uow: UnitOfWork) -> Case:
    return a_case(uow)


class TestIdempotency:
    @pytest.mark.promise("I9")
    def test_the_same_key_and_body_give_the_same_pull_and_no_new_slot(
        self, uow: UnitOfWork, case: Case
    ) -> None:
        first = ask(uow, case)

        again = authorising.authorise_once(uow.acting(case.banker), case.order())

        assert again.replayed
        assert again.pull.id == first.id
        assert counted(uow) == (1, 8, 8)
        assert log_of(uow, case.chain_id)[-1] == "pull.replayed"
        assert promises(uow, "pulls.run") == 1

    def test_the_order_of_resources_is_no_difference(self, uow: UnitOfWork, case: Case) -> None:
        first = ask(uow, case, resources=("SAMR.REG", "TAX.RATE"))

        assert ask(uow, case, resources=("TAX.RATE", "SAMR.REG")).id == first.id

    def test_another_body_is_a_conflict(self, uow: UnitOfWork, case: Case) -> None:
        ask(uow, case)

        with pytest.raises(IdempotencyConflictError):
            ask(uow, case, resources=("SAMR.REG",))

    def test_a_replay_is_answered_after_the_consent_ended(
        self, uow: UnitOfWork, case: Case
    ) -> None:
        first = ask(uow, case)
        stopped_by("revoke")(uow, case.chain_id)

        assert ask(uow, case).id == first.id

    def test_two_clients_may_use_one_key(self, uow: UnitOfWork, case: Case) -> None:
        first = ask(uow, case)

        assert authorise(uow.acting(SYSTEM), case.order()).id != first.id


class TestReject:
    def rejected(self, uow: UnitOfWork, case: Case, order: PullOrder) -> UUID | None:
        with pytest.raises((DomainError, errors.ConsentError)) as refused:
            authorise(uow.acting(case.banker), order)
        made = receiving.reject(uow, refused.value, order)
        uow.acting(SYSTEM)
        return made

    def test_a_final_refusal_is_ledgered_and_given_again(self, uow: UnitOfWork, case: Case) -> None:
        order = case.order(resources=("TAX.PAY",))
        pull_id = self.rejected(uow, case, order)

        assert pull_id is not None
        assert pull_now(uow, pull_id).state is PullState.REJECTED
        assert log_of(uow, case.chain_id)[-1] == "pull.rejected"
        with pytest.raises(errors.InvalidScopeError):
            authorise(uow.acting(case.banker), order)

    def test_a_refusal_that_may_pass_frees_the_key(self, uow: UnitOfWork, case: Case) -> None:
        stopped_by("suspend")(uow, case.chain_id)
        assert self.rejected(uow, case, case.order()) is not None
        order = service.Order(reason_class="ORDER")
        service.restore(desk_of(uow.acting(SYSTEM), job="test"), case.chain_id, order)

        assert ask(uow, case).state is PullState.AUTHORISED

    def test_what_is_not_visible_is_not_ledgered(self, uow: UnitOfWork, case: Case) -> None:
        stranger = replace(case, banker=a_banker("bank-quancheng"))

        assert self.rejected(uow, stranger, case.order()) is None
