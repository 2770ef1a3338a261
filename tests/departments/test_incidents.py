"""Refused answers leave a trace."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.departments.gateways import FIRM, NAME, question
from yidaitong.audit.models import AuditEvent
from yidaitong.departments import incidents
from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.wire import Fetched, Order, make_order
from yidaitong.kernel.uow import UnitOfWork

SHA = "S" * 43


def dispatched(uow: UnitOfWork) -> tuple[Order, Fetched]:
    order = make_order(question(), uow.now + timedelta(seconds=3), lambda _: "ticket")
    bad = Answer(outcome=Outcome.UNAVAILABLE, as_of=None, items={}, sha256=SHA, why="BAD_ANSWER")
    fetched = Fetched(
        answer=bad,
        problem="BAD_SIGNATURE",
        retryable=False,
        started_at=uow.now,
        ended_at=uow.now,
    )
    return order, fetched


@pytest.mark.promise("T3")
class TestNote:
    def test_a_refused_answer_is_on_record_without_its_content(self, uow: UnitOfWork) -> None:
        order, fetched = dispatched(uow)

        assert incidents.note(uow, order, fetched)

        event = uow.session.scalars(
            select(AuditEvent).where(AuditEvent.object_id == str(order.line_id))
        ).one()
        assert event.action == "answer.refuse"
        assert event.ids == {
            "pull": str(order.pull_id),
            "attempt": "1",
            "resource": "TAX.PAY",
            "problem": "BAD_SIGNATURE",
            "answer_sha256": SHA,
        }
        assert FIRM not in str(event.ids)
        assert NAME not in str(event.ids)

    @pytest.mark.parametrize("changes", [{"answer": None}, {"problem": None}])
    def test_silence_and_good_answers_are_none(
        self, uow: UnitOfWork, changes: dict[str, Any]
    ) -> None:
        order, fetched = dispatched(uow)

        assert not incidents.note(uow, order, replace(fetched, **changes))
