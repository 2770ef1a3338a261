"""A whole platform's database on a PostgreSQL of its own, to be stopped, copied and put back."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import make_url

from tests import servers
from tests.consent.ledger.cluster import execute
from tests.consent.ledger.logs import url_of
from yidaitong.embedded import postgres
from yidaitong.kernel.settings import Settings
from yidaitong.migrations import migrate
from yidaitong.runtime import Runtime


@dataclass
class Platform:
    """The server in ``home``, and settings of processes that use it."""

    home: Path
    server: postgres.Server
    settings: Settings
    _runtimes: list[Runtime] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.server._tools.data

    def runtime(self, settings: Settings | None = None) -> Runtime:
        """A runtime that is closed with the platform."""
        made = Runtime(settings or self.settings)
        self._runtimes.append(made)
        return made

    def branch(self, name: str) -> Settings:
        """A copy of the database as it is, under ``name``, with a home and a head file of its own.

        Runtimes are closed first: nobody may be connected to what is copied.
        """
        self.leave()
        known = make_url(self.settings.owner_database_url).database
        self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{known}"')
        made = _settings(self.settings, self.server.owner_url, name, self.home / name)
        shutil.copytree(self.settings.home, made.home, dirs_exist_ok=True)
        return made

    @contextmanager
    def branched(self, known: Settings, name: str) -> Iterator[Settings]:
        """As :meth:`branch` with the rest of ``known``, gone with the block."""
        made = self.branch(name)
        yield replace(made, keks=known.keks)
        self.leave()
        self.forget(name)

    def forget(self, name: str) -> None:
        self._admin(f'DROP DATABASE "{name}" WITH (FORCE)')

    def copy(self, folder: Path) -> None:
        """Copy the data directory as a power cut would leave it, and go on."""
        self._stop()
        shutil.rmtree(folder, ignore_errors=True)
        _copy(self.data, folder)
        postgres._reach(self.server._tools)

    def put_back(self, folder: Path) -> None:
        """Start from a copy; what the database learnt since is gone."""
        self._stop()
        shutil.rmtree(self.data)
        _copy(folder, self.data)
        postgres._reach(self.server._tools)

    def flush(self) -> None:
        """Have everything in memory written to files."""
        self._admin("CHECKPOINT")

    def leave(self) -> None:
        while self._runtimes:
            self._runtimes.pop().close()

    def _stop(self) -> None:
        self.server._tools.run("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def _admin(self, statement: str) -> None:
        execute(url_of(self.server.owner_url, "postgres", postgres.OWNER), [statement])


def _copy(source: Path, folder: Path) -> None:
    """With owners and rights: the server runs as an account of its own."""
    subprocess.run(["/bin/cp", "-a", str(source), str(folder)], check=True)


def _settings(known: Settings, server_url: str, name: str, home: Path) -> Settings:
    home.mkdir(exist_ok=True)
    return replace(
        known,
        home=home,
        database_url=url_of(server_url, name, "ydt_app"),
        owner_database_url=url_of(server_url, name, "ydt_owner"),
        ledger_database_url=url_of(server_url, name, "ydt_ledger"),
        redis_url=servers.redis_url(),
        ledger_head_file=home / "head",
        gateway_keys_file=home / "departments.jwks.json",
    )


@contextmanager
def platform(known: Settings) -> Iterator[Platform]:
    """A migrated database on a throw-away cluster; ``fsync`` is on, as in production."""
    with tempfile.TemporaryDirectory(prefix="ydt-crash-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # Servers that root starts as another account must get through.
        server = postgres.start(home / "home")
        made = None
        try:
            settings = _settings(known, server.owner_url, "platform", home / "platform")
            migrate.ensure_database(settings.owner_database_url)
            migrate.upgrade(settings.owner_database_url)
            made = Platform(home, server, settings)
            yield made
        finally:
            if made is not None:
                made.leave()
            server.stop()
