"""A clock that fell back stops what widens, until it catches up or two persons clear it."""

from uuid import UUID

import pytest
from sqlalchemy import select, text

from consent.errors import EvidenceUnavailableError
from consent.errors import InvalidStateError as ConsentStateError
from consent.ledger.entries import submit
from consent.ledger.gauge import clear_clock, read_backlog
from tests.authorizations.people import an_official
from tests.consent.ledger.builders import a_leaf
from yidaitong.audit.models import AuditEvent
from yidaitong.authorizations import clocks, orders
from yidaitong.authorizations.order_kinds import OrderKind
from yidaitong.authorizations.orders import Propose
from yidaitong.jobs import ledger
from yidaitong.kernel import evidence
from yidaitong.kernel.actor import SYSTEM, Actor
from yidaitong.kernel.errors import (
    ConflictError,
    ForbiddenError,
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.runtime import Runtime

OFFICER = an_official("centre_officer")
CHECKER = an_official("centre_checker")


def fall_back(runtime: Runtime, seconds: int) -> None:
    """As if the clock had been set back since the heads so far were shown."""
    with ledger.owner(runtime) as uow:
        uow.session.execute(text("SET LOCAL session_replication_role = replica"))
        uow.session.execute(
            text(
                "UPDATE ledger.published "
                "SET at = clock_timestamp() + CAST(:seconds AS integer) * interval '1 s'"
            ),
            {"seconds": seconds},
        )
        uow.session.commit()


def is_ready(runtime: Runtime) -> bool:
    evidence._gauges.clear()
    try:
        with runtime.transaction(SYSTEM) as uow:
            evidence.evidence_ready(uow)
    except EvidenceUnavailableError:
        return False
    return True


def a_stop(runtime: Runtime) -> None:
    """Something that is recorded although the clock is behind, under a new head."""
    with runtime.transaction(SYSTEM) as uow:
        now = uow.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        submit(uow.session, a_leaf(t=now))
    ledger.step(runtime)


def head_at(runtime: Runtime) -> str:
    with runtime.transaction(SYSTEM) as uow:
        found = read_backlog(uow.session).head_at
    assert found is not None
    return found.isoformat()


def propose(runtime: Runtime, at: str, by: Actor = OFFICER) -> UUID:
    command = Propose(
        kind=OrderKind.CLEAR_CLOCK,
        target_id=clocks.CLOCK,
        reason_class="CLOCK_CORRECTED",
        case_number="A-1",
        terms={"head_at": at},
    )
    with runtime.transaction(by) as uow:
        return orders.propose(uow, command)


def confirm(runtime: Runtime, order_id: UUID, by: Actor = CHECKER) -> None:
    with runtime.transaction(by) as uow:
        orders.confirm(uow, order_id)


@pytest.fixture
def behind(runtime: Runtime) -> Runtime:
    """A log whose newest head is an hour ahead of the clock."""
    ledger.step(runtime)
    fall_back(runtime, 3600)
    return runtime


@pytest.mark.promise("R4")
class TestClearing:
    def test_a_later_head_of_the_clock_that_fell_back_cures_nothing(self, behind: Runtime) -> None:
        assert not is_ready(behind)

        a_stop(behind)

        assert not is_ready(behind)

    def test_two_persons_clear_it(self, behind: Runtime) -> None:
        a_stop(behind)
        order_id = propose(behind, head_at(behind))
        assert not is_ready(behind)

        confirm(behind, order_id)

        assert is_ready(behind)
        a_stop(behind)
        assert is_ready(behind)
        with behind.transaction(SYSTEM) as uow:
            said = uow.session.execute(
                select(AuditEvent.action, AuditEvent.person_id).where(
                    AuditEvent.object_id == str(order_id)
                )
            ).all()
        assert {(row.action, row.person_id) for row in said} == {
            ("consent_order.propose", OFFICER.person_id),
            ("consent_order.confirm", CHECKER.person_id),
        }

    def test_one_person_does_not(self, behind: Runtime) -> None:
        order_id = propose(behind, head_at(behind))
        same = Actor(
            realm=OFFICER.realm,
            org_id="centre",
            person_id=OFFICER.person_id,
            roles=CHECKER.roles,
            permissions=CHECKER.permissions,
            auth_level=OFFICER.auth_level,
        )

        with pytest.raises(FourEyesError):
            confirm(behind, order_id, by=same)
        with pytest.raises(ForbiddenError):
            confirm(behind, order_id, by=OFFICER)
        assert not is_ready(behind)

    def test_a_clock_that_falls_back_again_is_not_cleared(self, behind: Runtime) -> None:
        confirm(behind, propose(behind, head_at(behind)))
        a_stop(behind)
        assert is_ready(behind)

        fall_back(behind, 60)

        assert not is_ready(behind)

    def test_nothing_is_cleared_that_is_not_behind(self, runtime: Runtime) -> None:
        ledger.step(runtime)

        with pytest.raises(InvalidStateError):
            propose(runtime, head_at(runtime))
        with runtime.transaction(SYSTEM) as uow, pytest.raises(ConsentStateError):
            clear_clock(uow.session, uuid7())

    def test_it_clears_the_head_that_was_read_and_no_other(self, behind: Runtime) -> None:
        order_id = propose(behind, head_at(behind))
        fall_back(behind, 7200)

        with pytest.raises(InvalidStateError):
            confirm(behind, order_id)
        assert not is_ready(behind)

    def test_a_clock_that_caught_up_needs_nobody(self, behind: Runtime) -> None:
        order_id = propose(behind, head_at(behind))
        fall_back(behind, 0)

        assert is_ready(behind)
        with pytest.raises(InvalidStateError):
            confirm(behind, order_id)

    def test_it_is_proposed_once_and_in_readable_words(self, behind: Runtime) -> None:
        at = head_at(behind)
        propose(behind, at)

        with pytest.raises(ConflictError):
            propose(behind, at)
        with pytest.raises(InvalidRequestError):
            propose(behind, "yesterday")
        with pytest.raises(InvalidRequestError):
            propose(behind, "2026-01-01T00:00:00")

    def test_a_clearing_stays(self, behind: Runtime) -> None:
        confirm(behind, propose(behind, head_at(behind)))

        with ledger.owner(behind) as uow, pytest.raises(Exception, match="never changed"):
            uow.session.execute(text("DELETE FROM ledger.clearing"))
