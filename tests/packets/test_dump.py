"""What a thief gets who has the whole database, the queue, and even the key above all keys."""

import json
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from consent.encoding import b64u_decode
from consent.evidence import leaf_of, open_event, opening_matches
from consent.models import EventRow
from tests.packets.builders import Story, a_story
from tests.packets.test_duties import EVERYTHING
from tests.pulls.builders import revoke
from yidaitong.authorizations.desk import desk_of
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto.box import CryptoBox, DekKind
from yidaitong.kernel.crypto.keks.loading import provider_of
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.kernel.errors import DomainError
from yidaitong.oversight.invariants.order import ORDER
from yidaitong.packets import attesting, lapsing, withdrawing
from yidaitong.packets.attesting import Erasure, Method
from yidaitong.packets.models import Packet
from yidaitong.packets.places import content_place, jwe_place
from yidaitong.pulls.models import PullLine
from yidaitong.pulls.results import answer_place
from yidaitong.runtime import Runtime


@pytest.fixture
def story(runtime: Runtime) -> Story:
    return a_story(runtime)


def revoked(story: Story, packet_id: UUID) -> None:
    del packet_id
    revoke(story.runtime, story.case)
    with story.runtime.transaction(SYSTEM) as uow:
        withdrawing.withdraw(uow, story.case.chain_id)


def lapsed(story: Story, packet_id: UUID) -> None:
    with story.runtime.transaction(SYSTEM) as uow:
        uow.session.execute(
            update(Packet).where(Packet.id == packet_id).values(fetch_before=uow.now)
        )
    with story.runtime.transaction(SYSTEM) as uow:
        lapsing.lapse_due(uow)


def erased(story: Story, packet_id: UUID) -> None:
    """Fetched, withdrawn, and erased by the bank as it must."""
    story.fetch(packet_id)
    revoked(story, packet_id)
    with story.runtime.transaction(SYSTEM) as uow:
        digest = uow.session.get_one(Packet, packet_id).packet_sha256
    said = Erasure(packets=(digest,), method=Method.OVERWRITE, operator="ops-7", at=wall())
    statement = attesting.statement(PrivateKey.read(story.ack), story.bank_id, said)
    bank = replace(story.case.banker, permissions=EVERYTHING)
    with story.runtime.transaction(bank) as uow:
        attesting.attest(uow, statement)


def opened(story: Story, packet_id: UUID) -> list[str]:
    """What opens with everything at rest, by a process that remembers no key."""
    box = CryptoBox(provider_of(story.runtime.settings))
    chain_id = story.case.chain_id
    found = []
    with story.runtime.transaction(SYSTEM) as uow:
        packet = uow.session.get_one(Packet, packet_id)
        places = {
            "content": (content_place(chain_id, packet_id), packet.content),
            "jwe": (jwe_place(chain_id, packet_id), packet.jwe),
        }
        for line in uow.session.scalars(select(PullLine)):
            places[line.resource] = (answer_place(chain_id, line.id), line.answer_sealed)
        for name, (place, sealed) in places.items():
            if sealed is None:
                continue
            try:
                box.open(uow.session, place, sealed)
            except DomainError:
                continue
            found.append(name)
    return found


def queued(runtime: Runtime) -> str:
    """Everything the queue holds."""
    parts = []
    for key in runtime.redis.scan_iter():
        dumped = runtime.redis.dump(key)
        parts.append(repr((key, dumped)))
    return " ".join(parts)


class TestDump:
    @pytest.mark.promise("T31", "I16")
    @pytest.mark.parametrize("end", [revoked, lapsed, erased])
    def test_no_packet_opens_and_the_evidence_still_does(
        self, story: Story, end: Callable[[Story, UUID], None]
    ) -> None:
        packet_id = story.sealed()
        assert {"content", "jwe"} <= set(opened(story, packet_id))

        end(story, packet_id)

        left = opened(story, packet_id)
        assert "jwe" not in left
        # A lapse leaves our own copy to the consent's term; without the key above all it is noise.
        assert end is lapsed or left == []
        assert "eyJ" not in queued(story.runtime)  # No token, no signed text.
        ledger.step(story.runtime)
        with story.runtime.transaction(SYSTEM) as uow:
            desk = desk_of(uow)
            rows = uow.session.scalars(select(EventRow)).all()
            assert len(rows) > 10
            for row in rows:
                commit = json.loads(leaf_of(desk, row))["commit"]
                assert opening_matches(open_event(desk, row), commit)
            assert [one for invariant in ORDER for one in invariant.find(uow)] == []

    @pytest.mark.promise("I16")
    def test_once_salts_are_destroyed_nothing_opens_a_commitment(self, story: Story) -> None:
        packet_id = story.sealed()
        revoked(story, packet_id)
        with story.runtime.transaction(SYSTEM) as uow:
            rows = uow.session.scalars(
                select(EventRow).where(EventRow.chain_id == story.case.chain_id)
            ).all()
            before = [open_event(desk_of(uow), row).salt for row in rows]
            uow.crypto.destroy(uow.session, DekKind.EVIDENCE, story.case.chain_id)

        box = CryptoBox(provider_of(story.runtime.settings))
        with story.runtime.transaction(SYSTEM) as uow:
            uow.crypto = box
            for row in rows:
                with pytest.raises(DomainError):
                    open_event(desk_of(uow), row)
            dump = " ".join(
                uow.session.scalars(text("SELECT t::text FROM consent.event AS t")).all()
            )
        assert len(before) > 5
        assert [salt for salt in before if b64u_decode(salt).hex() in dump or salt in dump] == []
