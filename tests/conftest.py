"""Shared servers and databases: one PostgreSQL and one Valkey per run, a template per worker."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from tests import servers
from tests.servers import DATABASE_VARIABLE
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.box import CryptoBox
from yidaitong.kernel.crypto.keks.loading import provider_of
from yidaitong.kernel.db.engine import bind_actor, make_engine
from yidaitong.kernel.settings import Settings
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.migrations import migrate
from yidaitong.runtime import Runtime


def pytest_configure(config: pytest.Config) -> None:
    """Start both servers once, in the process that starts the workers."""
    if hasattr(config, "workerinput") or os.environ.get("YDT_TEST_NO_SERVERS"):
        return
    servers.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    servers.stop()


def _named(url: str, name: str, user: str | None = None) -> str:
    address = make_url(url).set(database=name)
    if user is not None:
        address = address.set(username=user)
    return address.render_as_string(hide_password=False)


@dataclass(frozen=True)
class Server:
    """The suite's PostgreSQL and this worker's migrated template."""

    url: str
    template: str

    def execute(self, statement: str) -> None:
        engine = create_engine(_named(self.url, "postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def create(self, template: str | None = None) -> str:
        name = f"ydt_{uuid4().hex[:16]}"
        source = f' TEMPLATE "{template}"' if template else ""
        self.execute(f'CREATE DATABASE "{name}"{source}')
        return name

    def drop(self, name: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server with a migrated template database."""
    made = Server(os.environ[DATABASE_VARIABLE], "")
    template = made.create()
    migrate.upgrade(_named(made.url, template))
    made = replace(made, template=template)
    yield made
    made.drop(template)


@pytest.fixture(scope="session")
def base_settings(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the suite; tests replace the database."""
    home = tmp_path_factory.mktemp("home")
    return Settings(
        env="test",
        home=home,
        database_url=_named(server.url, server.template, "ydt_app"),
        owner_database_url=_named(server.url, server.template),
        ledger_database_url=_named(server.url, server.template, "ydt_ledger"),
        redis_url=servers.redis_url(),
        secret_key="test-secret-key-test-secret-key-0000",
        keks={1: bytes(range(32))},
        cookie_secure=False,
        ledger_head_file=home / "head",
        gateway_keys_file=home / "departments.jwks.json",
        allow_private_addresses=True,
        rate_limits=False,
        argon2_memory_kib=1024,
    )


def settings_for(settings: Settings, server: Server, name: str, home: Path) -> Settings:
    """The suite's settings on another database and home."""
    return replace(
        settings,
        home=home,
        database_url=_named(server.url, name, "ydt_app"),
        owner_database_url=_named(server.url, name),
        ledger_database_url=_named(server.url, name, "ydt_ledger"),
        ledger_head_file=home / "head",
        gateway_keys_file=home / "departments.jwks.json",
    )


@pytest.fixture(scope="session")
def crypto(base_settings: Settings) -> CryptoBox:
    """The suite's keys."""
    return CryptoBox(provider_of(base_settings))


@pytest.fixture(scope="session")
def shared_database(server: Server) -> Iterator[str]:
    """A database of this worker for tests that roll back."""
    name = server.create(server.template)
    yield name
    server.drop(name)


@pytest.fixture(scope="session")
def shared_engine(server: Server, shared_database: str) -> Iterator[Engine]:
    """Engine of the application's role on the shared database."""
    engine = make_engine(_named(server.url, shared_database, "ydt_app"))
    yield engine
    engine.dispose()


@pytest.fixture
def uow(
    shared_engine: Engine,
    server: Server,
    shared_database: str,
    base_settings: Settings,
    crypto: CryptoBox,
    tmp_path: Path,
) -> Iterator[UnitOfWork]:
    """A unit of work as the system; everything is rolled back, commits are savepoints."""
    settings = settings_for(base_settings, server, shared_database, tmp_path)
    with shared_engine.connect() as connection:
        outer = connection.begin()
        session = Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        bind_actor(session, SYSTEM)
        yield UnitOfWork(session=session, actor=SYSTEM, settings=settings, crypto=crypto)
        session.close()
        outer.rollback()


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """An empty migrated database of this test alone; its name."""
    name = server.create(server.template)
    yield name
    server.drop(name)


@pytest.fixture
def runtime(
    database: str, server: Server, base_settings: Settings, tmp_path: Path
) -> Iterator[Runtime]:
    """A real runtime with real commits on a database of its own."""
    made = Runtime(settings_for(base_settings, server, database, tmp_path))
    made.redis.flushdb()
    yield made
    made.close()
