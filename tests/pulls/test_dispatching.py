"""C2: leases, what is looked at again before each call, and the fence."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from consent import service
from tests.pulls.builders import (
    EIGHT,
    a_case,
    an_answer,
    lines_of,
    log_of,
    pull_now,
)
from tests.pulls.steps import LEASE, a_line, a_pull, age, calls, claimed, line_now
from yidaitong.authorizations.desk import desk_of
from yidaitong.departments import catalogue
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.dispatching import claim, open_lines
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.pulls.recording import record


class TestClaim:
    def test_it_leases_the_line_and_leaves_a_leaf(self, uow: UnitOfWork) -> None:
        case, pull, line_id = a_line(uow)

        order = claimed(uow, line_id)

        line = line_now(uow, line_id)
        assert (order.attempt, line.attempt) == (1, 1)
        assert line.request_sha256 == order.request_sha256
        assert line.leased_until is not None
        assert line.sent_at is not None
        assert line.leased_until - line.sent_at == LEASE
        assert line.end_by == order.not_after
        assert pull_now(uow, pull.id).state is PullState.COLLECTING
        assert log_of(uow, case.chain_id)[-1] == "pull.line_sent"

    def test_the_department_gets_its_own_view_only(self, uow: UnitOfWork) -> None:
        case = a_case(uow, EIGHT)
        pull = a_pull(uow, case)
        line = next(one for one in lines_of(uow, pull.id) if one.resource == "TAX.RATE")

        order = claimed(uow, line.id)

        assert order.resource == "TAX.RATE"
        assert b"SAMR" not in order.body
        assert order.consent_digest == case.digest
        assert order.uscc.encode() in order.body

    @pytest.mark.promise("R6")
    def test_a_leased_line_is_claimed_by_nobody_and_open_again_after_the_lease(
        self, uow: UnitOfWork
    ) -> None:
        _, pull, line_id = a_line(uow)
        claimed(uow, line_id)

        assert claim(uow, line_id) is None
        assert open_lines(uow, pull.id) == []

        age(uow, line_id, LEASE)
        assert open_lines(uow, pull.id) == [line_id]
        assert claimed(uow, line_id).attempt == 2

    @pytest.mark.promise("T33")
    @pytest.mark.parametrize("act", ["revoke", "pause", "suspend", "close"])
    def test_nobody_is_asked_once_the_consent_is_not_active(
        self, uow: UnitOfWork, act: str
    ) -> None:
        case, _, line_id = a_line(uow)
        desk = desk_of(uow, job="test")
        match act:
            case "revoke":
                service.revoke(desk, case.chain_id)
            case "pause":
                service.pause(desk, case.chain_id)
            case "suspend":
                service.suspend(desk, case.chain_id, service.Order(reason_class="ORDER"))
            case _:
                service.close(desk, case.chain_id, "DECISION")

        assert claim(uow, line_id) is None
        assert line_now(uow, line_id).attempt == 0

    def test_days_outside_the_present_scope_are_not_asked_for(self, uow: UnitOfWork) -> None:
        case = a_case(uow, EIGHT)
        pull = a_pull(uow, case)
        line = next(one for one in lines_of(uow, pull.id) if one.from_on is not None)
        consented = (line.from_on, line.to_on)
        # As if the consent had been narrowed since.
        uow.session.execute(
            text("UPDATE pull_line SET from_on = '1999-01-01', to_on = '2999-01-01' WHERE id = :i"),
            {"i": line.id},
        )

        order = claimed(uow, line.id)

        assert (order.from_on, order.to_on) == consented

    def test_a_line_whose_days_were_all_taken_out_is_excluded(self, uow: UnitOfWork) -> None:
        case = a_case(uow, EIGHT)
        pull = a_pull(uow, case)
        line = next(one for one in lines_of(uow, pull.id) if one.from_on is not None)
        uow.session.execute(
            text("UPDATE pull_line SET from_on = '1999-01-01', to_on = '1999-02-01' WHERE id = :i"),
            {"i": line.id},
        )

        assert claim(uow, line.id) is None
        assert line_now(uow, line.id).status is LineStatus.EXCLUDED_BY_SUBJECT

    @pytest.mark.promise("T33")
    def test_a_kill_switch_pulled_meanwhile_closes_the_line(self, uow: UnitOfWork) -> None:
        _, _, line_id = a_line(uow)
        catalogue.stop(uow, "SAMR.REG", "test")

        assert claim(uow, line_id) is None
        line = line_now(uow, line_id)
        assert (line.status, line.why) == (LineStatus.UNSUPPORTED, "STOPPED")
        assert calls(uow) == []

    def test_after_the_deadline_the_line_times_out(self, uow: UnitOfWork) -> None:
        _, _, line_id = a_line(uow)
        age(uow, line_id, timedelta(seconds=901))

        assert claim(uow, line_id) is None
        line = line_now(uow, line_id)
        assert (line.status, line.why) == (LineStatus.TIMEOUT, "DEADLINE")

    def test_after_the_last_attempt_the_line_times_out(self, uow: UnitOfWork) -> None:
        _, _, line_id = a_line(uow)
        for _ in range(uow.settings.line_attempts):
            claimed(uow, line_id)
            age(uow, line_id, LEASE)

        assert claim(uow, line_id) is None
        assert line_now(uow, line_id).why == "ATTEMPTS"
        assert calls(uow) == [("UNAVAILABLE", "ATTEMPTS")]


class TestFence:
    @pytest.mark.promise("R6")
    def test_an_answer_without_its_lease_changes_nothing(self, uow: UnitOfWork) -> None:
        case, _, line_id = a_line(uow)
        order = claimed(uow, line_id)
        age(uow, line_id, LEASE)
        before = log_of(uow, case.chain_id)

        assert record(uow, order, an_answer()) is False

        assert line_now(uow, line_id).status is LineStatus.PENDING
        assert log_of(uow, case.chain_id) == before

    @pytest.mark.promise("R6")
    def test_an_answer_to_an_older_attempt_changes_nothing(self, uow: UnitOfWork) -> None:
        _, _, line_id = a_line(uow)
        old = claimed(uow, line_id)
        age(uow, line_id, LEASE)
        new = claimed(uow, line_id)

        assert record(uow, old, an_answer()) is False
        assert record(uow, new, an_answer()) is True
        assert line_now(uow, line_id).status is LineStatus.DELIVERED

    @pytest.mark.promise("R5")
    def test_an_answer_recorded_three_times_counts_once(self, uow: UnitOfWork) -> None:
        case, _, line_id = a_line(uow)
        order = claimed(uow, line_id)

        found = [record(uow, order, an_answer()) for _ in range(3)]

        assert found == [True, False, False]
        assert log_of(uow, case.chain_id).count("pull.line_closed") == 1
        assert calls(uow) == [("DATA", None)]
