"""Goals 2 to 5 on PostgreSQL: ours beside raw inserts of the same rows on the same server."""

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import perf_counter

import psycopg
from sqlalchemy import Column, LargeBinary, MetaData, Table, insert, text

from consent.ledger.edges import Edge, inclusion_from_tiles
from consent.ledger.entries import Leaf, submit
from consent.ledger.merkle import Tree, verify_inclusion
from consent.ledger.proofs import tile_reader
from consent.ledger.sequencer import sequence
from tests.bench.measuring import Round, percentile, ratio, single, wall
from tests.consent.ledger.builders import a_leaf
from tests.consent.ledger.cluster import Cluster, execute, make_log, url
from tests.consent.ledger.logs import Log

BODY_BYTES = 400
WRITERS = 4
_numbers = count()
_RAW = (
    "CREATE TABLE public.raw (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " key bytea NOT NULL, body bytea NOT NULL)"
)
_RAW_MANY = (
    "INSERT INTO public.raw (key, body)"
    " SELECT * FROM unnest(CAST(%s AS bytea[]), CAST(%s AS bytea[]))"
)
_RAW_ONE = "INSERT INTO public.raw (key, body) VALUES (%s, %s)"
# The statements of consent.ledger.entries, for one entry and for many.
_SUBMIT = (
    "WITH e AS (INSERT INTO ledger.entry (key, body) VALUES (%s, %s) "
    "ON CONFLICT (key) DO NOTHING RETURNING id) "
    "INSERT INTO ledger.pending (id) SELECT id FROM e RETURNING id"
)
_SUBMIT_MANY = (
    "WITH e AS (INSERT INTO ledger.entry (key, body) "
    "SELECT * FROM unnest(CAST(%s AS bytea[]), CAST(%s AS bytea[])) "
    "ON CONFLICT (key) DO NOTHING RETURNING id) "
    "INSERT INTO ledger.pending (id) SELECT id FROM e"
)
# As all our rows: its id is made in Python, none is asked for.
_business = Table(
    "raw",
    MetaData(),
    Column("key", LargeBinary, primary_key=True),
    Column("body", LargeBinary),
    schema="public",
)


@contextmanager
def fresh(cluster: Cluster) -> Iterator[Log]:
    """A database of its own for one round: dropping big tables stalls the commits that follow."""
    name = f"round{next(_numbers)}"
    folder = Path(cluster.log.head_file).parent / name
    log = make_log(cluster.server.owner_url, name, folder / "head")
    execute(url(cluster.server.owner_url, name), [_RAW, "GRANT ALL ON public.raw TO ydt_app"])
    execute(url(cluster.server.owner_url, "postgres"), ["CHECKPOINT"])
    yield log
    log.close()


def plain(log: Log) -> "psycopg.Connection[tuple[object, ...]]":
    """The application's login by the bare driver."""
    return psycopg.connect(log.url("ydt_app").replace("+psycopg", ""))


def rows(many: int) -> tuple[list[bytes], list[bytes]]:
    """Keys and bodies, made before any clock runs."""
    return [os.urandom(32) for _ in range(many)], [os.urandom(BODY_BYTES) for _ in range(many)]


def leaves(many: int) -> list[Leaf]:
    """As many leaves; a leaf has about 300 bytes."""
    return [a_leaf() for _ in range(many)]


def raw_rate(log: Log, batch: int, batches: int) -> float:
    """Rows a second by one statement and one commit a batch."""
    made = [rows(batch) for _ in range(batches)]
    with plain(log) as connection:
        with wall() as spent:
            for keys, bodies in made:
                connection.execute(_RAW_MANY, (keys, bodies))
                connection.commit()
        return batch * batches / spent()


def sequenced(cluster: Cluster, batch: int, batches: int) -> Round:
    """Sequencing and integrating what waits, beside raw inserts of the same rows."""
    with fresh(cluster) as log:
        for _ in range(batches):
            keys, bodies = rows(batch)
            with plain(log) as connection:
                connection.execute(_SUBMIT_MANY, (keys, bodies))
        sequence(log.ledger, limit=1)
        execute(log.url("ydt_owner"), ["ANALYZE", "CHECKPOINT"])
        done = 0
        with wall() as spent:
            while taken := sequence(log.ledger, limit=batch):
                done += taken
            ours = done / spent()
        return ratio(ours, raw_rate(log, batch, batches))


def submitted(cluster: Cluster, batch: int, batches: int) -> Round:
    """Submitting ``batch`` entries in one transaction, beside raw inserts of the same rows."""
    made = [rows(batch) for _ in range(batches)]
    with fresh(cluster) as log:
        with plain(log) as connection:
            connection.execute("SELECT 1")
            with wall() as spent:
                for keys, bodies in made:
                    connection.execute(_SUBMIT_MANY, (keys, bodies))
                    connection.commit()
                ours = batch * batches / spent()
        return ratio(ours, raw_rate(log, batch, batches))


def end_to_end(cluster: Cluster, entries: int) -> Round:
    """Four writers, one entry a commit, a sequencer at work, until the last has its index."""
    with fresh(cluster) as log:
        stop = threading.Event()
        child = _sequencer(log)
        try:
            with wall() as spent:
                _write(log, entries, _SUBMIT)
                while log.one("SELECT size FROM ledger.state") <= WRITERS * entries:
                    stop.wait(0.002)
                ours = WRITERS * entries / spent()
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)
        with wall() as spent:
            _write(log, entries, _RAW_ONE)
            floor = WRITERS * entries / spent()
        return ratio(ours, floor)


def _sequencer(log: Log) -> int:
    child = os.fork()
    if child == 0:
        from tests.consent.ledger.nursery import work  # noqa: PLC0415 - in the child only

        try:
            work(log.url("ydt_ledger"))
        finally:
            os._exit(1)
    return child


def _write(log: Log, entries: int, statement: str) -> None:
    made = [rows(entries) for _ in range(WRITERS)]
    connections = [plain(log) for _ in range(WRITERS)]

    def write(at: int) -> None:
        connection = connections[at]
        for key, body in zip(*made[at], strict=True):
            connection.execute(statement, (key, body))
            connection.commit()

    threads = [threading.Thread(target=write, args=(at,)) for at in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for connection in connections:
        connection.close()


def with_business_row(cluster: Cluster, acts: int) -> Round:
    """A business row and its entry through SQLAlchemy Core, beside a bare insert and commit."""
    made, (keys, bodies) = leaves(acts), rows(acts)
    statement = insert(_business)
    with fresh(cluster) as log, log.app.connect() as core, plain(log) as connection:
        core.execute(text("SELECT 1"))
        core.commit()
        with wall() as spent:
            for leaf, key, body in zip(made, keys, bodies, strict=True):
                core.execute(statement, {"key": key, "body": body})
                submit(core, leaf)
                core.commit()
            ours = acts / spent()
        with wall() as spent:
            for key, body in zip(keys, bodies, strict=True):
                connection.execute(_RAW_ONE, (key, body))
                connection.commit()
            floor = acts / spent()
        return ratio(ours, floor)


def lone_submit(cluster: Cluster, acts: int) -> Round:
    """Median milliseconds of one submit with its commit."""
    made = leaves(acts)
    with fresh(cluster) as log, log.app.connect() as core:
        spent = []
        for leaf in made:
            began = perf_counter()
            submit(core, leaf)
            core.commit()
            spent.append(perf_counter() - began)
    return single(1000 * percentile(spent, 0.5))


def from_tiles(cluster: Cluster, size: int, proofs: int) -> Callable[[], Round]:
    """Median milliseconds of an inclusion proof from stored tiles, nothing cached by us."""
    tree = Tree()
    hashes = [os.urandom(32) for _ in range(size)]
    tree.extend_hashes(hashes)
    _, writes = Edge().extend(hashes)
    context = fresh(cluster)
    log = context.__enter__()  # Kept for all rounds: they only read.
    with log.engine("ydt_owner").begin() as connection:
        connection.execute(text("ALTER TABLE ledger.tile DISABLE TRIGGER USER"))
        connection.execute(
            text(
                "INSERT INTO ledger.tile VALUES (:level, :n, :data)"
                " ON CONFLICT (lvl, n) DO UPDATE SET data = excluded.data"
            ),
            [{"level": one.level, "n": one.n, "data": one.data} for one in writes],
        )
    execute(log.url("ydt_owner"), ["ANALYZE ledger.tile"])
    dice = random.Random(2018)  # noqa: S311 - a fixed seed

    def run() -> Round:
        spent = []
        with log.app.connect() as connection:
            read = tile_reader(connection)
            for _ in range(proofs):
                index = dice.randrange(size)
                began = perf_counter()
                proof = inclusion_from_tiles(index, size, read)
                spent.append(perf_counter() - began)
                verify_inclusion(index, size, hashes[index], proof, tree.root())
        return single(1000 * percentile(spent, 0.5))

    return run
