"""The unit of work: all or nothing, jobs only after commit, row security follows the actor."""

from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from yidaitong.accounts.models import Organisation, OrgKind
from yidaitong.kernel.actor import PUBLIC, SYSTEM, Actor, Realm
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.errors import ForbiddenError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.runtime import Runtime


def an_organisation(uow: UnitOfWork, org_id: str) -> None:
    uow.session.add(Organisation(id=org_id, kind=OrgKind.BANK, name=org_id, created_at=uow.now))
    uow.session.flush()


def of_bank(org_id: str) -> Actor:
    return Actor(realm=Realm.BANK, org_id=org_id)


class TestTransaction:
    def test_an_exception_leaves_nothing_and_rings_nobody(self, runtime: Runtime) -> None:
        def fail() -> None:
            with runtime.transaction(SYSTEM) as uow:
                an_organisation(uow, "bank-x")
                uow.defer("x.y")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()

        with runtime.transaction(SYSTEM) as uow:
            assert uow.session.scalar(select(func.count()).select_from(Organisation)) == 0
            assert uow.session.scalar(select(func.count()).select_from(OutboxJob)) == 0
        assert runtime.queue_of("x.y").count == 0

    def test_promised_jobs_ring_after_commit(self, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            uow.defer("x.y", thing_id=uuid7())
            assert runtime.queue_of("x.y").count == 0

        assert runtime.queue_of("x.y").count == 1

    def test_one_open_promise_a_key(self, runtime: Runtime) -> None:
        for _ in range(3):
            with runtime.transaction(SYSTEM) as uow:
                uow.defer("x.y", key="same")

        with runtime.transaction(SYSTEM) as uow:
            assert uow.session.scalar(select(func.count()).select_from(OutboxJob)) == 1

    @pytest.mark.promise("R11")
    def test_a_dead_queue_loses_no_promise(self, runtime: Runtime) -> None:
        runtime.redis.connection_pool.disconnect()
        runtime.redis.connection_pool.connection_kwargs["path"] = "/nowhere/redis.sock"
        runtime.redis.connection_pool.reset()

        with runtime.transaction(SYSTEM) as uow:
            uow.defer("x.y")

        with runtime.transaction(SYSTEM) as uow:
            assert uow.session.scalar(select(func.count()).select_from(OutboxJob)) == 1


class TestRowSecurity:
    @pytest.mark.promise("T5")
    def test_a_bank_sees_its_own_rows_and_nobody_else_any(self, uow: UnitOfWork) -> None:
        an_organisation(uow, "bank-a")
        an_organisation(uow, "bank-b")

        def seen(actor: Actor) -> list[str]:
            scoped = uow.acting(actor)
            scoped.session.expunge_all()
            return list(scoped.session.scalars(select(Organisation.id).order_by(Organisation.id)))

        assert seen(of_bank("bank-a")) == ["bank-a"]
        assert seen(of_bank("bank-c")) == []
        assert seen(PUBLIC) == []
        assert seen(SYSTEM) == ["bank-a", "bank-b"]

    @pytest.mark.promise("T5")
    def test_a_bank_cannot_write_for_another(self, uow: UnitOfWork) -> None:
        with pytest.raises(ProgrammingError, match="row-level security"):
            an_organisation(uow.acting(of_bank("bank-a")), "bank-b")

    def test_without_an_actor_nothing_is_seen(self, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            an_organisation(uow, "bank-a")

        with runtime.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM organisation")).scalar() == 0

    @pytest.mark.parametrize("statement", ["UPDATE", "DELETE"])
    def test_evidence_can_be_added_and_read_only(self, runtime: Runtime, statement: str) -> None:
        sql = {
            "UPDATE": "UPDATE audit_event SET action = 'x'",
            "DELETE": "DELETE FROM audit_event",
        }[statement]
        with runtime.engine.connect() as connection, pytest.raises(ProgrammingError):
            connection.execute(text(sql))


class TestActor:
    def test_realms_do_not_mix(self) -> None:
        with pytest.raises(ForbiddenError):
            _ = of_bank("bank-a").enterprise_id
        with pytest.raises(ForbiddenError):
            _ = Actor(realm=Realm.ENTERPRISE, org_id=str(uuid7())).bank_id

    def test_only_the_system_may_everything(self) -> None:
        assert SYSTEM.may("anything.at_all")
        assert not PUBLIC.may("overview.read")


class TestIds:
    def test_they_are_in_order_and_of_version_seven(self) -> None:
        made = [uuid7() for _ in range(5000)]

        assert made == sorted(made)
        assert len(set(made)) == len(made)
        assert {UUID(str(one)).version for one in made} == {7}
