"""The end of a pull: sealed or failed, what is promised, what is given back, what runs out."""

from datetime import timedelta

import pytest

from tests.pulls.builders import (
    ONE,
    RESOURCES_OF_EIGHT,
    a_case,
    an_answer,
    lines_of,
    log_of,
    promises,
    pull_now,
)
from tests.pulls.steps import BAD, pass_time, run, slots, started
from yidaitong.authorizations import stopping as authorizations
from yidaitong.departments.answers import Outcome
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import closing, lapsing, queries
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.dispatching import claim
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.pulls.recording import record


class TestClose:
    def test_all_answered_is_sealed_complete_and_to_be_released(self, uow: UnitOfWork) -> None:
        case, pull = started(uow)

        run(uow, pull)

        now = pull_now(uow, pull.id)
        assert (now.state, now.complete) == (PullState.SEALED, True)
        assert now.manifest_sha256 is not None
        assert log_of(uow, case.chain_id)[-1] == "pull.done"
        assert promises(uow, "packets.release") == 1
        assert len(slots(uow)) == 8

    @pytest.mark.promise("I6")
    def test_closing_again_changes_nothing(self, uow: UnitOfWork) -> None:
        case, pull = started(uow)
        run(uow, pull)
        before = log_of(uow, case.chain_id)

        assert [closing.close(uow, pull.id) for _ in range(3)] == [None, None, None]
        assert log_of(uow, case.chain_id) == before

    @pytest.mark.promise("I15")
    def test_a_line_that_brought_nothing_gives_its_call_back(self, uow: UnitOfWork) -> None:
        case, pull = started(uow)

        run(uow, pull, {"TAX.RATE": BAD, "COURT.DIS": an_answer(Outcome.NO_RECORD)})

        now = pull_now(uow, pull.id)
        assert (now.state, now.complete) == (PullState.SEALED, False)
        assert slots(uow) == sorted(set(RESOURCES_OF_EIGHT) - {"TAX.RATE"})
        assert log_of(uow, case.chain_id)[-2:] == ["pull.done", "pull.slot_refunded"]

    def test_a_partial_answer_is_delivered_and_not_complete(self, uow: UnitOfWork) -> None:
        _, pull = started(uow)

        run(uow, pull, {"TAX.RATE": an_answer(Outcome.PARTIAL)})

        assert pull_now(uow, pull.id).complete is False
        assert len(slots(uow)) == 8

    def test_nothing_from_anybody_fails_refunds_and_tells_the_application(
        self, uow: UnitOfWork
    ) -> None:
        application = uuid7()
        case, pull = started(uow, application=application)

        run(uow, pull, dict.fromkeys(RESOURCES_OF_EIGHT, BAD))

        now = pull_now(uow, pull.id)
        assert (now.state, now.cause) == (PullState.FAILED, "NO_ANSWER")
        assert now.ended_at is not None
        assert slots(uow) == []
        assert log_of(uow, case.chain_id)[-2:] == ["pull.failed", "pull.slot_refunded"]
        assert promises(uow, "applications.evaluate") == 1

    def test_a_call_given_back_can_be_used_again(self, uow: UnitOfWork) -> None:
        case, pull = started(uow)
        run(uow, pull, dict.fromkeys(RESOURCES_OF_EIGHT, BAD))

        for key in ("a", "b", "c"):
            run(uow, authorise(uow, case.order(key)))

        assert len(slots(uow)) == 24

    def test_an_open_line_says_when_to_come_back(self, uow: UnitOfWork) -> None:
        _, pull = started(uow)
        line = lines_of(uow, pull.id)[0]
        claim(uow, line.id)

        pause = closing.close(uow, pull.id)

        # The others may be asked at once.
        assert pause is not None
        assert pause < timedelta(seconds=1)


class TestMarkReleased:
    def test_the_last_call_uses_the_consent_up(self, uow: UnitOfWork) -> None:
        case = a_case(uow, ONE)
        for key in ("a", "b", "c"):
            pull = authorise(uow, case.order(key))
            run(uow, pull)
            closing.mark_released(uow, pull.id, uow.clock())

        assert pull_now(uow, pull.id).state is PullState.RELEASED
        log = log_of(uow, case.chain_id)
        assert log.count("consent.exhausted") == 1
        assert log[-1] == "consent.exhausted"

    def test_the_packet_has_the_answers_then_and_the_lines_none(self, uow: UnitOfWork) -> None:
        _, pull = started(uow)
        run(uow, pull)

        closing.mark_released(uow, pull.id, uow.clock())

        assert {line.answer_sealed for line in lines_of(uow, pull.id)} == {None}
        assert all(line.answer_sha256 for line in lines_of(uow, pull.id))

    def test_a_pull_is_released_once(self, uow: UnitOfWork) -> None:
        _, pull = started(uow)
        run(uow, pull)
        closing.mark_released(uow, pull.id, uow.clock())

        with pytest.raises(InvalidStateError):
            closing.mark_released(uow, pull.id, uow.clock())


class TestLapsing:
    def test_an_overdue_pull_fails_and_its_open_lines_time_out(self, uow: UnitOfWork) -> None:
        case, pull = started(uow)
        first, *_ = lines_of(uow, pull.id)
        order = claim(uow, first.id)
        assert order is not None
        record(uow, order, an_answer())
        pass_time(uow, pull, timedelta(hours=25))

        assert lapsing.overdue(uow) == [pull.id]
        assert lapsing.fail_overdue(uow, pull.id) is True
        assert lapsing.fail_overdue(uow, pull.id) is False

        now = pull_now(uow, pull.id)
        assert (now.state, now.cause) == (PullState.FAILED, "TTL")
        statuses = {line.resource: line.status for line in lines_of(uow, pull.id)}
        assert statuses.pop(first.resource) is LineStatus.DELIVERED
        assert set(statuses.values()) == {LineStatus.TIMEOUT}
        assert slots(uow) == [first.resource]
        assert all(result.answer_jws is None for result in queries.results(uow, pull.id))
        assert "pull.failed" in log_of(uow, case.chain_id)

    def test_a_hold_that_ran_out_refunds_nothing(self, uow: UnitOfWork) -> None:
        case, pull = started(uow)
        authorizations.pause(uow.acting(case.firm.rep), case.chain_id)
        uow.acting(SYSTEM)
        closing.close(uow, pull.id)
        pass_time(uow, pull, timedelta(hours=25))

        lapsing.fail_overdue(uow, pull.id)

        assert pull_now(uow, pull.id).cause == "HOLD_RAN_OUT"
        assert len(slots(uow)) == 8

    def test_a_pull_in_time_is_left_alone(self, uow: UnitOfWork) -> None:
        _, pull = started(uow)

        assert lapsing.overdue(uow) == []
        assert lapsing.fail_overdue(uow, pull.id) is False
