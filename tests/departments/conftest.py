"""Live departments and a gateway to them, without a database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.departments.gateways import Platform, a_gateway
from tests.sandboxes import LiveSandbox, sandbox_at
from yidaitong.departments.gateway import Gateway
from yidaitong.kernel.clock import wall
from yidaitong.sandbox.wires import bomb


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("departments")


@pytest.fixture(scope="module")
def platform(home: Path) -> Platform:
    return Platform(home)


@pytest.fixture(scope="module")
def departments(home: Path, platform: Platform) -> Iterator[LiveSandbox]:
    bomb()  # Made before anybody is timed.
    with sandbox_at(home) as live:
        yield live


@pytest.fixture
def live(departments: LiveSandbox) -> LiveSandbox:
    departments.faults()
    departments.sandbox.journal.clear()
    departments.turn_clock(wall)
    return departments


@pytest.fixture
def gateway(live: LiveSandbox, platform: Platform) -> Iterator[Gateway]:
    with a_gateway(live, platform) as made:
        yield made
