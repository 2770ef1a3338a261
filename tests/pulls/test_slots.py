"""Slots over months: a new window, a refund at its edge, and the whole life."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from consent.errors import EvidenceUnavailableError
from tests.authorizations.builders import OFFER, a_banker, a_firm, sign
from tests.pulls.builders import ONE, Case, a_case, lines_of
from yidaitong.authorizations import asking, desk
from yidaitong.authorizations.commands import RequestAuthorization
from yidaitong.authorizations.purposes import Purpose
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import slots
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.dispatching import claim
from yidaitong.pulls.errors import FrequencyExceededError
from yidaitong.pulls.lifecycle import PullState


def a_monthly_case(uow: UnitOfWork) -> Case:
    """A consent for watching a loan: one call a month."""
    firm = a_firm(uow)
    command = RequestAuthorization(product_id=OFFER.product_id, purpose=Purpose.POST_LOAN)
    asked = asking.ask(uow.acting(firm.rep), ONE, command)
    granted = sign(uow, firm, asked.request_id, asked.digest)
    uow.acting(SYSTEM)
    return Case(firm=firm, chain_id=granted.chain_id, digest=asked.digest, banker=a_banker())


def months_pass(uow: UnitOfWork, days: int) -> None:
    """Everything began so many days earlier."""
    for statement in (
        "UPDATE consent.chain SET anchor_at = anchor_at - :by, starts_at = starts_at - :by",
        "UPDATE pull_slot SET window_at = window_at - :by",
        "UPDATE pull SET expires_at = expires_at - :by",
    ):
        uow.session.execute(text(statement), {"by": timedelta(days=days)})
    uow.session.expire_all()


def used(uow: UnitOfWork) -> None:
    """Every pull so far was released and acknowledged."""
    uow.session.execute(text("UPDATE pull SET state = 'ACKED'"))
    uow.session.expire_all()


class TestMonths:
    def test_one_call_a_month_and_the_next_window_has_its_own(self, uow: UnitOfWork) -> None:
        case = a_monthly_case(uow)
        authorise(uow, case.order("first"))
        used(uow)

        with pytest.raises(FrequencyExceededError) as refused:
            authorise(uow, case.order("second"))
        next_at = datetime.fromisoformat(refused.value.details["next_allowed_at"])
        assert timedelta(days=27) < next_at - uow.clock() <= timedelta(days=31)

        months_pass(uow, 32)
        assert authorise(uow, case.order("third")).state is PullState.AUTHORISED

    def test_a_slot_in_flight_may_come_back_sooner(self, uow: UnitOfWork) -> None:
        case = a_monthly_case(uow)
        pull = authorise(uow, case.order("first"))

        with pytest.raises(FrequencyExceededError) as refused:
            authorise(uow, case.order("second"))

        next_at = datetime.fromisoformat(refused.value.details["next_allowed_at"])
        assert abs(next_at - pull.expires_at) < timedelta(seconds=1)

    def test_a_refund_goes_to_the_window_it_was_taken_from(self, uow: UnitOfWork) -> None:
        case = a_monthly_case(uow)
        old = authorise(uow, case.order("first"))
        used(uow)
        months_pass(uow, 32)
        authorise(uow, case.order("second"))
        used(uow)

        assert len(slots.give_back(uow, old.id, ["SAMR.REG"])) == 1

        # This month's call is used all the same.
        with pytest.raises(FrequencyExceededError):
            authorise(uow, case.order("third"))


class TestEvidence:
    @pytest.mark.promise("R15")
    def test_without_evidence_nothing_begins_and_nobody_is_asked(
        self, uow: UnitOfWork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case = a_case(uow, ONE)
        (line,) = lines_of(uow, authorise(uow, case.order()).id)

        def behind(_uow: UnitOfWork) -> None:
            raise EvidenceUnavailableError("behind")

        monkeypatch.setattr(desk, "evidence_ready", behind)

        # Refused before scope and slots are even looked at.
        with pytest.raises(EvidenceUnavailableError):
            authorise(uow, case.order("other", resources=("NO.SUCH",)))
        with pytest.raises(EvidenceUnavailableError):
            claim(uow, line.id)

        monkeypatch.undo()
        assert claim(uow, line.id) is not None
