"""A consent that never had force: who decides the quorum fails, and every release is listed."""

from uuid import UUID

import pytest

from consent import errors, service
from consent.events import EventType, sha256_b64u
from consent.evidence import open_event
from consent.lifecycle import ConsentState
from consent.models import Chain, EventRow
from consent.service import Event, Order
from tests.consent.desks import (
    World,
    a_consent,
    a_personal_ask,
    a_request,
    a_world,
    leaves_of,
    sign,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork

ORDER = Order(reason_class="SIGNATURE_FORGED", order_id=uuid7())


def void(world: World, chain_id: UUID, *people: int) -> service.Stopped:
    without = frozenset(world.people[person] for person in people or (0,))
    return service.void(world.system, chain_id, ORDER, without)


class TestVoid:
    def test_a_living_consent_ends(self, world: World) -> None:
        chain_id = a_consent(world)

        stopped = void(world, chain_id)

        assert stopped.chain.state is ConsentState.VOIDED
        assert stopped.chain.row.use_ended_at is not None
        with pytest.raises(errors.ConsentVoidedError):
            service.lock_chain(world.desk(), chain_id).require_active()

    def test_every_release_is_listed_in_the_order_of_the_log(self, world: World) -> None:
        chain_id = a_consent(world)
        service.lock_chain(world.system, chain_id)
        released = [sha256_b64u(bytes([n])) for n in range(3)]
        for digest in released:
            members = {"pull_id": uuid7(), "packet_sha256": digest}
            issued = Event(
                type=EventType.PACKET_ISSUED,
                ref=uuid7(),
                n=1,
                chain_id=chain_id,
                members=members,
                public={"packet_sha256": digest},
            )
            service.record(world.system, issued)

        stopped = void(world, chain_id)

        row = world.session.get_one(EventRow, stopped.event_id)
        event = open_event(world.system, row).event
        assert [one["packet_sha256"] for one in event["releases"]] == released
        assert event["order_id"] == str(ORDER.order_id)

    def test_after_the_end_it_is_a_fact(self, world: World) -> None:
        chain_id = a_consent(world)
        service.close(world.system, chain_id, "DECISION")

        stopped = void(world, chain_id)

        assert stopped.chain.state is ConsentState.EXPIRED
        assert leaves_of(world.session, chain_id)[-1] == "consent.void_found"
        with pytest.raises(errors.InvalidStateError):
            service.revoke(world.desk(), chain_id)

    def test_after_a_revocation_too(self, world: World) -> None:
        chain_id = a_consent(world)
        first = service.revoke(world.desk(), chain_id)

        void(world, chain_id)

        assert leaves_of(world.session, chain_id)[-1] == "consent.void_found"
        assert service.revoke(world.desk(), chain_id).event_id == first.event_id

    @pytest.mark.parametrize("ended", [False, True])
    def test_it_happens_once(self, world: World, *, ended: bool) -> None:
        chain_id = a_consent(world)
        if ended:
            service.close(world.system, chain_id, "DECISION")
        void(world, chain_id)

        with pytest.raises(errors.InvalidStateError):
            void(world, chain_id)

    def test_while_the_quorum_holds_it_has_force(self, uow: UnitOfWork) -> None:
        world = a_world(uow.session, people=3)
        ask = a_request(world, 2)
        sign(world, ask, 0)
        granted = sign(world, ask, 1)
        assert granted.chain is not None

        with pytest.raises(errors.InvalidStateError):
            void(world, granted.chain.id, 2)
        void(world, granted.chain.id, 1)

        assert uow.session.get_one(Chain, granted.chain.id).state is ConsentState.VOIDED

    def test_the_personal_consent_ends_with_it(self, world: World) -> None:
        parent = a_request(world)
        companion = a_personal_ask(world, parent.artefact)
        service.make(world.desk(), companion)
        granted, personal = sign(world, parent), sign(world, companion)
        assert granted.chain is not None
        assert personal.chain is not None

        stopped = void(world, granted.chain.id)

        assert [one.chain.id for one in stopped.companions] == [personal.chain.id]

    def test_it_gives_a_receipt(self, world: World) -> None:
        stopped = void(world, a_consent(world))

        receipt = service.issue(world.system, stopped.event_id)

        assert receipt["receipt_type"] == "VOID"
        assert "自始无效" in receipt["text_zh"]
