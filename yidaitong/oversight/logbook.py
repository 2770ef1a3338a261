"""The transparency log as the console shows it: newest head, backlog, kinds of leaves, one leaf."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from consent.encoding import b64u
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork

READ = "ledger.read"
_HEADS: Final = text(
    "SELECT c.size, c.root, c.note, c.at FROM ledger.checkpoint c "
    "JOIN ledger.published p ON p.size = c.size ORDER BY c.size DESC LIMIT :limit"
)
_BACKLOG: Final = text("SELECT count(*) FROM ledger.pending")
_KINDS: Final = text(
    "SELECT type, count(*) AS n, max(at) AS last FROM consent.event GROUP BY type ORDER BY type"
)
_LEAF: Final = text(
    "SELECT s.idx, l.body FROM ledger.seq s JOIN ledger.entry l ON l.id = s.id WHERE s.idx = :idx"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One published head: how many entries, the root over them, the signed note."""

    size: int
    root: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How often one kind of act was recorded, and when last."""

    type: str
    count: int
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One entry of the log, as anybody may read it."""

    index: int
    members: Mapping[str, Any]


def heads(uow: UnitOfWork, limit: int = 10) -> Sequence[Head]:
    """The newest published heads, newest first."""
    uow.actor.require(READ)
    rows = uow.session.execute(_HEADS, {"limit": limit})
    return [
        Head(size=row.size, root=b64u(bytes(row.root)), note=row.note, at=row.at) for row in rows
    ]


def backlog(uow: UnitOfWork) -> int:
    """Entries committed and not yet given an index."""
    uow.actor.require(READ)
    return int(uow.session.scalar(_BACKLOG) or 0)


def kinds(uow: UnitOfWork) -> Sequence[Kind]:
    """Acts by kind."""
    uow.actor.require(READ)
    return [Kind(type=row.type, count=row.n, last=row.last) for row in uow.session.execute(_KINDS)]


def leaf(uow: UnitOfWork, index: int) -> Leaf:
    """The leaf at an index.

    Raises:
        NotFoundError: the log is shorter.
    """
    uow.actor.require(READ)
    row = uow.session.execute(_LEAF, {"idx": index}).one_or_none()
    if row is None:
        raise NotFoundError(f"leaf {index}")
    return Leaf(index=row.idx, members=json.loads(bytes(row.body)))
