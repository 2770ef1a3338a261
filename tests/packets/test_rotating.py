"""Changing a signing key under way: what was signed stays good, the log says when."""

import json

import pytest
from sqlalchemy import select

from consent.models import EventRow
from tests.packets.builders import Story, a_story
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.box import KeyUse, Rotation
from yidaitong.kernel.errors import ForbiddenError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import rotating
from yidaitong.packets.opening import platform_keys
from yidaitong.packets.verify import verify
from yidaitong.runtime import Runtime


@pytest.fixture
def story(runtime: Runtime) -> Story:
    return a_story(runtime)


def rotated(story: Story, use: KeyUse, *, compromised: bool = False) -> Rotation:
    with story.runtime.transaction(SYSTEM) as uow:
        return rotating.rotate(uow, use, compromised=compromised)


class TestRotate:
    @pytest.mark.promise("T22")
    @pytest.mark.parametrize("use", [KeyUse.PACKET, KeyUse.ARTEFACT])
    def test_packets_before_and_after_verify(self, story: Story, use: KeyUse) -> None:
        before = story.fetch(story.sealed(key="one"))
        changed = rotated(story, use)
        after = story.fetch(story.sealed(key="two"))

        assert changed.old_kid != changed.new_kid
        for sealed in (before, after):
            report = verify(sealed.jwe, story.trust())
            assert report.ok, report.checks

    @pytest.mark.promise("T22")
    def test_a_compromised_key_proves_nothing_later(self, story: Story) -> None:
        before = story.fetch(story.sealed(key="one"))
        with story.runtime.transaction(SYSTEM) as uow:
            stolen = uow.crypto.kid(uow.session, KeyUse.PACKET)
        rotated(story, KeyUse.PACKET, compromised=True)

        trust = story.trust()
        assert trust.keys[stolen].revoked_at is not None
        assert verify(before.jwe, trust).ok
        after = story.fetch(story.sealed(key="two"))
        assert verify(after.jwe, trust).ok

    def test_the_statement_is_bound_by_both_keys_and_in_the_log(self, story: Story) -> None:
        changed = rotated(story, KeyUse.RECEIPT)
        with story.runtime.transaction(SYSTEM) as uow:
            keys = platform_keys(uow)
            rows = uow.session.scalars(select(EventRow).where(EventRow.type == "keys.changed"))
            assert len(rows.all()) == 1
        for text, kid in (
            (changed.statement, changed.old_kid),
            (changed.possession, changed.new_kid),
        ):
            found = jws.verify(text, typ="ydt-keys+jws", keys=keys)
            assert found.kid == kid
            assert json.loads(found.payload)["add"] == [changed.new_kid]

    def test_who_may_not(self, uow: UnitOfWork, story: Story) -> None:
        with pytest.raises(ForbiddenError):
            rotating.rotate(uow.acting(story.case.banker), KeyUse.PACKET)
