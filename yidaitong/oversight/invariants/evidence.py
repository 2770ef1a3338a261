"""I1, I2: every act has its leaf and every leaf its act; heads grow out of one another."""

import hashlib
from collections.abc import Iterator
from typing import Final

from sqlalchemy import text

from consent.ledger.merkle import Tree
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.invariants.checks import Invariant

_ACTS_WITHOUT_LEAF: Final = text(
    """
    SELECT e.id FROM consent.event e LEFT JOIN ledger.entry l ON l.id = e.entry_id
    WHERE l.id IS NULL
       OR convert_from(l.body, 'UTF8')::jsonb ->> 'type' <> e.type
       OR convert_from(l.body, 'UTF8')::jsonb ->> 'ref' <> e.ref::text
       OR (convert_from(l.body, 'UTF8')::jsonb ->> 'n')::int <> e.n
    """
)
# The log's own acts (opening, keys) belong to nobody.
_LEAVES_WITHOUT_ACT: Final = text(
    """
    SELECT l.id FROM ledger.entry l LEFT JOIN consent.event e ON e.entry_id = l.id
    WHERE e.id IS NULL
      AND convert_from(l.body, 'UTF8')::jsonb ->> 'type' NOT IN ('log.opened', 'keys.changed')
    """
)
_SEQUENCE: Final = text(
    "SELECT s.idx, s.h, l.body FROM ledger.seq s JOIN ledger.entry l ON l.id = s.id ORDER BY s.idx"
)
_HEADS: Final = text("SELECT size, root FROM ledger.checkpoint ORDER BY size")
_STATE: Final = text("SELECT size, root FROM ledger.state")
_LEAF_PREFIX: Final = b"\x00"  # RFC 9162 §2.1.1
_BATCH: Final = 1000


def _unmatched(uow: UnitOfWork) -> Iterator[str]:
    for event_id in uow.session.scalars(_ACTS_WITHOUT_LEAF):
        yield f"event {event_id}"
    for entry_id in uow.session.scalars(_LEAVES_WITHOUT_ACT):
        yield f"entry {entry_id}"


def _wrong_heads(uow: UnitOfWork) -> Iterator[str]:
    tree = Tree()
    rows = uow.session.execute(_SEQUENCE, execution_options={"yield_per": _BATCH})
    for expected, row in enumerate(rows):
        body = bytes(row.body)
        if row.idx != expected:
            yield f"index {row.idx}"
        if hashlib.sha256(_LEAF_PREFIX + body).digest() != bytes(row.h):
            yield f"hash {row.idx}"
        tree.append(body)
    heads = [*uow.session.execute(_HEADS), *uow.session.execute(_STATE)]
    for head in heads:
        if head.size > tree.size or tree.root(head.size) != bytes(head.root):
            yield f"head {head.size}"


EVIDENCE: Final = (
    Invariant(
        id="I1",
        text=Text(
            "每个行为恰有一条存证，每条存证恰有一个行为",
            "Each act has exactly one leaf and each leaf one act",
        ),
        find=_unmatched,
    ),
    Invariant(
        id="I2",
        text=Text(
            "由记录重算的根与每个已签名的日志头一致，序号连续",
            "Roots recomputed from rows equal every signed head, indices are contiguous",
        ),
        find=_wrong_heads,
    ),
)
