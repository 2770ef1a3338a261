"""The jobs by their names: each may run twice, and sealing comes back until its proof is out."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.packets.builders import Story, a_story
from tests.pulls.builders import log_of, revoke
from yidaitong.jobs import ledger, registry, tasks
from yidaitong.kernel.actor import SYSTEM
from yidaitong.packets.lifecycle import PacketState
from yidaitong.packets.models import Packet
from yidaitong.runtime import Runtime


@pytest.fixture
def story(runtime: Runtime) -> Story:
    tasks.load()
    return a_story(runtime)


def run(story: Story, name: str, **ids: UUID) -> timedelta | None:
    arguments = {key: str(value) for key, value in ids.items()}
    return registry.run(story.runtime, name, arguments)


def state(story: Story) -> tuple[UUID, PacketState]:
    with story.runtime.transaction(SYSTEM) as uow:
        packet = uow.session.scalars(select(Packet)).one()
        return packet.id, packet.state


@pytest.mark.promise("R5")
class TestJobs:
    def test_from_release_to_sealed(self, story: Story) -> None:
        pull_id = story.collect()
        for _ in range(2):
            assert run(story, "packets.release", pull_id=pull_id) is None
        packet_id, _ = state(story)

        assert run(story, "packets.seal", packet_id=packet_id)  # Comes back soon.
        ledger.step(story.runtime)
        for _ in range(2):
            assert run(story, "packets.seal", packet_id=packet_id) is None
        assert state(story) == (packet_id, PacketState.SEALED)
        for name in ("packets.lapse", "packets.forget"):
            assert run(story, name) is None
        assert state(story) == (packet_id, PacketState.SEALED)

    def test_a_revocation_ends_what_waits_for_its_proof(self, story: Story) -> None:
        run(story, "packets.release", pull_id=story.collect())
        packet_id, _ = state(story)
        revoke(story.runtime, story.case)
        ledger.step(story.runtime)

        assert run(story, "packets.seal", packet_id=packet_id) is None  # Nothing to seal.
        for _ in range(2):
            assert run(story, "packets.withdraw", chain_id=story.case.chain_id) is None
        assert state(story) == (packet_id, PacketState.WITHDRAWN)
        with story.runtime.transaction(SYSTEM) as uow:
            assert log_of(uow, story.case.chain_id).count("packet.withdrawn") == 1
