"""A log to write to; its database is shared and emptied, which is faster than a new one."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.conftest import Server
from tests.consent.ledger.logs import Log, url_of

TABLES = ("published", "cosignature", "checkpoint", "state", "tile", "seq", "pending", "entry")


@pytest.fixture(scope="session")
def log_database(server: Server) -> Iterator[str]:
    """The database of all logs of this worker; its name."""
    name = server.create(server.template)
    yield name
    server.drop(name)


@pytest.fixture
def closed_log(log_database: str, server: Server, tmp_path: Path) -> Iterator[Log]:
    made = Log(partial(url_of, server.url, log_database), tmp_path / "heads" / "head")
    yield made
    with made.engine("ydt_owner").begin() as connection:
        # The guards hold against everybody, so they are switched off.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in TABLES:
            connection.execute(text(f"DELETE FROM ledger.{table}"))  # noqa: S608 - constants
    made.close()


@pytest.fixture
def log(closed_log: Log) -> Log:
    closed_log.open()
    return closed_log
