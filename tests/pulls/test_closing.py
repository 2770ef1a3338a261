"""The end of a pull: sealed or failed, what is promised, what is given back, what runs out."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from consent import service
from consent.models import Receipt
from tests.pulls.builders import (
    EIGHT,
    ONE,
    RESOURCES_OF_EIGHT,
    Case,
    a_case,
    an_answer,
    lines_of,
    log_of,
    promises,
    pull_now,
    silence,
)
from yidaitong.authorizations import stopping as authorizations
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.desk import desk_of
from yidaitong.departments.answers import Outcome
from yidaitong.departments.wire import Fetched
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import closing, lapsing, queries, stopping
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.dispatching import claim, open_lines
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.pulls.models import Pull, PullSlot
from yidaitong.pulls.recording import record

BAD = silence("BAD_SIGNATURE", retryable=False)


def run(uow: UnitOfWork, pull: Pull, answers: dict[str, Fetched] | None = None) -> None:
    """Ask everybody once; what is not named answers well."""
    uow.acting(SYSTEM)
    for line_id in open_lines(uow, pull.id):
        order = claim(uow, line_id)
        assert order is not None
        record(uow, order, (answers or {}).get(order.resource, an_answer()))
    closing.close(uow, pull.id)


def started(uow: UnitOfWork, key: str = "k", application: UUID | None = None) -> tuple[Case, Pull]:
    case = a_case(uow, EIGHT, application)
    return case, authorise(uow, case.order(key))


def slots(uow: UnitOfWork) -> list[str]:
    return list(uow.session.scalars(select(PullSlot.resource).order_by(PullSlot.resource)))


def pass_time(uow: UnitOfWork, pull: Pull, by: timedelta) -> None:
    uow.session.execute(
        text("UPDATE pull SET expires_at = expires_at - :by WHERE id = :id"),
        {"by": by, "id": pull.id},
    )


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


class TestStop:
    def revoked(self, uow: UnitOfWork, case: Case) -> None:
        authorizations.revoke(uow.acting(case.firm.rep), Revoke(chain_id=case.chain_id))
        uow.acting(SYSTEM)

    @pytest.mark.promise("R3")
    def test_what_is_in_flight_is_cancelled_and_the_receipt_says_so(self, uow: UnitOfWork) -> None:
        application = uuid7()
        case, pull = started(uow, application=application)
        first, *_ = lines_of(uow, pull.id)
        claim(uow, first.id)
        self.revoked(uow, case)

        pause = stopping.stop(uow, case.chain_id)

        assert pause is not None
        assert timedelta() < pause <= timedelta(seconds=4)
        assert pull_now(uow, pull.id).state is PullState.CANCELLED
        open_now = [line for line in lines_of(uow, pull.id) if line.closed_at is None]
        assert [line.id for line in open_now] == [first.id]
        assert len(slots(uow)) == 8
        assert promises(uow, "applications.evaluate") == 1
        assert self.receipt(uow, case) == [
            {
                "pull_id": str(pull.id),
                "lines_not_sent": 7,
                "lines_sent": 1,
                "lines_on_the_wire": 1,
                "packets_withdrawn": 0,
            }
        ]

    def test_the_receipt_is_issued_again_when_the_wire_is_quiet(self, uow: UnitOfWork) -> None:
        case, pull = started(uow)
        first, *_ = lines_of(uow, pull.id)
        order = claim(uow, first.id)
        assert order is not None
        self.revoked(uow, case)
        stopping.stop(uow, case.chain_id)

        record(uow, order, an_answer())
        assert stopping.stop(uow, case.chain_id) is None

        assert self.receipt(uow, case)[0]["lines_on_the_wire"] == 0
        before = self.receipts(uow)
        # R5: once more changes nothing.
        assert stopping.stop(uow, case.chain_id) is None
        assert self.receipts(uow) == before

    def test_a_line_whose_worker_died_is_closed_when_its_ticket_ended(
        self, uow: UnitOfWork
    ) -> None:
        case, pull = started(uow)
        first, *_ = lines_of(uow, pull.id)
        claim(uow, first.id)
        self.revoked(uow, case)
        stopping.stop(uow, case.chain_id)
        uow.session.execute(text("UPDATE pull_line SET end_by = end_by - interval '3 s'"))

        assert stopping.stop(uow, case.chain_id) is None

        line = next(line for line in lines_of(uow, pull.id) if line.id == first.id)
        assert (line.status, line.why) == (LineStatus.CANCELLED, "DISCARDED")

    def test_a_living_consent_stops_nothing(self, uow: UnitOfWork) -> None:
        case, pull = started(uow)

        assert stopping.stop(uow, case.chain_id) is None
        assert pull_now(uow, pull.id).state is PullState.AUTHORISED

    def test_a_released_pull_stands_when_the_consent_ends_by_itself(self, uow: UnitOfWork) -> None:
        application = uuid7()
        case, pull = started(uow, application=application)
        run(uow, pull)
        closing.mark_released(uow, pull.id, uow.clock())
        authorizations.end_for(uow, application, "DECISION")

        stopping.stop(uow, case.chain_id)

        assert pull_now(uow, pull.id).state is PullState.RELEASED
        assert promises(uow, "packets.withdraw") == 0

    def test_a_released_pull_is_withdrawn_when_the_consent_is_revoked(
        self, uow: UnitOfWork
    ) -> None:
        case, pull = started(uow)
        run(uow, pull)
        closing.mark_released(uow, pull.id, uow.clock())
        self.revoked(uow, case)

        stopping.stop(uow, case.chain_id)

        assert promises(uow, "packets.withdraw") == 1

    def test_a_bank_may_cancel_its_own_request_before_release(self, uow: UnitOfWork) -> None:
        case, pull = started(uow)
        first, *_ = lines_of(uow, pull.id)
        order = claim(uow, first.id)
        assert order is not None

        stopping.cancel(uow.acting(case.banker), pull.id)
        uow.acting(SYSTEM)

        assert pull_now(uow, pull.id).cause == "BY_BANK"
        assert record(uow, order, an_answer()) is True
        assert {line.status for line in lines_of(uow, pull.id)} == {LineStatus.CANCELLED}
        with pytest.raises(InvalidStateError):
            stopping.cancel(uow.acting(case.banker), pull.id)

    def receipt(self, uow: UnitOfWork, case: Case) -> list[dict[str, object]]:
        kind = service.ReceiptType.REVOKE
        found = service.receipt_of(desk_of(uow), case.chain_id, kind)
        return list(found["revocation"]["pulls_cancelled"])

    def receipts(self, uow: UnitOfWork) -> int:
        return uow.session.scalar(select(func.count()).select_from(Receipt)) or 0
