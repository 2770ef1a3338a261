"""A10 in flight: what an amendment takes out is not asked, not read, not released, not fetched."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from consent import errors
from tests.authorizations.builders import sign
from tests.pulls.builders import (
    EIGHT,
    ONE,
    Case,
    a_case,
    an_answer,
    lines_of,
    pull_now,
)
from yidaitong.authorizations import amending, stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.authorizations.narrowing import Less
from yidaitong.departments.wire import Order
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import closing, dispatching, recording, scoping
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.errors import FrequencyExceededError
from yidaitong.pulls.lifecycle import LineStatus, PullState
from yidaitong.pulls.models import Pull, PullLine

OPTIONAL = replace(EIGHT, optional=EIGHT.items)


def amended(uow: UnitOfWork, case: Case, less: Less) -> None:
    """A narrower version of the case's consent, granted."""
    asked = amending.narrow_authorization(uow.acting(case.firm.rep), case.chain_id, less)
    sign(uow, case.firm, asked.request_id, asked.digest)
    uow.acting(SYSTEM)


def dropped(case: Case, uow: UnitOfWork) -> str:
    """A resource of the consent to take out."""
    lines = uow.session.scalars(select(PullLine).where(PullLine.chain_id == case.chain_id))
    return min(line.resource for line in lines)


def begun(uow: UnitOfWork) -> tuple[Case, Pull]:
    case = a_case(uow, OPTIONAL)
    pull = authorise(uow.acting(case.banker), case.order())
    uow.acting(SYSTEM)
    return case, pull


def line_of(uow: UnitOfWork, pull: Pull, resource: str) -> PullLine:
    return next(one for one in lines_of(uow, pull.id) if one.resource == resource)


def claimed(uow: UnitOfWork, line_id: UUID) -> Order:
    order = dispatching.claim(uow, line_id)
    assert order is not None
    return order


class TestUnsent:
    def test_what_is_outside_is_closed_and_never_asked(self, uow: UnitOfWork) -> None:
        case, pull = begun(uow)
        gone = dropped(case, uow)
        amended(uow, case, Less(drop=frozenset({gone})))

        assert scoping.amend(uow, case.chain_id) == 1

        line = line_of(uow, pull, gone)
        assert (line.status, line.why) == (LineStatus.EXCLUDED_BY_SUBJECT, "OUT_OF_SCOPE")
        assert dispatching.claim(uow, line.id) is None
        others = [one for one in lines_of(uow, pull.id) if one.resource != gone]
        assert {one.status for one in others} == {LineStatus.PENDING}

    def test_before_the_job_it_is_not_asked_either(self, uow: UnitOfWork) -> None:
        case, pull = begun(uow)
        gone = dropped(case, uow)
        amended(uow, case, Less(drop=frozenset({gone})))

        assert dispatching.claim(uow, line_of(uow, pull, gone).id) is None

        assert line_of(uow, pull, gone).status is LineStatus.EXCLUDED_BY_SUBJECT

    def test_what_is_left_is_asked_under_the_new_version(self, uow: UnitOfWork) -> None:
        case, pull = begun(uow)
        gone = dropped(case, uow)
        amended(uow, case, Less(drop=frozenset({gone})))
        scoping.amend(uow, case.chain_id)
        line = next(one for one in lines_of(uow, pull.id) if one.resource != gone)

        order = claimed(uow, line.id)

        assert order.consent_digest != case.digest

    def test_twice_is_once(self, uow: UnitOfWork) -> None:
        case, pull = begun(uow)
        gone = dropped(case, uow)
        amended(uow, case, Less(drop=frozenset({gone})))
        scoping.amend(uow, case.chain_id)
        closed = line_of(uow, pull, gone).closed_at

        scoping.amend(uow, case.chain_id)

        assert line_of(uow, pull, gone).closed_at == closed

    def test_nothing_is_outside_without_an_amendment(self, uow: UnitOfWork) -> None:
        case, _ = begun(uow)

        assert scoping.amend(uow, case.chain_id) == 0

    def test_an_ended_consent_is_left_to_the_stop(self, uow: UnitOfWork) -> None:
        case, _ = begun(uow)
        stopping.revoke(uow.acting(case.firm.rep), Revoke(chain_id=case.chain_id))
        uow.acting(SYSTEM)

        assert scoping.amend(uow, case.chain_id) == 0

    def test_an_unknown_consent_is_not_found(self, uow: UnitOfWork) -> None:
        with pytest.raises(errors.NotFoundError):
            scoping.amend(uow, uuid7())


class TestOnTheWire:
    def test_its_answer_is_thrown_away_unread(self, uow: UnitOfWork) -> None:
        case, pull = begun(uow)
        gone = dropped(case, uow)
        line = line_of(uow, pull, gone)
        order = claimed(uow, line.id)
        amended(uow, case, Less(drop=frozenset({gone})))

        scoping.amend(uow, case.chain_id)
        assert line_of(uow, pull, gone).status is LineStatus.PENDING
        assert recording.record(uow, order, an_answer())

        line = line_of(uow, pull, gone)
        assert line.status is LineStatus.EXCLUDED_BY_SUBJECT
        assert (line.answer_sealed, line.answer_sha256) == (None, None)


def sealed(uow: UnitOfWork) -> tuple[Case, Pull]:
    """A pull whose answers are all there, not released yet."""
    case, pull = begun(uow)
    for line in lines_of(uow, pull.id):
        recording.record(uow, claimed(uow, line.id), an_answer())
    closing.close(uow, pull.id)
    assert pull_now(uow, pull.id).state is PullState.SEALED
    return case, pull


class TestCollected:
    def test_what_is_outside_is_forgotten(self, uow: UnitOfWork) -> None:
        case, pull = sealed(uow)
        gone = dropped(case, uow)
        amended(uow, case, Less(drop=frozenset({gone})))

        scoping.amend(uow, case.chain_id)

        assert line_of(uow, pull, gone).answer_sealed is None
        kept = [one for one in lines_of(uow, pull.id) if one.resource != gone]
        assert all(one.answer_sealed for one in kept)


class TestQuota:
    def test_an_amendment_does_not_refill(self, uow: UnitOfWork) -> None:
        case = a_case(uow, replace(ONE, optional=ONE.items))
        for n in range(2):
            authorise(uow.acting(case.banker), case.order(f"key-{n}"))
        uow.acting(SYSTEM)
        amended(uow, case, Less(calls=2))

        with pytest.raises(FrequencyExceededError):
            authorise(uow.acting(case.banker), case.order("key-9"))
