"""An act and its notices commit together; what a notice says, and what it does not."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from consent import service
from consent.encoding import b64u_decode
from consent.models import Chain
from tests.notices.builders import DEPARTMENTS, World, a_world
from tests.pulls.builders import NAME, ONE, a_case, pause, revoke
from tests.sandboxes import live_sandbox
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.db.outbox import OutboxJob
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices import promising
from yidaitong.notices.models import Notice
from yidaitong.notices.wire import MEMBERS, notice_sha256
from yidaitong.runtime import Runtime


def suspended(world: World) -> None:
    with world.runtime.transaction(SYSTEM) as uow:
        order = service.Order(reason_class="ORDER")
        service.suspend(desk_of(uow, job="test"), world.case.chain_id, order)


def restored(world: World) -> None:
    suspended(world)
    with world.runtime.transaction(SYSTEM) as uow:
        service.restore(
            desk_of(uow, job="test"), world.case.chain_id, service.Order(reason_class="ORDER")
        )


def closed(world: World) -> None:
    with world.runtime.transaction(SYSTEM) as uow:
        service.close(desk_of(uow, job="test"), world.case.chain_id, "DECISION")


def exhausted(world: World) -> None:
    with world.runtime.transaction(SYSTEM) as uow:
        service.exhaust(desk_of(uow, job="test"), world.case.chain_id)


def withdrawn(world: World) -> None:
    closed(world)
    revoke(world.runtime, world.case)


def voided(world: World) -> None:
    with world.runtime.transaction(SYSTEM) as uow:
        order = service.Order(reason_class="SIGNATURE")
        nobody = frozenset({world.case.firm.rep.person_id})
        service.void(
            desk_of(uow, job="test"), world.case.chain_id, order, frozenset(filter(None, nobody))
        )


def void_found(world: World) -> None:
    closed(world)
    voided(world)


ACTS: dict[str, Callable[[World], object]] = {
    "consent.revoked": lambda world: revoke(world.runtime, world.case),
    "consent.paused": lambda world: pause(world.runtime, world.case),
    "consent.suspended": suspended,
    "consent.restored": restored,
    "consent.expired": closed,
    "consent.exhausted": exhausted,
    "consent.use_withdrawn": withdrawn,
    "consent.voided": voided,
    "consent.void_found": void_found,
}
OWED = {"consent.revoked", "consent.use_withdrawn", "consent.voided", "consent.void_found"}


class TestHear:
    @pytest.mark.parametrize("act", list(ACTS))
    def test_every_party_of_every_act_gets_one(self, world: World, act: str) -> None:
        ACTS[act](world)

        made = world.notices(act)
        enterprise = str(world.case.firm.enterprise_id)
        assert [one.receiver for one in made] == [world.bank_id, *DEPARTMENTS, enterprise]
        owing = {one.receiver for one in made if one.must_ack}
        assert owing == ({world.bank_id, *DEPARTMENTS} if act in OWED else set())
        with world.runtime.transaction(SYSTEM) as uow:
            promised = uow.session.scalars(
                select(OutboxJob.args).where(OutboxJob.name == "notices.send")
            )
            ids = {args["notice_id"] for args in promised}
        assert {str(one.id) for one in made} <= ids

    def test_a_grant_owes_none(self, world: World) -> None:
        assert world.notices() == []

    def test_no_act_commits_without_them(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> str:
            raise RuntimeError("no key")

        monkeypatch.setattr(type(world.runtime.crypto), "sign_each", broken)
        with pytest.raises(RuntimeError):
            suspended(world)

        with world.runtime.transaction(SYSTEM) as uow:
            assert not uow.session.get_one(Chain, world.case.chain_id).suspended
        assert world.notices() == []

    def test_an_act_that_is_rolled_back_tells_nobody(self, world: World) -> None:
        with world.runtime.transaction(SYSTEM) as uow:
            service.close(desk_of(uow, job="test"), world.case.chain_id, "DECISION")
            assert uow.session.scalar(select(func.count()).select_from(Notice)) == 10
            uow.session.rollback()

        world.carry()
        assert world.notices() == []
        assert world.taken(world.bank_id) == []

    def test_only_departments_that_may_have_answered_hear(self, runtime: Runtime) -> None:
        with live_sandbox(runtime) as live:
            world = a_world(runtime, live, ONE)
            revoke(runtime, world.case)

            found = [one.receiver for one in world.notices()]
            assert found == [world.bank_id, "SAMR", str(world.case.firm.enterprise_id)]


class TestMessage:
    @pytest.mark.promise("R13")
    def test_it_says_which_act_and_nothing_about_anybody(self, world: World) -> None:
        revoked = revoke(world.runtime, world.case)

        for notice in world.notices():
            head, payload, _ = notice.jws.split(".")
            said = json.loads(b64u_decode(payload))
            assert json.loads(b64u_decode(head))["typ"] == "ydt-notice+jws"
            assert said.keys() == MEMBERS
            assert said["event"] == "consent.revoked"
            assert said["entry_id"] == revoked.entry_id
            assert said["chain_id"] == str(world.case.chain_id)
            assert said["digest"] == world.case.digest
            assert (said["to"], said["notice_id"]) == (notice.receiver, str(notice.id))
            assert notice.sha256 == notice_sha256(notice.jws)

    @pytest.mark.promise("R13")
    def test_no_personal_data_is_in_it(self, world: World) -> None:
        firm = world.case.firm
        revoke(world.runtime, world.case)

        with world.runtime.transaction(SYSTEM) as uow:
            rows = uow.session.execute(select(Notice.__table__)).mappings().all()
            kept = json.dumps([dict(row) for row in rows], default=str, ensure_ascii=False)
        sent = "".join(b64u_decode(one.jws.split(".")[1]).decode() for one in world.notices())
        canaries = [NAME, "91370199MA31U2DL73", "齐鲁示例银行", "税易贷", str(firm.rep.person_id)]
        assert [word for word in canaries if word in sent or word in kept] == []


class TestSecrecy:
    def test_where_the_enterprise_is_the_recipient_no_bank_hears(self, uow: UnitOfWork) -> None:
        case = a_case(uow, ONE)
        uow.tell = promising.hear
        uow.session.get_one(Chain, case.chain_id).bank_id = None
        uow.session.flush()

        service.close(desk_of(uow, job="test"), case.chain_id, "DECISION")

        found = uow.session.scalars(select(Notice).order_by(Notice.id)).all()
        assert [one.receiver for one in found] == ["SAMR", str(case.firm.enterprise_id)]
        assert {one.bank_id for one in found} == {None}
