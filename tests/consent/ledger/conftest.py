"""A log to write to, in a database of its own."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Server
from tests.consent.ledger.logs import Log, url_of


@pytest.fixture
def closed_log(database: str, server: Server, tmp_path: Path) -> Iterator[Log]:
    made = Log(partial(url_of, server.url, database), tmp_path / "heads" / "head")
    yield made
    made.close()


@pytest.fixture
def log(closed_log: Log) -> Log:
    closed_log.open()
    return closed_log
