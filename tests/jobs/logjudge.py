"""A judge who has nothing but the published log: ``python -m tests.jobs.logjudge FOLDER``.

Reads type, consent and order of the leaves. Nothing is handed over behind a withdrawal or a
voidance, and nothing is issued behind an end by itself.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from consent.ledger.checkpoint import read_checkpoint
from consent.ledger.note import read_note
from consent.ledger.paths import paths_of, read_bundle

FINAL = {"consent.revoked", "consent.voided", "consent.use_withdrawn", "consent.void_found"}
RUN_OUT = {"consent.expired", "consent.exhausted"}
ISSUED, FETCHED = "packet.issued", "packet.fetched"
Leaf = tuple[str, str | None]


@dataclass
class Verdict:
    """``broken``: index and type of what should not stand there; ``seen``: leaves by type."""

    broken: list[tuple[int, str]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)


def leaves_in(folder: Path) -> Iterator[Leaf]:
    """Type and consent of every leaf of an exported log, in its order."""
    head = read_checkpoint(read_note((folder / "checkpoint").read_bytes()).text)
    for path in paths_of(head.size):
        if path.level is None:
            for entry in read_bundle((folder / str(path)).read_bytes()):
                leaf = json.loads(entry)
                yield leaf["type"], leaf.get("consent")


def judge(leaves: Iterable[Leaf]) -> Verdict:
    verdict, final, run_out = Verdict(), set(), set()
    for index, (kind, consent) in enumerate(leaves):
        verdict.seen[kind] += 1
        late = kind in {ISSUED, FETCHED} and consent in final
        if late or (kind == ISSUED and consent in run_out):
            verdict.broken.append((index, kind))
        if kind in FINAL:
            final.add(consent)
        if kind in RUN_OUT:
            run_out.add(consent)
    return verdict


if __name__ == "__main__":
    found = judge(leaves_in(Path(sys.argv[1])))
    sys.stdout.write(json.dumps({"broken": found.broken, "seen": found.seen}) + "\n")
    sys.exit(1 if found.broken else 0)
