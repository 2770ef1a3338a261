"""The departments' server over real HTTP."""

from collections.abc import Iterator

import pytest

from tests.sandboxes import LiveSandbox, live_sandbox
from yidaitong.enterprises.registry import RegistryQuestion
from yidaitong.kernel.ids import uuid7
from yidaitong.runtime import Runtime

FIRM = "91370199MA31U2DL73"


@pytest.fixture
def live(runtime: Runtime) -> Iterator[LiveSandbox]:
    with live_sandbox(runtime) as found:
        yield found


class TestLookUp:
    def test_the_registry_knows_a_made_up_firm(self, runtime: Runtime, live: LiveSandbox) -> None:
        record = runtime.gateway.look_up(RegistryQuestion(uuid7(), uuid7(), FIRM))

        assert (record.known, record.name) == (True, "济南鑫源达机电有限公司")
