"""An answer counts if it is the receiver's own, over this very notice; by HTTP, API and hand."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask, Response, request

import bank_portal
import enterprise_portal
from tests.bank_portal.builders import Banker, a_banker, words
from tests.notices.builders import World, call_back
from tests.pulls.builders import pause, revoke
from tests.sandboxes import served
from yidaitong.accounts.roles import permissions_of
from yidaitong.app import create_app
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import PrivateKey, generate
from yidaitong.kernel.errors import ForbiddenError, NotFoundError
from yidaitong.notices import acknowledging, queries, sending
from yidaitong.notices.delivering import Delivered, Delivery
from yidaitong.notices.models import Notice
from yidaitong.notices.wire import ACK_TYP, ack_payload, notice_sha256

pytestmark = pytest.mark.promise("R13")


def a_bank_that_says(answer: Any) -> Flask:
    app = Flask("bank")

    @app.post("/notices")
    def take() -> Response:
        return Response(answer(request.get_data().decode()), mimetype="application/jose")

    return app


class TestAnswers:
    def answered(self, world: World, answer: Any) -> tuple[str, str | None]:
        with served(a_bank_that_says(answer)) as url:
            call_back(world, f"{url}/notices")
            revoke(world.runtime, world.case)
            world.carry()
        notice = world.notice(world.bank_id)
        assert world.leaves(notice.id)[0] == "notice.sent"
        return notice.state.value, notice.problem

    def signed(self, key: Any, sha256: str, notice_id: str, typ: str = ACK_TYP) -> str:
        return jws.sign(PrivateKey.read(key), typ, ack_payload(notice_id, sha256, wall()))

    def test_by_another_key_is_none(self, world: World) -> None:
        stranger = generate("Ed25519")

        def answer(notice: str) -> str:
            found = world.notice(world.bank_id)
            return self.signed(stranger, notice_sha256(notice), str(found.id))

        assert self.answered(world, answer) == ("SENT", "ACK_KEY")

    def test_by_a_departments_key_is_none(self, world: World) -> None:
        def answer(notice: str) -> str:
            found = world.notice(world.bank_id)
            body = ack_payload(str(found.id), notice_sha256(notice), wall())
            return world.live.sandbox.keys.sign("TAX", ACK_TYP, body)

        assert self.answered(world, answer) == ("SENT", "ACK_KEY")

    def test_over_another_hash_is_none(self, world: World) -> None:
        def answer(notice: str) -> str:
            found = world.notice(world.bank_id)
            return self.signed(world.keys.ack, notice_sha256(notice + "x"), str(found.id))

        assert self.answered(world, answer) == ("SENT", "ACK_OTHER")

    def test_of_another_notice_is_none(self, world: World) -> None:
        def answer(notice: str) -> str:
            del notice
            other = world.notice("TAX")
            return self.signed(world.keys.ack, other.sha256, str(other.id))

        assert self.answered(world, answer) == ("SENT", "ACK_OTHER")

    def test_a_packets_receipt_is_none(self, world: World) -> None:
        def answer(notice: str) -> str:
            found = world.notice(world.bank_id)
            return self.signed(world.keys.ack, notice_sha256(notice), str(found.id), "ydt-rx+jws")

        assert self.answered(world, answer) == ("SENT", "ACK_FORM")

    def test_with_a_changed_signature_is_none(self, world: World) -> None:
        def answer(notice: str) -> str:
            found = world.notice(world.bank_id)
            good = self.signed(world.keys.ack, notice_sha256(notice), str(found.id))
            head, body, signature = good.split(".")
            return f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"

        assert self.answered(world, answer) == ("SENT", "ACK_SIGNATURE")

    def test_nonsense_is_none(self, world: World) -> None:
        assert self.answered(world, lambda _notice: "\u00e9 no jws") == ("SENT", "ACK_FORM")

    def test_the_same_one_twice_is_one(self, world: World) -> None:
        revoke(world.runtime, world.case)
        world.carry()
        notice = world.notice(world.bank_id)
        with world.runtime.transaction(SYSTEM) as uow:
            delivery = Delivery(
                notice_id=notice.id,
                receiver=notice.receiver,
                kind=notice.kind,
                url="",
                jws=notice.jws,
            )
            ack = world.taken(world.bank_id)[0].ack
            assert sending.record(uow, delivery, Delivered(problem=None, ack=ack)) is None
        assert world.leaves(notice.id) == ["notice.sent", "notice.acked"]


@pytest.fixture
def maker(world: World) -> Banker:
    """A loan officer of the bank that is told."""
    app = create_app(world.runtime, [bank_portal, enterprise_portal])
    return a_banker(app, world.runtime, "maker")


class TestApi:
    def answer(self, world: World, **changes: str) -> str:
        notice = world.notice(world.bank_id)
        said = {"notice_id": str(notice.id), "sha256": notice.sha256, **changes}
        return world.keys.sign(ACK_TYP, ack_payload(said["notice_id"], said["sha256"], wall()))

    def test_a_bank_reads_and_answers_without_an_address(self, world: World, maker: Banker) -> None:
        revoke(world.runtime, world.case)
        listed = maker.api("GET", "/notices?group=open").get_json()
        assert [one["event"] for one in listed] == ["consent.revoked"]
        notice_id = listed[0]["id"]
        assert notice_sha256(listed[0]["jws"]) == listed[0]["sha256"]

        ack = {"ack": self.answer(world)}
        first = maker.api("POST", f"/notices/{notice_id}/ack", ack)
        again = maker.api("POST", f"/notices/{notice_id}/ack", ack)
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.get_json()["state"] == again.get_json()["state"] == "ACKED"
        assert world.leaves(world.notice(world.bank_id).id) == ["notice.acked"]
        # Nothing is sent any more to who has answered.
        world.carry()
        assert world.taken(world.bank_id) == []

    def test_wrong_keys_hashes_and_strangers_change_nothing(
        self, world: World, maker: Banker
    ) -> None:
        revoke(world.runtime, world.case)
        notice, other = world.notice(world.bank_id), world.notice("TAX")
        stranger = PrivateKey.read(generate("Ed25519"))
        foreign = jws.sign(stranger, ACK_TYP, ack_payload(str(notice.id), notice.sha256, wall()))
        cases = (
            (notice.id, foreign, 401, "SignatureInvalid"),
            (notice.id, self.answer(world, sha256=other.sha256), 400, "InvalidRequest"),
            (notice.id, self.answer(world, notice_id=str(other.id)), 400, "InvalidRequest"),
            (notice.id, "x", 400, "InvalidRequest"),
            (other.id, self.answer(world), 404, "NotFound"),
            (uuid4(), self.answer(world), 404, "NotFound"),
        )
        for notice_id, ack, status, code in cases:
            said = maker.api("POST", f"/notices/{notice_id}/ack", {"ack": ack})
            assert (said.status_code, said.get_json()["code"]) == (status, code)
        assert world.leaves(notice.id) == []
        assert maker.api("GET", f"/notices/{other.id}").status_code == 404

    def test_another_bank_sees_none_of_it(self, world: World, maker: Banker) -> None:
        revoke(world.runtime, world.case)
        app = maker.client.application
        stranger = a_banker(app, world.runtime, "maker", bank_id="bank-other")
        assert stranger.api("GET", "/notices").get_json() == []
        notice_id = world.notice(world.bank_id).id
        assert stranger.api("GET", f"/notices/{notice_id}").status_code == 404

    def test_the_portal_signs_with_the_banks_key(self, world: World, maker: Banker) -> None:
        world.runtime.settings = replace(
            world.runtime.settings, bank_keys_dir=world.live.sandbox.bank_keys
        )
        revoke(world.runtime, world.case)
        page = words(maker.get("/bank/notices"))
        assert "授权已撤回" in page
        assert "请确认" in page

        notice = world.notice(world.bank_id)
        said = maker.post(f"/bank/notices/{notice.id}/acknowledgement")
        assert said.status_code == 303
        assert world.states()[world.bank_id] == "ACKED"
        assert "请确认" not in words(maker.get("/bank/notices"))


class TestInbox:
    def test_opening_is_the_answer_of_whoever_may_give_it(self, world: World) -> None:
        pause(world.runtime, world.case)
        world.carry()
        rep = world.case.firm.rep
        enterprise = str(world.case.firm.enterprise_id)
        notice = world.notice(enterprise, "consent.paused")
        agent = replace(
            world.case.firm.colleague(),
            roles=frozenset({"ent_agent"}),
            permissions=permissions_of(["ent_agent"]),
        )
        with world.runtime.transaction(agent) as uow:
            assert [one.id for one in queries.inbox(uow, None, None, 10)] == [notice.id]
            assert queries.unread(uow) == 1
        with pytest.raises(ForbiddenError), world.runtime.transaction(agent) as uow:
            acknowledging.open_notice(uow, notice.id)

        for _ in range(2):
            with world.runtime.transaction(rep) as uow:
                acknowledging.open_notice(uow, notice.id)
        assert world.leaves(notice.id) == ["notice.sent", "notice.acked"]
        with world.runtime.transaction(rep) as uow:
            assert queries.unread(uow) == 0
            told = queries.told_of_chain(uow, world.case.chain_id)
            assert {one.state.value for one in told} == {"ACKED"}

    def test_a_personal_notice_is_the_persons_own(self, world: World) -> None:
        pause(world.runtime, world.case)
        notice = world.notice(str(world.case.firm.enterprise_id), "consent.paused")
        with world.runtime.transaction(SYSTEM) as uow:
            uow.session.get_one(Notice, notice.id).person_id = world.case.firm.rep.person_id

        with world.runtime.transaction(world.case.firm.colleague()) as uow:
            assert queries.inbox(uow, None, None, 10) == []
        with (
            pytest.raises(NotFoundError),
            world.runtime.transaction(world.case.firm.colleague()) as uow,
        ):
            acknowledging.open_notice(uow, notice.id)
        with world.runtime.transaction(world.case.firm.rep) as uow:
            assert len(queries.inbox(uow, None, None, 10)) == 1

    def test_another_enterprise_sees_none_of_it(self, world: World) -> None:
        pause(world.runtime, world.case)
        notice = world.notice(str(world.case.firm.enterprise_id), "consent.paused")
        stranger = replace(world.case.firm.rep, org_id=str(uuid4()))
        with world.runtime.transaction(stranger) as uow:
            assert queries.inbox(uow, None, None, 10) == []
        with pytest.raises(NotFoundError), world.runtime.transaction(stranger) as uow:
            acknowledging.open_notice(uow, notice.id)
