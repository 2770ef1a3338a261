"""Invariants of packets: clean after a real story, broken by what only an intruder could write."""

import pytest
from sqlalchemy import update

from tests.packets.builders import a_story
from yidaitong.kernel.actor import SYSTEM
from yidaitong.oversight.invariants.checks import look
from yidaitong.oversight.invariants.running import INVARIANTS, check_all
from yidaitong.packets.models import Packet
from yidaitong.pulls.models import PullLine
from yidaitong.runtime import Runtime

BY_ID = {invariant.id: invariant for invariant in INVARIANTS}


@pytest.mark.promise("I13")
@pytest.mark.promise("I4")
def test_a_story_is_clean_and_a_fetch_without_leaf_is_found(runtime: Runtime) -> None:
    story = a_story(runtime)
    packet_id = story.sealed()
    story.fetch(packet_id)
    with runtime.transaction(SYSTEM) as uow:
        assert [one.id for one in check_all(uow) if not one.ok] == []

    with runtime.transaction(SYSTEM) as uow:
        uow.session.execute(update(Packet).values(copies=Packet.copies + 1))

    with runtime.transaction(SYSTEM) as uow:
        assert look(uow, BY_ID["I13"]).examples == (f"packet {packet_id}",)


@pytest.mark.promise("I4")
def test_a_part_nobody_granted_is_found(runtime: Runtime) -> None:
    story = a_story(runtime)
    story.sealed()
    with runtime.transaction(SYSTEM) as uow:
        uow.session.execute(
            update(PullLine).where(PullLine.resource == "TAX.PAY").values(resource="TAX.INV")
        )

    with runtime.transaction(SYSTEM) as uow:
        assert look(uow, BY_ID["I4"]).breaks == 1
