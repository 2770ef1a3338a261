"""Giving every submitted leaf its index: one transaction a batch, any number of workers.

A batch's effects all stand in its transaction, so a killed worker changed nothing; the lock of
the state row fences the others, and a timeout fences a worker that froze.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from consent.ledger.edges import Edge, TileWrite
from consent.ledger.errors import LedgerForkError, LedgerNotOpenError

BATCH: Final = 1024
_LOCK_NOT_AVAILABLE: Final = "55P03"

# A plan cached while the log was small would scan all of it for each batch.
_SESSION: Final = """
    SELECT set_config(name, value, true) FROM (VALUES
        ('synchronous_commit', 'on'),
        ('enable_seqscan', 'off'),
        ('enable_hashjoin', 'off'),
        ('enable_mergejoin', 'off'),
        ('plan_cache_mode', 'force_custom_plan'),
        ('idle_in_transaction_session_timeout', '5s'),
        ('lock_timeout', '2s')
    ) AS wanted (name, value)
"""
_DURABLE = text("SELECT current_setting('fsync') = 'on'")
_LOCK = text("SELECT origin, size, root, edge FROM ledger.state WHERE one FOR UPDATE")
# One statement assigns and hashes: bodies never travel. READ COMMITTED gives it a snapshot taken
# after the lock, so it sees all that the previous holder committed.
_ASSIGN: Final = """
    WITH p AS (
        DELETE FROM ledger.pending WHERE id IN ({wanted}) RETURNING id
    ), s AS (
        INSERT INTO ledger.seq (idx, id, h)
        SELECT CAST(:size AS bigint) - 1 + row_number() OVER (ORDER BY id), id,
               sha256(decode('00', 'hex') || body)
        FROM p JOIN ledger.entry USING (id)
        RETURNING idx, h
    )
    SELECT h FROM s ORDER BY idx
"""
_NEXT = text(_ASSIGN.format(wanted="SELECT id FROM ledger.pending ORDER BY id LIMIT :limit"))
_ONE = text(_ASSIGN.format(wanted=":id"))
_TILE = text("""
    INSERT INTO ledger.tile (lvl, n, data)
    SELECT * FROM unnest(CAST(:levels AS smallint[]), CAST(:numbers AS bigint[]),
                         CAST(:data AS bytea[]))
    ON CONFLICT (lvl, n) DO UPDATE SET data = excluded.data
""")
_STATE = text("UPDATE ledger.state SET size = :size, root = :root, edge = :edge WHERE one")
_OPEN = text("INSERT INTO ledger.state (origin, size, root, edge) VALUES (:origin, 0, :root, '')")


@dataclass(frozen=True, slots=True)
class State:
    """The committed end of the log."""

    origin: str
    root: bytes
    edge: Edge

    @property
    def size(self) -> int:
        """Number of leaves with an index."""
        return self.edge.size


def prepare(connection: Connection) -> None:
    """Settings of this transaction; they end with it.

    Raises:
        LedgerForkError: the server does not write through: a crash could take back a head.
    """
    connection.execute(text(_SESSION))
    if not connection.execute(_DURABLE).scalar_one():
        raise LedgerForkError("PostgreSQL runs with fsync off")


def locked_state(connection: Connection, origin: str | None = None) -> State:
    """Lock and read the end of the log; whoever holds the lock is alone.

    Raises:
        LedgerNotOpenError: the log was not opened, or under another origin.
        LedgerForkError: size, edge and root of the row do not belong together.
    """
    row = connection.execute(_LOCK).one_or_none()
    if row is None:
        raise LedgerNotOpenError("the log is not open")
    if origin is not None and row.origin != origin:
        raise LedgerNotOpenError("the log was opened under another origin")
    edge = Edge(int(row.size), bytes(row.edge))
    if edge.root() != bytes(row.root):
        raise LedgerForkError("the edge of the log does not give its root")
    return State(str(row.origin), bytes(row.root), edge)


def sequence(
    engine: Engine, *, origin: str | None = None, limit: int = BATCH, at_least: int = 0
) -> int:
    """Integrate the next submitted leaves in order of id; how many. Safe from many workers.

    Another worker at work counts as nothing to do. ``at_least`` is the size of the newest head
    known outside the database.

    Raises:
        LedgerNotOpenError: the log was not opened, or under another origin.
        LedgerForkError: the state row is damaged, or behind ``at_least``.
    """
    try:
        with engine.begin() as connection:
            prepare(connection)
            state = locked_state(connection, origin)
            if state.size < at_least:
                raise LedgerForkError("the log is behind a known head")
            rows = connection.execute(_NEXT, {"size": state.size, "limit": limit}).scalars()
            leaves = [bytes(row) for row in rows]
            if leaves:
                integrate(connection, state, leaves)
            return len(leaves)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            return 0
        raise


def open_log(connection: Connection, origin: str, entry_id: int) -> None:
    """Make the state row and give its first leaf index 0, whatever else waits; as the owner."""
    root = Edge().root()
    connection.execute(_OPEN, {"origin": origin, "root": root})
    row = connection.execute(_ONE, {"size": 0, "id": entry_id}).scalar_one()
    integrate(connection, State(origin, root, Edge()), [bytes(row)])


def integrate(connection: Connection, state: State, leaves: list[bytes]) -> None:
    """Append leaf hashes that have their rows in ``seq``: tiles and the state row."""
    edge, writes = state.edge.extend(leaves)
    _write_tiles(connection, writes)
    connection.execute(_STATE, {"size": edge.size, "root": edge.root(), "edge": edge.data})


def _write_tiles(connection: Connection, writes: list[TileWrite]) -> None:
    connection.execute(
        _TILE,
        {
            "levels": [write.level for write in writes],
            "numbers": [write.n for write in writes],
            "data": [write.data for write in writes],
        },
    )
