"""Checking an exported log offline: tiles rebuilt from bundles, leaves read, promises judged."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from consent.events import EventType
from consent.ledger.checkpoint import Checkpoint, SignedHead, open_checkpoint
from consent.ledger.edges import WIDTH, Edge, TileKey, consistency_from_tiles
from consent.ledger.errors import LeafError, LedgerError, ProofError, TileError
from consent.ledger.leaves import Leaf, parse_leaf
from consent.ledger.merkle import HASH_BYTES, leaf_hash, verify_consistency
from consent.ledger.paths import TilePath, paths_of, read_bundle
from consent.ledger.policy import Policy
from consent.ledger.report import Report
from consent.ledger.signatures import verifier_of

CHECKPOINT: Final = "checkpoint"
ReadFile = Callable[[str], bytes | None]

_STOPPED: Final = frozenset(
    {
        EventType.CONSENT_REVOKED,
        EventType.CONSENT_VOIDED,
        EventType.CONSENT_USE_WITHDRAWN,
        EventType.CONSENT_VOID_FOUND,
    }
)
_ENDED: Final = frozenset({EventType.CONSENT_EXPIRED, EventType.CONSENT_EXHAUSTED})


def read_from(folder: Path) -> ReadFile:
    """Reads files of an exported log."""

    def read(name: str) -> bytes | None:
        try:
            return (folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    return read


def verify_folder(read: ReadFile, policy: Policy, old: Checkpoint | None = None) -> Report:
    """Check a whole log as its files say it, and that it continues ``old``."""
    report = Report()
    with suppress(LedgerError):  # Noted in the report.
        _verify(report, read, policy, old)
    return report


def _verify(report: Report, read: ReadFile, policy: Policy, old: Checkpoint | None) -> None:
    with report.checking("note.signature"):
        head = _head(read, policy)
    checkpoint = head.checkpoint
    report.log, report.size = checkpoint.origin, checkpoint.size
    with report.checking("policy.quorum"):
        report.witnesses = policy.check(head)
    tiles: dict[TileKey, bytes] = {}
    judge = Judge()
    with report.checking("log.tile"):
        edge = _rebuild(read, checkpoint.size, tiles, judge)
        _compare(read, checkpoint.size, tiles)
    with report.checking("proof.inclusion"):
        if edge.root() != checkpoint.root:
            raise ProofError("the entries do not give the root of the checkpoint")
    for check in ("leaf.format", "log.duplicate", "log.order"):
        with report.checking(check):
            judge.tell(check)
    if old is not None:
        with report.checking("proof.consistency"):
            _check_growth(tiles, checkpoint, old)


def _head(read: ReadFile, policy: Policy) -> SignedHead:
    data = read(CHECKPOINT)
    if data is None:
        raise TileError("no checkpoint")
    return open_checkpoint(data, [verifier_of(key) for key in policy.keys])


def _rebuild(read: ReadFile, size: int, tiles: dict[TileKey, bytes], judge: "Judge") -> Edge:
    edge = Edge()
    for path in _bundles(size):
        entries = read_bundle(_file(read, path))[: path.width]
        if len(entries) != path.width:
            raise TileError(f"{path} holds too few entries")
        for place, entry in enumerate(entries, WIDTH * path.n):
            judge.take(place, entry)
        edge, writes = edge.extend([leaf_hash(entry) for entry in entries])
        for write in writes:
            tiles[write.level, write.n] = write.data
    return edge


def _bundles(size: int) -> Iterator[TilePath]:
    return (path for path in paths_of(size) if path.level is None)


def _compare(read: ReadFile, size: int, tiles: dict[TileKey, bytes]) -> None:
    for path in paths_of(size):
        if path.level is None:
            continue
        data = _file(read, path)[: HASH_BYTES * path.width]
        if data != tiles.get((path.level, path.n)):
            raise TileError(f"{path} is not what the entries give")


def _file(read: ReadFile, path: TilePath) -> bytes:
    """A tile's file; where a partial one is gone, the full one that took its place."""
    data = read(str(path))
    if data is None and path.width < WIDTH:
        data = read(str(TilePath(path.level, path.n)))
    if data is None:
        raise TileError(f"{path} is missing")
    return data


def _check_growth(tiles: dict[TileKey, bytes], new: Checkpoint, old: Checkpoint) -> None:
    check = "proof.consistency"
    if old.origin != new.origin:
        raise ProofError("the old head is of another log", check=check)
    if old.size > new.size:
        raise ProofError("the log is shorter than it was", check=check)
    if old.size:  # An empty log is a prefix of any.
        proof = consistency_from_tiles(old.size, new.size, lambda keys: {k: tiles[k] for k in keys})
        verify_consistency(old.size, new.size, proof, old.root, new.root)


@dataclass(slots=True)
class Judge:
    """The promises any reader of the leaves can check, without opening one."""

    failures: dict[str, LedgerError] = field(default_factory=dict)
    _keys: set[bytes] = field(default_factory=set)
    _stopped: set[UUID] = field(default_factory=set)
    _ended: set[UUID] = field(default_factory=set)

    def take(self, index: int, entry: bytes) -> None:
        """Judge the next leaf."""
        try:
            leaf = parse_leaf(entry)
        except LeafError as error:
            self._fail("leaf.format", f"entry {index}: {error}")
            return
        if leaf.key in self._keys:
            self._fail("log.duplicate", f"entry {index} repeats type, ref and n")
        self._keys.add(leaf.key)
        if (index == 0) != (leaf.type is EventType.LOG_OPENED):
            self._fail("log.order", f"entry {index}: log.opened is the first leaf and no other")
        self._take_consent(index, leaf)

    def _take_consent(self, index: int, leaf: Leaf) -> None:
        consent = leaf.consent
        if consent is None:
            return
        issued = leaf.type is EventType.PACKET_ISSUED
        fetched = leaf.type is EventType.PACKET_FETCHED
        late = consent in self._stopped and (issued or fetched)
        if late or (consent in self._ended and issued):
            self._fail("log.order", f"entry {index}: {leaf.type} after the end of its consent")
        if leaf.type in _STOPPED:
            self._stopped.add(consent)
        if leaf.type in _ENDED:
            self._ended.add(consent)

    def tell(self, check: str) -> None:
        """Refuse where a leaf broke the promise behind ``check``.

        Raises:
            LedgerError: the first that did.
        """
        if check in self.failures:
            raise self.failures[check]

    def _fail(self, check: str, reason: str) -> None:
        self.failures.setdefault(check, LedgerError(reason, check=check))
