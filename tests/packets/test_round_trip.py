"""From a collected pull to a packet the bank has verified, and everything that must not happen."""

import pytest

from tests.packets.builders import Story, a_story
from yidaitong.packets.verify import verify
from yidaitong.runtime import Runtime


@pytest.fixture
def story(runtime: Runtime) -> Story:
    return a_story(runtime)


class TestRoundTrip:
    def test_a_bank_verifies_what_it_fetched(self, story: Story) -> None:
        sealed = story.fetch(story.sealed())

        report = verify(sealed.jwe, story.trust())

        assert report.as_json()["code"] is None, report.checks
        assert report.ok
