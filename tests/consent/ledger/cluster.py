"""A PostgreSQL of its own with nothing but a log, to be stopped without mercy."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from consent.ledger import schema
from tests.consent.ledger.logs import Log, url_of
from yidaitong.embedded import postgres

DATABASE = "log"


@dataclass
class Cluster:
    """The server, and the log in it."""

    server: postgres.Server
    log: Log

    def crash(self) -> None:
        """Stop at once, without a checkpoint, and start again; whoever was connected is cut off."""
        tools = self.server._tools
        tools.run("pg_ctl", "-D", tools.data, "-w", "-m", "immediate", "stop")
        postgres._reach(tools)


def url(server_url: str, database: str = DATABASE, role: str = "ydt_owner") -> str:
    return url_of(server_url, database, role)


def make_log(server_url: str, database: str, head_file: Path) -> Log:
    """A fresh database with an open log."""
    execute(url(server_url, "postgres"), [f'CREATE DATABASE "{database}"'])
    execute(url(server_url, database), [*schema.role_statements(), *schema.statements()])
    log = Log(lambda role: url(server_url, database, role), head_file)
    log.open()
    return log


def execute(address: str, statements: list[str]) -> None:
    engine = create_engine(make_url(address), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for one in statements:
            connection.execute(text(one))
    engine.dispose()


@contextmanager
def throw_away() -> Iterator[Cluster]:
    """A cluster in a temporary folder; ``fsync`` is on, as in production."""
    with tempfile.TemporaryDirectory(prefix="ydt-crash-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # Servers that root starts as another account must get through.
        server = postgres.start(home / "home")
        try:
            log = make_log(server.owner_url, DATABASE, home / "heads" / "head")
            yield Cluster(server, log)
            log.close()
        finally:
            server.stop()
