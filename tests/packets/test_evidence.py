"""While evidence cannot be written nothing is asked, released or handed over; stopping goes on."""

import pytest

from consent.errors import EvidenceUnavailableError
from consent.ledger.entries import submit
from consent.lifecycle import ConsentState
from consent.models import Chain
from tests.consent.ledger.builders import a_leaf
from tests.packets.builders import Story, a_story
from tests.pulls.builders import a_pull, pause, revoke
from yidaitong.jobs import ledger
from yidaitong.kernel import evidence
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime

pytestmark = pytest.mark.promise("R15")


@pytest.fixture
def story(runtime: Runtime) -> Story:
    return a_story(runtime)


def fall_behind(runtime: Runtime) -> None:
    """A leaf that has waited far too long for its index."""
    ledger.step(runtime)
    with runtime.transaction(SYSTEM) as uow:
        submit(uow.session, a_leaf())  # Its time is long ago.
    evidence._gauges.clear()


def catch_up(runtime: Runtime) -> None:
    ledger.step(runtime)
    evidence._gauges.clear()


def state_of(story: Story) -> ConsentState:
    with story.runtime.transaction(SYSTEM) as uow:
        return uow.session.get_one(Chain, story.case.chain_id).state


class TestEvidence:
    def test_nothing_is_asked(self, story: Story) -> None:
        fall_behind(story.runtime)

        with pytest.raises(EvidenceUnavailableError):
            a_pull(story.runtime, story.case)

    def test_nothing_is_released_until_it_is_back(self, story: Story) -> None:
        pull_id = story.collect()
        fall_behind(story.runtime)

        with pytest.raises(EvidenceUnavailableError):
            story.release(pull_id)
        catch_up(story.runtime)

        assert story.release(pull_id)

    def test_nothing_is_handed_over_until_it_is_back(self, story: Story) -> None:
        packet_id = story.sealed()
        fall_behind(story.runtime)

        with pytest.raises(EvidenceUnavailableError):
            story.fetch(packet_id)
        catch_up(story.runtime)

        assert story.fetch(packet_id).packet_id == packet_id

    def test_pausing_and_revoking_go_on(self, story: Story) -> None:
        fall_behind(story.runtime)

        pause(story.runtime, story.case)
        assert state_of(story) is ConsentState.PAUSED
        revoke(story.runtime, story.case)
        assert state_of(story) is ConsentState.REVOKED
