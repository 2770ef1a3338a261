"""C2 and C3: leases, the fence, and what each kind of answer makes of its line."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from consent import service
from tests.pulls.builders import (
    EIGHT,
    ONE,
    Case,
    a_case,
    an_answer,
    lines_of,
    log_of,
    pull_now,
    silence,
)
from yidaitong.authorizations import stopping as authorizations
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.desk import desk_of
from yidaitong.departments import catalogue
from yidaitong.departments.answers import Outcome
from yidaitong.departments.models import DepartmentCall
from yidaitong.departments.wire import Fetched, Order
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import closing, holding, queries
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.dispatching import claim, open_lines
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.pulls.models import Pull, PullLine
from yidaitong.pulls.recording import record

LEASE = timedelta(seconds=10)


def a_pull(uow: UnitOfWork, case: Case) -> Pull:
    return authorise(uow.acting(SYSTEM), case.order())


def a_line(uow: UnitOfWork) -> tuple[Case, Pull, UUID]:
    case = a_case(uow, ONE)
    pull = a_pull(uow, case)
    return case, pull, lines_of(uow, pull.id)[0].id


def claimed(uow: UnitOfWork, line_id: UUID) -> Order:
    order = claim(uow, line_id)
    assert order is not None
    return order


def line_now(uow: UnitOfWork, line_id: UUID) -> PullLine:
    return uow.session.get_one(PullLine, line_id, populate_existing=True)


def age(uow: UnitOfWork, line_id: UUID, by: timedelta) -> None:
    """Let time pass for one line: its lease and its waiting were given so long ago."""
    uow.session.execute(
        text(
            "UPDATE pull_line SET leased_until = leased_until - :by,"
            " not_before = not_before - :by, deadline_at = deadline_at - :by WHERE id = :id"
        ),
        {"by": by, "id": line_id},
    )


def calls(uow: UnitOfWork) -> list[tuple[str | None, str | None]]:
    rows = uow.session.query(DepartmentCall).order_by(DepartmentCall.id)
    return [(None if row.outcome is None else row.outcome.value, row.why) for row in rows]


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


class TestOutcomes:
    @pytest.mark.parametrize(
        ("outcome", "status", "quality"),
        [
            (Outcome.DATA, LineStatus.DELIVERED, None),
            (Outcome.PARTIAL, LineStatus.DELIVERED, "PARTIAL"),
            (Outcome.STALE, LineStatus.DELIVERED, "STALE"),
            (Outcome.NO_RECORD, LineStatus.NO_DATA, None),
            (Outcome.NOT_AUTHORISED, LineStatus.DENIED_BY_SOURCE, None),
            (Outcome.SUBJECT_MISMATCH, LineStatus.FAILED, None),
        ],
    )
    def test_an_outcome_closes_the_line(
        self, uow: UnitOfWork, outcome: Outcome, status: LineStatus, quality: str | None
    ) -> None:
        _, pull, line_id = a_line(uow)

        record(uow, claimed(uow, line_id), an_answer(outcome))

        line = line_now(uow, line_id)
        assert (line.status, line.quality, line.outcome) == (status, quality, outcome)
        (result,) = queries.results(uow, pull.id)
        assert (result.answer_jws is None) is (status is LineStatus.FAILED)
        assert [one for one, _ in calls(uow)] == [outcome.value]

    @pytest.mark.parametrize("outcome", [Outcome.UNAVAILABLE, Outcome.RATE_LIMITED])
    def test_not_now_is_asked_again_later(self, uow: UnitOfWork, outcome: Outcome) -> None:
        _, _, line_id = a_line(uow)

        record(uow, claimed(uow, line_id), an_answer(outcome, problem=None, retryable=True))

        line = line_now(uow, line_id)
        assert line.status is LineStatus.PENDING
        assert line.leased_until is None
        assert calls(uow) == []

    def test_what_the_department_asks_for_is_waited_for(self, uow: UnitOfWork) -> None:
        _, pull, line_id = a_line(uow)

        record(
            uow,
            claimed(uow, line_id),
            an_answer(answer=None, problem="HTTP_503", retryable=True, retry_after=30),
        )

        line = line_now(uow, line_id)
        assert line.not_before - pull.received_at > timedelta(seconds=29)
        pause = closing.close(uow, pull.id)
        assert pause is not None
        assert pause > timedelta(seconds=29)

    def test_silence_to_the_last_attempt_is_a_timeout(self, uow: UnitOfWork) -> None:
        _, pull, line_id = a_line(uow)
        for _ in range(uow.settings.line_attempts):
            record(uow, claimed(uow, line_id), silence())
            age(uow, line_id, timedelta(seconds=61))

        line = line_now(uow, line_id)
        assert (line.status, line.why) == (LineStatus.TIMEOUT, "TIMEOUT")
        assert calls(uow) == [("UNAVAILABLE", "TIMEOUT")]
        assert closing.close(uow, pull.id) is None
        assert pull_now(uow, pull.id).state is PullState.FAILED

    @pytest.mark.parametrize("problem", ["BAD_SIGNATURE", "WRONG_REQUEST", "TOO_LARGE"])
    def test_a_bad_answer_is_quarantined(self, uow: UnitOfWork, problem: str) -> None:
        _, pull, line_id = a_line(uow)

        record(uow, claimed(uow, line_id), silence(problem, retryable=False))

        line = line_now(uow, line_id)
        assert (line.status, line.why, line.answer_sealed) == (LineStatus.FAILED, problem, None)
        (result,) = queries.results(uow, pull.id)
        assert result.answer_jws is None


class TestAfterTheEnd:
    def late(self, uow: UnitOfWork, fetched: Fetched) -> tuple[Case, PullLine]:
        case, _, line_id = a_line(uow)
        order = claimed(uow, line_id)
        rep = uow.acting(case.firm.rep)
        authorizations.revoke(rep, Revoke(chain_id=case.chain_id))
        uow.acting(SYSTEM)
        assert record(uow, order, fetched) is True
        return case, line_now(uow, line_id)

    @pytest.mark.promise("R3")
    def test_a_late_answer_is_thrown_away_unread(self, uow: UnitOfWork) -> None:
        case, line = self.late(uow, an_answer())

        assert line.status is LineStatus.CANCELLED
        assert (line.answer_sealed, line.answer_sha256, line.outcome) == (None, None, None)
        assert calls(uow) == []
        (opened,) = service.history(desk_of(uow), line.id)[1:]
        assert opened.event["answer_sha256"] is None
        assert opened.event["outcome"] is None
        assert case.chain_id == line.chain_id

    def test_while_it_was_out_the_question_was_listed(self, uow: UnitOfWork) -> None:
        case, _, line_id = a_line(uow)
        order = claimed(uow, line_id)

        (wire,) = queries.on_the_wire(uow, case.chain_id)

        assert (wire.resource, wire.end_by) == ("SAMR.REG", order.not_after)


class TestHolding:
    def test_an_answer_under_a_pause_is_withheld_and_given_after_it(self, uow: UnitOfWork) -> None:
        case, pull, line_id = a_line(uow)
        order = claimed(uow, line_id)
        authorizations.pause(uow.acting(case.firm.rep), case.chain_id)
        uow.acting(SYSTEM)

        record(uow, order, an_answer())

        assert line_now(uow, line_id).status is LineStatus.WITHHELD
        assert closing.close(uow, pull.id) is None
        assert pull_now(uow, pull.id).held == "PAUSED"
        (result,) = queries.results(uow, pull.id)
        assert result.status is LineStatus.WITHHELD

        self.lift(uow, case)
        assert holding.hold(uow, case.chain_id) == 1
        assert line_now(uow, line_id).status is LineStatus.DELIVERED
        assert closing.close(uow, pull.id) is None
        assert pull_now(uow, pull.id).state is PullState.SEALED
        tail = [one for one in log_of(uow, case.chain_id) if one.startswith("pull.")]
        assert tail[-4:] == ["pull.held", "pull.unheld", "pull.line_closed", "pull.done"]

    def test_a_line_that_could_not_be_asked_gets_its_time_anew(self, uow: UnitOfWork) -> None:
        case, pull, line_id = a_line(uow)
        authorizations.pause(uow.acting(case.firm.rep), case.chain_id)
        uow.acting(SYSTEM)
        assert holding.hold(uow, case.chain_id) == 1
        assert holding.hold(uow, case.chain_id) == 0
        age(uow, line_id, timedelta(seconds=901))

        self.lift(uow, case)
        holding.hold(uow, case.chain_id)

        assert pull_now(uow, pull.id).held is None
        assert claimed(uow, line_id).attempt == 1

    def lift(self, uow: UnitOfWork, case: Case) -> None:
        # As the clock does it: the pause ran out.
        uow.session.execute(
            text("UPDATE consent.chain SET resumes_at = clock_timestamp() WHERE id = :id"),
            {"id": case.chain_id},
        )
