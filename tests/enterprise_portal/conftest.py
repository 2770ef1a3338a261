"""One seeded installation with live departments for a whole module."""

from collections.abc import Iterator

import pytest

from tests.conftest import Server, settings_for
from tests.enterprise_portal.world import World, a_world
from yidaitong.kernel.settings import Settings
from yidaitong.runtime import Runtime


@pytest.fixture(scope="module")
def world(
    server: Server, base_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Departments, banks, products and a log; each test brings its own firm."""
    name = server.create(server.template)
    settings = settings_for(base_settings, server, name, tmp_path_factory.mktemp("world"))
    runtime = Runtime(settings)
    runtime.redis.flushdb()
    with a_world(runtime) as made:
        yield made
    runtime.close()
    server.drop(name)
