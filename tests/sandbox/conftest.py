"""Live departments for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.departments.gateways import Platform
from tests.sandboxes import LiveSandbox, sandbox_at
from yidaitong.kernel.clock import wall


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("departments")


@pytest.fixture(scope="module")
def platform(home: Path) -> Platform:
    return Platform(home)


@pytest.fixture(scope="module")
def departments(home: Path, platform: Platform) -> Iterator[LiveSandbox]:
    with sandbox_at(home) as live:
        yield live


@pytest.fixture
def live(departments: LiveSandbox) -> Iterator[LiveSandbox]:
    departments.faults()
    departments.sandbox.journal.clear()
    yield departments
    departments.turn_clock(wall)
