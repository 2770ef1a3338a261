"""Goals 6 and 7: how long an act waits for its index and its head; that none is lost or doubled."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep

import psycopg
from sqlalchemy import make_url

from tests.bench.ledger_rows import BODY_BYTES
from tests.bench.measuring import Round, percentile, single
from tests.consent.ledger.cluster import Cluster, execute, url
from tests.consent.ledger.test_crashes import Size, survive
from yidaitong.jobs import ledger
from yidaitong.kernel.settings import Settings
from yidaitong.migrations import migrate
from yidaitong.runtime import Runtime

RATE = 300
_POLL_SECONDS = 0.004
_SETTLE_SECONDS = 5.0
_SUBMIT = (
    "WITH e AS (INSERT INTO ledger.entry (key, body) VALUES (%s, %s) RETURNING id) "
    "INSERT INTO ledger.pending (id) SELECT id FROM e RETURNING id"
)
_SEEN = (
    "SELECT (SELECT max(id) FROM (SELECT id FROM ledger.seq ORDER BY idx DESC LIMIT 1) AS s),"
    " (SELECT id FROM ledger.seq WHERE idx = (SELECT max(size) - 1 FROM ledger.published))"
)
_WAIT = threading.Event()


@dataclass
class Waits:
    """Milliseconds from the moment an entry was meant to be submitted."""

    integrated: list[float] = field(default_factory=list)
    published: list[float] = field(default_factory=list)


def settings_of(cluster: Cluster, database: str, home: Path) -> Settings:
    """An installation of its own on this cluster."""
    execute(url(cluster.server.owner_url, "postgres"), [f'CREATE DATABASE "{database}"'])
    address = url(cluster.server.owner_url, database)
    migrate.upgrade(address)
    return Settings(
        env="test",
        home=home,
        database_url=url(cluster.server.owner_url, database, "ydt_app"),
        owner_database_url=address,
        ledger_database_url=url(cluster.server.owner_url, database, "ydt_ledger"),
        redis_url="redis://127.0.0.1:1",
        secret_key="0" * 32,
        keks={1: bytes(32)},
        ledger_head_file=home / "head",
    )


@contextmanager
def live(cluster: Cluster, database: str) -> Iterator[Settings]:
    """The log's own process at work on a database of its own."""
    home = cluster.log.head_file.parent / database
    home.mkdir(parents=True)
    settings = settings_of(cluster, database, home)
    runtime = Runtime(settings)
    ledger.init(runtime)
    runtime.close()
    child = os.fork()
    if child == 0:
        try:
            ledger.LedgerLoop(Runtime(settings)).run(threading.Event())
        finally:
            os._exit(1)
    try:
        yield settings
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def waited(settings: Settings, seconds: float) -> Waits:
    """Submit at a fixed rate, whatever the log does, and watch both positions from aside."""
    address = make_url(settings.database_url).set(drivername="postgresql")
    plain = address.render_as_string(hide_password=False)
    seen: list[tuple[float, int, int]] = []
    stop = threading.Event()

    def watch() -> None:
        with psycopg.connect(plain, autocommit=True) as connection:
            while not stop.is_set():
                integrated, published = connection.execute(_SEEN).fetchone() or (0, 0)
                seen.append((perf_counter(), integrated or 0, published or 0))
                stop.wait(_POLL_SECONDS)

    thread = threading.Thread(target=watch)
    thread.start()
    with psycopg.connect(plain, autocommit=True) as connection:
        sent = _submit(connection, seconds)
    ends_at = perf_counter() + _SETTLE_SECONDS
    while perf_counter() < ends_at and (not seen or seen[-1][2] < sent[-1][1]):
        _WAIT.wait(0.05)
    stop.set()
    thread.join()
    return _matched(sent, seen)


def _submit(connection: "psycopg.Connection[object]", seconds: float) -> list[tuple[float, int]]:
    count = int(RATE * seconds)
    rows = [
        (os.urandom(32), b'{"t":"2099-01-01T00:00:00Z"}'.ljust(BODY_BYTES)) for _ in range(count)
    ]
    began, sent = perf_counter(), []
    for number, row in enumerate(rows):
        intended = began + number / RATE
        sleep(max(0.0, intended - perf_counter()))
        found = connection.execute(_SUBMIT, row).fetchone()
        sent.append((intended, found[0] if found else 0))  # type: ignore[index]
    return sent


def _matched(sent: list[tuple[float, int]], seen: list[tuple[float, int, int]]) -> Waits:
    waits = Waits()
    for column, found in ((1, waits.integrated), (2, waits.published)):
        at = 0
        for intended, number in sent:
            while at < len(seen) and seen[at][column] < number:
                at += 1
            if at == len(seen):
                raise TimeoutError("an entry was never seen")
            found.append(1000 * (seen[at][0] - intended))
    return waits


def p99(values: list[float]) -> Round:
    """The wait that 99 of 100 do not exceed, milliseconds."""
    return single(percentile(values, 0.99))


def exactly_once(cluster: Cluster, folder: Path) -> Round:
    """Entries lost or doubled while sequencers and the server are killed: none, or it raises."""
    size = Size(writers=4, entries=600, kills=8, stops=1)
    count = survive(cluster, size, folder)
    return float(count < 1 + size.writers * size.entries), float(count), None
