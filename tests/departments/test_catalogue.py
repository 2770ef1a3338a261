"""The catalogue follows the definitions; the kill switch and the log of calls."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from yidaitong.audit.models import AuditEvent
from yidaitong.departments import catalogue, queries
from yidaitong.departments.answers import Outcome
from yidaitong.departments.calls import Call, record_call
from yidaitong.departments.models import DepartmentCall, ResourceEntry, ResourceState
from yidaitong.departments.queries import NotServed, Unservable
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.actor import Actor, Realm
from yidaitong.kernel.errors import ForbiddenError, FourEyesError, InvalidStateError, NotFoundError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

STEWARD = Actor(
    realm=Realm.GOV,
    org_id="centre",
    person_id=UUID(int=7),
    permissions=frozenset({catalogue.STOP, catalogue.RESUME}),
)
CHECKER = replace(STEWARD, person_id=UUID(int=8))


@pytest.fixture
def seeded(uow: UnitOfWork) -> UnitOfWork:
    catalogue.seed(uow)
    return uow


class TestSeed:
    def test_it_publishes_all_once(self, uow: UnitOfWork) -> None:
        assert catalogue.seed(uow) == catalogue.Seeded(8, 33)
        assert catalogue.seed(uow) == catalogue.Seeded(0, 0)
        assert [entry.resource for entry in queries.entries(uow)] == sorted(RESOURCES)
        assert {entry.version for entry in queries.entries(uow)} == {1}

    def test_departments_come_in_order(self, seeded: UnitOfWork) -> None:
        codes = [row.code for row in queries.departments(seeded)]

        assert codes == ["SAMR", "TAX", "HRSS", "HPF", "COURT", "NRE", "UTIL", "STI"]

    def test_a_changed_definition_is_a_new_version_that_stays_stopped(
        self, seeded: UnitOfWork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        catalogue.stop(seeded.acting(STEWARD), "TAX.PAY", "drill")
        before = queries.catalogue_version(seeded)
        changed = replace(RESOURCES["TAX.PAY"], freshness_sla_days=51)
        monkeypatch.setitem(RESOURCES, "TAX.PAY", changed)

        assert catalogue.seed(seeded) == catalogue.Seeded(0, 1)

        entry = next(e for e in queries.entries(seeded) if e.resource == "TAX.PAY")
        assert (entry.version, entry.freshness_sla_days) == (2, 51)
        assert entry.stopped_at is not None
        assert queries.catalogue_version(seeded) == before + 1


class TestDefinitionDigest:
    def test_it_changes_with_the_definition(self) -> None:
        pay = RESOURCES["TAX.PAY"]

        digest = catalogue.definition_digest(pay)

        assert len(digest) == 43
        assert digest == catalogue.definition_digest(replace(pay))
        assert digest != catalogue.definition_digest(replace(pay, onward_release=False))


class TestServable:
    def test_all_items_can_be_served(self, seeded: UnitOfWork) -> None:
        assert queries.servable(seeded, ["SAMR.REG", "TAX.PAY", "TAX.PAY"]) == []

    def test_what_cannot_says_why(self, seeded: UnitOfWork) -> None:
        catalogue.stop(seeded.acting(STEWARD), "SAMR.REG", "drill")
        entry = seeded.session.scalars(
            select(ResourceEntry).where(ResourceEntry.resource == "TAX.PAY")
        ).one()
        entry.state = ResourceState.OFFLINE
        seeded.session.flush()

        found = queries.servable(seeded, ["TAX.PAY", "SAMR.REG", "NO.SUCH", "TAX.INV", "COURT.DIS"])

        assert found == [
            Unservable("NO.SUCH", NotServed.UNKNOWN),
            Unservable("SAMR.REG", NotServed.STOPPED),
            Unservable("TAX.INV", NotServed.NOT_RELEASED),
            Unservable("TAX.PAY", NotServed.OFFLINE),
        ]

    def test_an_empty_catalogue_serves_nothing(self, uow: UnitOfWork) -> None:
        assert queries.servable(uow, ["SAMR.REG"]) == [Unservable("SAMR.REG", NotServed.UNKNOWN)]

    @pytest.mark.parametrize("why", list(NotServed))
    def test_every_reason_has_words(self, why: NotServed) -> None:
        assert why.text.zh
        assert why.text.en


class TestStop:
    def test_a_stopped_resource_serves_again_after_resuming(self, seeded: UnitOfWork) -> None:
        steward = seeded.acting(STEWARD)

        stopped = catalogue.stop(steward, "UTIL.ELE", "source broken")
        assert (stopped.stopped_by, stopped.stop_reason) == (UUID(int=7), "source broken")
        assert queries.servable(seeded, ["UTIL.ELE"])

        catalogue.resume(seeded.acting(CHECKER), "UTIL.ELE")
        assert queries.servable(seeded, ["UTIL.ELE"]) == []

    def test_both_acts_are_audited(self, seeded: UnitOfWork) -> None:
        steward = seeded.acting(STEWARD)
        catalogue.stop(steward, "UTIL.ELE", "source broken")
        catalogue.resume(seeded.acting(CHECKER), "UTIL.ELE")

        events = seeded.session.scalars(
            select(AuditEvent).where(AuditEvent.object_id == "UTIL.ELE").order_by(AuditEvent.id)
        )
        assert [event.action for event in events] == ["catalogue.stop", "catalogue.resume"]

    def test_twice_is_refused(self, seeded: UnitOfWork) -> None:
        steward = seeded.acting(STEWARD)
        with pytest.raises(InvalidStateError):
            catalogue.resume(steward, "UTIL.ELE")
        catalogue.stop(steward, "UTIL.ELE", "x")

        with pytest.raises(InvalidStateError):
            catalogue.stop(steward, "UTIL.ELE", "x")

    def test_who_stopped_it_cannot_resume_it(self, seeded: UnitOfWork) -> None:
        steward = seeded.acting(STEWARD)
        catalogue.stop(steward, "UTIL.ELE", "x")

        with pytest.raises(FourEyesError):
            catalogue.resume(steward, "UTIL.ELE")

    def test_unknown_resources_are_not_found(self, seeded: UnitOfWork) -> None:
        with pytest.raises(NotFoundError):
            catalogue.stop(seeded.acting(STEWARD), "NO.SUCH", "x")

    def test_others_may_not(self, seeded: UnitOfWork) -> None:
        viewer = seeded.acting(Actor(realm=Realm.GOV, org_id="centre"))

        with pytest.raises(ForbiddenError):
            catalogue.stop(viewer, "UTIL.ELE", "x")
        with pytest.raises(ForbiddenError):
            catalogue.resume(viewer, "UTIL.ELE")


class TestDepartmentOf:
    def test_the_department_answers_for_its_resources(self) -> None:
        assert queries.department_of("HPF.MON").code == "HPF"

    def test_unknown_resources_are_not_found(self) -> None:
        with pytest.raises(NotFoundError):
            queries.department_of("HPF.NONE")


def a_call(uow: UnitOfWork, **more: Any) -> Call:
    facts: dict[str, Any] = {
        "request_id": uuid7(),
        "resource": "SAMR.REG",
        "chain_id": uuid7(),
        "enterprise_id": UUID(int=1),
        "bank_id": "bank-qilu",
        "outcome": Outcome.DATA,
        "as_of": date(2018, 7, 16),
        "started_at": uow.now,
        "ended_at": uow.now,
        "idempotency_key": str(uuid7()),
    }
    return Call(**{**facts, **more})


class TestRecordCall:
    def test_one_key_is_one_call(self, uow: UnitOfWork) -> None:
        call = a_call(uow)

        assert record_call(uow, call) is True
        assert record_call(uow, call) is False
        assert uow.session.scalar(select(func.count()).select_from(DepartmentCall)) == 1

    @pytest.mark.parametrize(("days", "fresh"), [(2, True), (3, False)])
    def test_freshness_is_kept(self, uow: UnitOfWork, days: int, fresh: bool) -> None:
        noon = uow.now.replace(hour=4, minute=0)  # Noon in Shanghai.
        record_call(uow, a_call(uow, ended_at=noon, as_of=noon.date() - timedelta(days=days)))

        assert uow.session.scalars(select(DepartmentCall)).one().fresh is fresh

    def test_an_answer_nobody_can_trust_has_no_outcome(self, uow: UnitOfWork) -> None:
        record_call(uow, a_call(uow, outcome=None, why="BAD_ANSWER", as_of=None))

        row = uow.session.scalars(select(DepartmentCall)).one()
        assert (row.outcome, row.why, row.fresh) == (None, "BAD_ANSWER", None)
        assert (row.department, row.resource) == ("SAMR", "SAMR.REG")

    @pytest.mark.parametrize(
        ("realm", "org", "seen"),
        [
            (Realm.ENTERPRISE, str(UUID(int=1)), 1),
            (Realm.ENTERPRISE, str(UUID(int=2)), 0),
            (Realm.BANK, "bank-qilu", 1),
            (Realm.BANK, "bank-quancheng", 0),
            (Realm.GOV, "centre", 1),
        ],
    )
    def test_each_sees_its_own_calls(
        self, uow: UnitOfWork, realm: Realm, org: str, seen: int
    ) -> None:
        record_call(uow, a_call(uow))

        scoped = uow.acting(Actor(realm=realm, org_id=org))

        assert scoped.session.scalar(select(func.count()).select_from(DepartmentCall)) == seen
