"""A world for each test of this folder."""

from collections.abc import Iterator

import pytest

from tests.notices.builders import World, a_world
from tests.sandboxes import live_sandbox
from yidaitong.runtime import Runtime


@pytest.fixture
def world(runtime: Runtime) -> Iterator[World]:
    """A consent over eight departments, its bank's callback address, all of them live."""
    with live_sandbox(runtime) as live:
        yield a_world(runtime, live)
