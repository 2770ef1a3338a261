"""C1: each check refuses with its code, in its order; a pull takes all it needs or nothing."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from consent import errors, service
from tests.authorizations.builders import a_banker
from tests.pulls.asking import ask, counted, stopped_by
from tests.pulls.builders import (
    EIGHT,
    RESOURCES_OF_EIGHT,
    Case,
    a_case,
    lines_of,
    log_of,
    promises,
)
from yidaitong.authorizations.desk import desk_of
from yidaitong.departments import catalogue
from yidaitong.kernel.actor import SYSTEM, Actor, Realm
from yidaitong.kernel.errors import (
    ForbiddenError,
    InvalidRequestError,
    SourceNotReadyError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.errors import (
    FrequencyExceededError,
    InvalidDateRangeError,
)
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.pulls.orders import PullOrder


@pytest.fixture
def case(uow: UnitOfWork) -> Case:
    return a_case(uow)


class TestAuthorise:
    def test_a_pull_has_a_line_and_a_slot_for_each_resource_and_one_leaf(
        self, uow: UnitOfWork, case: Case
    ) -> None:
        pull = ask(uow, case)

        assert pull.state is PullState.AUTHORISED
        lines = lines_of(uow, pull.id)
        assert sorted(line.resource for line in lines) == sorted(RESOURCES_OF_EIGHT)
        assert {line.status for line in lines} == {LineStatus.PENDING}
        assert counted(uow) == (1, 8, 8)
        assert log_of(uow, case.chain_id)[-1] == "pull.authorised"
        assert promises(uow, "pulls.run") == 1

    def test_the_leaf_names_slots_and_hashes_the_key(self, uow: UnitOfWork, case: Case) -> None:
        operator = uuid7()
        pull = ask(uow, case, operator_id=operator)

        (opened,) = service.history(desk_of(uow), pull.id)

        event = opened.event
        assert event["pull_id"] == str(pull.id)
        assert event["operator_id"] == str(operator)
        assert len(event["slots"]) == len(event["resources"]) == 8
        assert "key-1" not in str(event)

    def test_some_of_the_resources_may_be_asked_for(self, uow: UnitOfWork, case: Case) -> None:
        pull = ask(uow, case, resources=("SAMR.REG", "TAX.RATE"))

        assert [line.resource for line in lines_of(uow, pull.id)] == ["SAMR.REG", "TAX.RATE"]

    def test_the_system_acts_on_a_banks_standing_order(self, uow: UnitOfWork, case: Case) -> None:
        pull = authorise(uow, case.order())

        assert (pull.bank_id, pull.operator_id) == ("bank-qilu", None)


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"key": ""}, InvalidRequestError),
            ({"key": "with blank"}, InvalidRequestError),
            ({"key": "k" * 129}, InvalidRequestError),
            ({"resources": ()}, InvalidRequestError),
            ({"resources": ("SAMR.REG", "SAMR.REG")}, InvalidRequestError),
            ({"from_on": "yesterday"}, InvalidDateRangeError),
            ({"from_on": "2026-1-1"}, InvalidDateRangeError),
            ({"resources": ("TAX.PAY",)}, errors.InvalidScopeError),
            ({"resources": ("SAMR.REG", "NO.SUCH")}, errors.InvalidScopeError),
            ({"purpose": "POST_LOAN"}, errors.PurposeNotAllowedError),
            ({"digest": "A" * 43}, errors.ConsentSupersededError),
            ({"from_on": "1999-01-01"}, InvalidDateRangeError),
            ({"to_on": "2999-01-01"}, InvalidDateRangeError),
            ({"from_on": "2025-06-01", "to_on": "2025-06-01"}, InvalidDateRangeError),
        ],
    )
    def test_a_bad_request_is_refused_and_leaves_nothing(
        self, uow: UnitOfWork, case: Case, changes: dict[str, Any], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            ask(uow, case, **changes)

        assert counted(uow) == (0, 0, 0)

    @pytest.mark.parametrize(
        ("act", "code"),
        [
            ("revoke", "ConsentRevoked"),
            ("pause", "ConsentPaused"),
            ("suspend", "ConsentSuspended"),
            ("close", "ConsentExpired"),
            ("exhaust", "ConsentExhausted"),
        ],
    )
    def test_a_consent_that_is_not_active_is_refused_with_its_own_code(
        self, uow: UnitOfWork, case: Case, act: str, code: str
    ) -> None:
        stopped_by(act)(uow, case.chain_id)

        with pytest.raises(errors.ConsentNotActiveError) as refused:
            ask(uow, case)

        assert refused.value.code == code

    def test_an_old_digest_of_an_ended_consent_gets_the_code_of_its_end(
        self, uow: UnitOfWork, case: Case
    ) -> None:
        stopped_by("revoke")(uow, case.chain_id)

        with pytest.raises(errors.ConsentRevokedError):
            ask(uow, case, digest="A" * 43)

    @pytest.mark.promise("T1")
    def test_another_bank_finds_nothing(self, uow: UnitOfWork, case: Case) -> None:
        stranger = a_banker("bank-quancheng")

        with pytest.raises(errors.NotFoundError) as foreign:
            authorise(uow.acting(stranger), case.order())
        with pytest.raises(errors.NotFoundError) as unknown:
            authorise(uow, PullOrder(chain_id=uuid7(), idempotency_key="x"))

        assert foreign.value.code == unknown.value.code

    def test_the_enterprise_and_the_authorities_may_look_but_not_pull(
        self, uow: UnitOfWork, case: Case
    ) -> None:
        viewer = Actor(realm=Realm.GOV, org_id="gov", permissions=frozenset({"pull.start"}))
        for actor in (case.firm.rep, viewer):
            with pytest.raises(errors.NotRecipientError):
                authorise(uow.acting(actor), case.order())

    def test_a_banker_without_the_role_is_refused(self, uow: UnitOfWork, case: Case) -> None:
        checker = replace(case.banker, permissions=frozenset({"pull.read"}))

        with pytest.raises(ForbiddenError):
            authorise(uow.acting(checker), case.order())

    def test_a_stopped_source_is_named(self, uow: UnitOfWork, case: Case) -> None:
        catalogue.stop(uow.acting(SYSTEM), "TAX.RATE", "test")

        with pytest.raises(SourceNotReadyError) as refused:
            ask(uow, case)

        assert refused.value.details["resources"] == [{"resource": "TAX.RATE", "why": "STOPPED"}]
        assert counted(uow) == (0, 0, 0)

    def test_state_is_judged_before_scope_and_scope_before_source(
        self, uow: UnitOfWork, case: Case
    ) -> None:
        catalogue.stop(uow.acting(SYSTEM), "TAX.RATE", "test")
        with pytest.raises(errors.InvalidScopeError):
            ask(uow, case, resources=("TAX.RATE", "NO.SUCH"))

        stopped_by("pause")(uow, case.chain_id)
        with pytest.raises(errors.ConsentPausedError):
            ask(uow, case, resources=("NO.SUCH",))


class TestSlots:
    def test_the_fourth_call_of_three_is_too_many(self, uow: UnitOfWork, case: Case) -> None:
        for key in ("a", "b", "c"):
            ask(uow, case, key)

        with pytest.raises(FrequencyExceededError) as refused:
            ask(uow, case, "d")

        # Three are in flight: one may yet be given back.
        assert refused.value.details["retry_after"] > 0
        assert refused.value.details["next_allowed_at"].endswith("Z")

    def test_used_for_good_is_exhausted_and_names_the_resources(
        self, uow: UnitOfWork, case: Case
    ) -> None:
        for key in ("a", "b", "c"):
            ask(uow, case, key, resources=("SAMR.REG",))
        uow.session.execute(text("UPDATE pull SET state = 'ACKED'"))

        with pytest.raises(errors.ConsentExhaustedError) as refused:
            ask(uow, case, "d")

        assert refused.value.details["resources"] == ["SAMR.REG"]

    @pytest.mark.promise("I15")
    def test_overlapping_sets_are_never_half_taken(self, uow: UnitOfWork, case: Case) -> None:
        for key in ("a", "b", "c"):
            ask(uow, case, key, resources=("SAMR.REG",))
        before = counted(uow)

        with pytest.raises(FrequencyExceededError):
            ask(uow, case, "d", resources=("TAX.RATE", "SAMR.REG"))

        assert counted(uow) == before
        assert ask(uow, case, "e", resources=("TAX.RATE",)).state is PullState.AUTHORISED


def test_the_offer_asks_eight_departments() -> None:
    assert len(RESOURCES_OF_EIGHT) == len(EIGHT.items) == 8
