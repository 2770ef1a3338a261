"""C3: what each kind of answer makes of its line, under every state of the consent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from consent import service
from tests.pulls.builders import (
    Case,
    an_answer,
    log_of,
    pull_now,
    silence,
)
from tests.pulls.steps import a_line, age, calls, claimed, line_now
from yidaitong.authorizations import stopping as authorizations
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.desk import desk_of
from yidaitong.departments.answers import Outcome
from yidaitong.departments.wire import Fetched
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import closing, holding, queries
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.pulls.models import PullLine
from yidaitong.pulls.recording import record


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

    @pytest.mark.parametrize("problem", ["BAD_SIGNATURE", "WRONG_REQUEST", "NOT_FRESH"])
    def test_nothing_of_a_doubtful_answer_is_used(self, uow: UnitOfWork, problem: str) -> None:
        _, _, line_id = a_line(uow)

        record(uow, claimed(uow, line_id), an_answer(problem=problem))

        line = line_now(uow, line_id)
        assert (line.status, line.why, line.answer_sealed) == (LineStatus.FAILED, problem, None)

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


class TestAfterAnAmendment:
    def test_what_is_still_consented_is_read(self, uow: UnitOfWork) -> None:
        _, _, line_id = a_line(uow)
        order = replace(claimed(uow, line_id), consent_digest="A" * 43)

        assert record(uow, order, an_answer())
        assert line_now(uow, line_id).status is LineStatus.DELIVERED

    def test_what_was_taken_out_is_thrown_away_unread(self, uow: UnitOfWork) -> None:
        _, _, line_id = a_line(uow)
        order = replace(claimed(uow, line_id), consent_digest="A" * 43)
        # Asked for before, and no part of what is consented now.
        uow.session.execute(text("UPDATE pull_line SET resource = 'TAX.PAY'"))

        assert record(uow, order, an_answer())
        line = line_now(uow, line_id)
        assert (line.status, line.why) == (LineStatus.EXCLUDED_BY_SUBJECT, "OUT_OF_SCOPE")
        assert (line.answer_sealed, line.answer_sha256) == (None, None)
        assert calls(uow) == []


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

    def test_a_pause_that_was_over_before_anybody_looked_keeps_nothing_back(
        self, uow: UnitOfWork
    ) -> None:
        case, pull, line_id = a_line(uow)
        order = claimed(uow, line_id)
        authorizations.pause(uow.acting(case.firm.rep), case.chain_id)
        uow.acting(SYSTEM)
        record(uow, order, an_answer())

        self.lift(uow, case)
        holding.hold(uow, case.chain_id)
        closing.close(uow, pull.id)

        assert line_now(uow, line_id).status is LineStatus.DELIVERED
        assert pull_now(uow, pull.id).state is PullState.SEALED

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
