"""Bringing an older database up to a published head, from the published files; as the owner.

A restored backup misses leaves that people already hold proofs of. Their bytes are public, so the
log itself can be made whole again; what business rows are lost is told, for people to repair.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from consent.ledger.checkpoint import Checkpoint, open_checkpoint
from consent.ledger.durable import read_if_there, write_durably
from consent.ledger.edges import WIDTH, root_at
from consent.ledger.errors import LedgerForkError
from consent.ledger.folders import CHECKPOINT, ReadFile, verify_folder
from consent.ledger.guard import Guard
from consent.ledger.leaves import Leaf, parse_leaf
from consent.ledger.merkle import leaf_hash
from consent.ledger.paths import TilePath, read_bundle
from consent.ledger.policy import Policy
from consent.ledger.proofs import tile_reader
from consent.ledger.sequencer import State, integrate, locked_state, prepare

_ENTRY: Final = text("SELECT id, body FROM ledger.entry WHERE key = :key")
_ADD: Final = text("INSERT INTO ledger.entry (key, body) VALUES (:key, :body) RETURNING id")
_PLACE: Final = text("INSERT INTO ledger.seq (idx, id, h) VALUES (:idx, :id, :h)")
_TAKEN: Final = text("DELETE FROM ledger.pending WHERE id = :id")
_HEAD: Final = text(
    "INSERT INTO ledger.checkpoint (size, root, note) VALUES (:size, :root, :note)"
    " ON CONFLICT (size) DO NOTHING"
)
_SEEN: Final = text("INSERT INTO ledger.published (size) VALUES (:size) ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True)
class Recovered:
    """``orphans``: leaves whose act the database does not know any more."""

    head: Checkpoint
    taken: int
    orphans: tuple[Leaf, ...]


def recover(connection: Connection, guard: Guard, read: ReadFile) -> Recovered:
    """Take the leaves the database misses from published files, up to their signed head.

    Raises:
        LedgerForkError: the files are not this log's, do not reach the head file or do not
            continue the database, or a stored key stands over another body.
        LedgerNotOpenError: the log is not open under this origin.
    """
    head, note = _verified(guard, read)
    prepare(connection)
    state = locked_state(connection, guard.origin)
    if head.size < state.size:
        raise LedgerForkError("the files end before the database does")
    bodies = _bodies(read, state.size, head.size)
    orphans = _take(connection, state, bodies)
    if root_at(head.size, tile_reader(connection)) != head.root:
        raise LedgerForkError("the files do not continue the database")
    connection.execute(_HEAD, {"size": head.size, "root": head.root, "note": note})
    connection.execute(_SEEN, {"size": head.size})
    return Recovered(head, len(bodies), tuple(orphans))


def _verified(guard: Guard, read: ReadFile) -> tuple[Checkpoint, str]:
    """The files' head: signed by our key, over these very files, continuing the head file."""
    policy = Policy(logs=tuple(one.vkey for one in guard.verifiers))
    report = verify_folder(read, policy, guard.head())
    if not report.ok or report.log != guard.origin:
        raise LedgerForkError(f"the files are refused: {report.code}")
    note = read(CHECKPOINT) or b""
    return open_checkpoint(note, guard.verifiers).checkpoint, note.decode()


def _bodies(read: ReadFile, first: int, size: int) -> list[bytes]:
    found: list[bytes] = []
    for n in range(first // WIDTH, -(-size // WIDTH)):
        width = min(WIDTH, size - WIDTH * n)
        data = read(str(TilePath(None, n, width))) or read(str(TilePath(None, n))) or b""
        found += read_bundle(data)[:width]
    return found[first % WIDTH :]


def _take(connection: Connection, state: State, bodies: list[bytes]) -> list[Leaf]:
    orphans = []
    for index, body in enumerate(bodies, state.size):
        leaf = parse_leaf(body)
        row = connection.execute(_ENTRY, {"key": leaf.key}).one_or_none()
        if row is not None and bytes(row.body) != body:
            raise LedgerForkError(f"entry {index} is stored with another body")
        if row is None:
            orphans.append(leaf)
            entry_id = connection.execute(_ADD, {"key": leaf.key, "body": body}).scalar_one()
        else:
            entry_id = row.id
            connection.execute(_TAKEN, {"id": entry_id})
        connection.execute(_PLACE, {"idx": index, "id": entry_id, "h": leaf_hash(body)})
    if bodies:
        integrate(connection, state, [leaf_hash(body) for body in bodies])
    return orphans


def adopt_head(connection: Connection, guard: Guard) -> Checkpoint:
    """Write a lost head file again from the newest signed head; a person answers for it.

    Raises:
        LedgerForkError: there is a head file, no head was ever signed, or tiles are damaged.
        LedgerNotOpenError: the log is not open under this origin.
    """
    if read_if_there(guard.head_file) is not None:
        raise LedgerForkError("there is a head file")
    found = guard.look(connection)
    if found.signed is None or found.note is None:
        raise LedgerForkError("no head was signed")
    head = open_checkpoint(found.note.encode(), guard.verifiers).checkpoint
    write_durably(guard.head_file, found.note.encode())
    return head
