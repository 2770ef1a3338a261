"""The end of a consent: what was in flight, and what its receipt says about it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from consent import service
from consent.models import Receipt
from tests.pulls.builders import (
    Case,
    an_answer,
    lines_of,
    promises,
    pull_now,
)
from tests.pulls.steps import run, slots, started
from yidaitong.authorizations import stopping as authorizations
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import closing, stopping
from yidaitong.pulls.dispatching import claim
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.pulls.recording import record


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
