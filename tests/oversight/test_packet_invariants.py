"""Invariants of packets: clean after a real story, broken by what only an intruder could write."""

import json
from uuid import UUID

import pytest
from sqlalchemy import update

from consent.encoding import b64u, b64u_decode
from tests.packets.builders import a_story
from tests.packets.test_amending import OPTIONAL, WITHOUT_COURT, amend
from yidaitong.authorizations.narrowing import Less
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.invariants.checks import look
from yidaitong.oversight.invariants.running import INVARIANTS, check_all
from yidaitong.packets.models import Packet
from yidaitong.packets.places import content_place
from yidaitong.packets.sealing import composed
from yidaitong.pulls.models import PullLine, PullSlot
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


@pytest.mark.promise("I4", "I15")
@pytest.mark.parametrize("less", [WITHOUT_COURT, Less(calls=1)])
def test_what_an_earlier_version_allowed_is_no_break(runtime: Runtime, less: Less) -> None:
    story = a_story(runtime, OPTIONAL)
    for key in ("one", "two"):
        story.fetch(story.sealed(key=key))
    amend(story, less)

    with runtime.transaction(SYSTEM) as uow:
        assert [one.id for one in check_all(uow) if not one.ok] == []


@pytest.mark.promise("I4")
def test_a_packet_that_holds_more_than_its_version_is_found(runtime: Runtime) -> None:
    story = a_story(runtime)
    packet_id = story.sealed()
    with runtime.transaction(SYSTEM) as uow:
        add_part(uow, packet_id, "TAX.INV")

    with runtime.transaction(SYSTEM) as uow:
        assert look(uow, BY_ID["I4"]).examples == (f"packet {packet_id}",)


def add_part(uow: UnitOfWork, packet_id: UUID, resource: str) -> None:
    """As an intruder with the keys would."""
    packet = uow.session.get_one(Packet, packet_id)
    content = composed(uow, packet)
    head, body, signature = content["packet"].split(".")
    told = json.loads(b64u_decode(body))
    told["resources"].append({"resource": resource})
    content["packet"] = f"{head}.{b64u(json.dumps(told).encode())}.{signature}"
    place = content_place(packet.chain_id, packet.id)
    packet.content = uow.crypto.seal(uow.session, place, json.dumps(content).encode())


@pytest.mark.promise("I15")
def test_a_call_beyond_the_limit_is_found(runtime: Runtime) -> None:
    story = a_story(runtime)
    story.sealed()
    with runtime.transaction(SYSTEM) as uow:
        slot = PullSlot.resource == "TAX.PAY"
        uow.session.execute(update(PullSlot).where(slot).values(ordinal=4))

    with runtime.transaction(SYSTEM) as uow:
        assert look(uow, BY_ID["I15"]).breaks == 1
