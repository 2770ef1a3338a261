"""Goals 1 and 2 without a database: appending and proving in memory, by CPU time."""

import os
import random
from collections.abc import Callable
from hashlib import sha256
from time import process_time_ns

from consent.ledger.folders import verify_folder
from consent.ledger.merkle import Tree, verify_consistency, verify_inclusion
from consent.ledger.policy import policy_of
from tests.bench.measuring import Round, cpu_rate, percentile, ratio, single
from tests.consent.ledger.builders import a_signer, bodies, files_of

ENTRY_BYTES = 300
BATCH = 256
LEAVES = 1_000_000
PROOFS = 4_000
_entries = [os.urandom(ENTRY_BYTES) for _ in range(BATCH)]


def floor() -> int:
    """One leaf hash and one node hash an entry: nobody can do with less."""
    node = b"\x01" + bytes(64)
    for entry in _entries:
        sha256(b"\x00" + entry).digest()
        sha256(node).digest()
    return BATCH


def appended(batch: bool) -> Round:
    """Our rate beside the floor's, in one round."""
    tree = Tree()

    def extend() -> int:
        tree.extend(_entries)
        return BATCH

    def append() -> int:
        for entry in _entries:
            tree.append(entry)
        return BATCH

    return ratio(cpu_rate(extend if batch else append), cpu_rate(floor))


def great_tree() -> Tree:
    """A million leaves."""
    tree = Tree()
    tree.extend_hashes(os.urandom(32) for _ in range(LEAVES))
    return tree


def proved(tree: Tree, consistency: bool) -> Round:
    """Median CPU time of one proof, microseconds; each proof is checked afterwards."""
    dice = random.Random(2018)  # noqa: S311 - a fixed seed
    root = tree.root()
    prove: Callable[[int], list[bytes]] = (
        tree.consistency_proof if consistency else tree.inclusion_proof
    )
    spent = []
    for _ in range(PROOFS):
        place = dice.randrange(1, tree.size)
        began = process_time_ns()
        proof = prove(place)
        spent.append(process_time_ns() - began)
        if consistency:
            verify_consistency(place, tree.size, proof, tree.root(place), root)
        else:
            verify_inclusion(place, tree.size, tree._node((0, place)), proof, root)
    return single(percentile(spent, 0.5) / 1000)


def rechecked(entries: int) -> Callable[[], Round]:
    """Entries a second of CPU time when a whole exported log is checked again."""
    files = files_of(bodies(entries))
    policy = policy_of(str(a_signer().vkey))

    def check() -> int:
        report = verify_folder(files.get, policy)
        if not report.ok:
            raise ValueError(report.code)
        return entries

    return lambda: single(cpu_rate(check))
