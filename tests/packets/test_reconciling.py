"""Reconciliation: twenty planted mismatches are reported, exactly those, once."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import create_engine, select, text

from tests.authorizations import builders
from tests.packets.builders import OFFERED, Story, a_story
from tests.pulls.builders import log_of
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.packets import acking, reconciling
from yidaitong.packets.lifecycle import MismatchKind
from yidaitong.packets.models import Mismatch, Packet
from yidaitong.runtime import Runtime

ONE = replace(OFFERED, items=frozenset({"reg.status"}))
PLANTS = {
    MismatchKind.LINE: "UPDATE pull_line SET answer_sha256 = repeat('A', 43) "
    "WHERE pull_id = (SELECT pull_id FROM packet WHERE id = :id)",
    MismatchKind.RELEASE: "UPDATE packet SET packet_sha256 = md5(id::text) WHERE id = :id",
    MismatchKind.FETCH: "UPDATE packet SET copies = copies + 1 WHERE id = :id",
    MismatchKind.RECEIPT: "UPDATE packet SET rx_sha256 = repeat('C', 43) WHERE id = :id",
}
LOST = "UPDATE packet SET state = 'FETCHED', rx_sha256 = NULL WHERE id = :id"


def taken(story: Story, key: str) -> UUID:
    """A packet that was released, fetched and signed for."""
    packet_id = story.sealed(key=key)
    story.fetch(packet_id)
    with story.runtime.transaction(SYSTEM) as uow:
        digest = uow.session.get_one(Packet, packet_id).packet_sha256
    rx = acking.receipt(PrivateKey.read(story.ack), packet_id, digest, wall())
    with story.runtime.transaction(story.case.banker) as uow:
        acking.acknowledge(uow, packet_id, rx)
    return packet_id


def another_consent(story: Story, product_id: str) -> Story:
    """The same firm and bank, another product."""
    firm = story.case.firm
    with story.runtime.transaction(SYSTEM) as uow:
        asked = builders.ask(uow, firm, replace(ONE, product_id=product_id), None)
        granted = builders.sign(uow, firm, asked.request_id, asked.digest)
        uow.acting(SYSTEM)
    return replace(story, case=replace(story.case, chain_id=granted.chain_id, digest=asked.digest))


def day(runtime: Runtime) -> int:
    """The daily job; how many new mismatches."""
    with runtime.transaction(SYSTEM) as uow:
        packets = reconciling.due(uow)
    found = 0
    for packet_id in packets:
        with runtime.transaction(SYSTEM) as uow:
            found += reconciling.reconcile(uow, packet_id) is not None
    return found


@pytest.fixture
def packets(runtime: Runtime) -> list[UUID]:
    story = a_story(runtime, ONE)
    made = []
    for n in range(8):
        if n:
            story = another_consent(story, f"P-{n}")
        made += [taken(story, f"key-{n}-{k}") for k in range(3)]
    return made


class TestReconcile:
    def test_twenty_of_twenty_four_are_found_and_no_other(
        self, runtime: Runtime, packets: list[UUID]
    ) -> None:
        assert day(runtime) == 0
        statements = [*PLANTS.items(), (MismatchKind.RECEIPT, LOST)]
        planted = {}
        engine = create_engine(runtime.settings.owner_database_url)
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL ydt.scope = 'system'"))
            for n, packet_id in enumerate(packets[:20]):
                kind, statement = statements[n % len(statements)]
                assert connection.execute(text(statement), {"id": packet_id}).rowcount == 1
                planted[packet_id] = kind
        engine.dispose()

        assert day(runtime) == 20
        assert day(runtime) == 0
        with runtime.transaction(SYSTEM) as uow:
            rows = uow.session.scalars(select(Mismatch)).all()
            assert {row.packet_id: row.kind for row in rows} == planted
            assert log_of(uow, rows[0].chain_id)[-1] == "reconcile.mismatch"
