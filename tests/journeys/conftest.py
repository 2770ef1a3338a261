"""One demo for all journeys of a run."""

from collections.abc import Iterator

import pytest

from tests.journeys.stacks import Stack, running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo, started as its user starts it."""
    home = tmp_path_factory.mktemp("demo") / "home"
    with running(home) as made:
        yield made
