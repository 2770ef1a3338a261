"""Logs for tests: leaves, a key, a log as files in memory."""

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.encoding import b64u
from consent.events import PUBLIC, EventType
from consent.ledger.checkpoint import Checkpoint
from consent.ledger.edges import Edge, TileKey
from consent.ledger.leaves import Leaf
from consent.ledger.merkle import Tree, leaf_hash
from consent.ledger.note import NoteSigner
from consent.ledger.paths import paths_of, write_bundle
from yidaitong.kernel.ids import uuid7

ORIGIN = "log.test.example/ledger"
_SEED = bytes(range(32))


def a_signer(origin: str = ORIGIN, seed: bytes = _SEED) -> NoteSigner:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return NoteSigner(origin, key.public_key().public_bytes_raw(), key.sign)


def a_leaf(kind: EventType = EventType.CONSENT_PAUSED, n: int = 1, **changes: Any) -> Leaf:
    values: dict[str, Any] = {
        "type": kind,
        "ref": uuid7(),
        "n": n,
        "id": uuid7(),
        "t": "2026-03-05T08:30:21.418Z",
        "commit": b64u(bytes(32)),
        "public": {name: b64u(bytes(32)) for name in PUBLIC.get(kind, ()) if name != "packet_sm3"},
    }
    return Leaf(**(values | changes))


def opened() -> Leaf:
    return a_leaf(EventType.LOG_OPENED)


def bodies(count: int, seed: int = 1) -> list[bytes]:
    """Leaves of a log that keeps its promises; the same each time."""
    dice = random.Random(seed)  # noqa: S311 - a fixed seed
    kinds = [EventType.CONSENT_PAUSED, EventType.CONSENT_RESUMED, EventType.PACKET_ISSUED]
    made = [a_leaf(EventType.LOG_OPENED, ref=UUID(int=1), id=UUID(int=1))]
    for at in range(1, count):
        ref = UUID(int=dice.getrandbits(128))
        made.append(a_leaf(dice.choice(kinds), ref=ref, id=UUID(int=at + 1), consent=ref))
    return [leaf.body() for leaf in made]


def tiles_for(entries: Sequence[bytes]) -> dict[TileKey, bytes]:
    _, writes = Edge().extend([leaf_hash(entry) for entry in entries])
    return {(write.level, write.n): write.data for write in writes}


def head_of(entries: Sequence[bytes], origin: str = ORIGIN) -> Checkpoint:
    tree = Tree()
    tree.extend(entries)
    return Checkpoint(origin, tree.size, tree.root())


def files_of(entries: Sequence[bytes], signer: NoteSigner | None = None) -> dict[str, bytes]:
    """An exported log, signed with the real key."""
    signer = signer or a_signer()
    tiles = tiles_for(entries)
    files = {"checkpoint": signer.note(head_of(entries, signer.name).text).encode()}
    for path in paths_of(len(entries)):
        if path.level is None:
            start = 256 * path.n
            files[str(path)] = write_bundle(entries[start : start + path.width])
        else:
            files[str(path)] = tiles[path.level, path.n]
    return files
