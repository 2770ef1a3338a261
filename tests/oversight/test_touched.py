"""What a key touched: everything of its time and its owner, and nothing else's."""

from collections import Counter

import pytest

from tests.packets.builders import Story, a_story
from tests.packets.test_reconciling import ONE, taken
from yidaitong.kernel.actor import PUBLIC, SYSTEM
from yidaitong.kernel.crypto.box import KeyUse
from yidaitong.kernel.errors import ForbiddenError, NotFoundError
from yidaitong.oversight.touched import Touched, holder_of, touched
from yidaitong.packets import rotating
from yidaitong.packets.opening import platform_keys
from yidaitong.runtime import Runtime

pytestmark = pytest.mark.promise("T22")


def found(runtime: Runtime, kid: str) -> list[Touched]:
    with runtime.transaction(SYSTEM) as uow:
        return list(touched(uow, holder_of(uow, kid)))


def kinds(runtime: Runtime, kid: str) -> Counter[str]:
    return Counter(one.kind for one in found(runtime, kid))


def kid_of(runtime: Runtime, use: KeyUse) -> str:
    with runtime.transaction(SYSTEM) as uow:
        return uow.crypto.kid(uow.session, use)


@pytest.fixture
def story(runtime: Runtime) -> Story:
    story = a_story(runtime, ONE)
    taken(story, "one")
    return story


def test_each_key_lists_what_it_touched(runtime: Runtime, story: Story) -> None:
    packet_id = story.sealed(key="two")
    with runtime.transaction(SYSTEM) as uow:
        samr, tax = (
            next(key for key in platform_keys(uow).values() if key.owner == owner).kid
            for owner in ("SAMR", "TAX")
        )

    assert kinds(runtime, kid_of(runtime, KeyUse.PACKET)) == {"packet": 2}
    assert kinds(runtime, kid_of(runtime, KeyUse.ARTEFACT)) == {"consent": 1}
    assert kinds(runtime, kid_of(runtime, KeyUse.TICKET)) == {"line": 2}
    assert kinds(runtime, story.enc["kid"]) == {"packet": 2}
    assert kinds(runtime, story.ack["kid"]) == {"packet receipt": 1}
    assert (kinds(runtime, samr), kinds(runtime, tax)) == ({"answer": 2}, {})
    told = found(runtime, story.enc["kid"])
    assert {one.bank_id for one in told} == {story.bank_id}
    assert str(packet_id) in {one.id for one in told}


def test_what_came_long_after_a_rotation_is_the_new_keys(runtime: Runtime, story: Story) -> None:
    old = kid_of(runtime, KeyUse.PACKET)
    with runtime.transaction(SYSTEM) as uow:
        changed = rotating.rotate(uow, KeyUse.PACKET, compromised=True)
    assert kinds(runtime, old) == {"packet": 1}

    with runtime.transaction(SYSTEM) as uow:
        told = holder_of(uow, changed.old_kid)

    assert (told.owner, told.use) == ("platform", "packet")
    assert told.revoked_at is not None
    assert told.revoked_at == told.to_at


@pytest.mark.usefixtures("story")
def test_only_operators_ask_and_strangers_are_not_found(runtime: Runtime) -> None:
    with runtime.transaction(PUBLIC) as uow, pytest.raises(ForbiddenError):
        holder_of(uow, "x")
    with runtime.transaction(SYSTEM) as uow, pytest.raises(NotFoundError):
        holder_of(uow, "x" * 43)
