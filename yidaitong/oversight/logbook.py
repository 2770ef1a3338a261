"""The transparency log as the console shows it: newest head, backlog, kinds of leaves, one leaf."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from consent.encoding import b64u
from consent.ledger.errors import ProofError, TileError
from consent.ledger.proofs import Growth, Inclusion, growth_between, inclusion_at
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork

READ = "ledger.read"
_HEADS: Final = text(
    "SELECT c.size, c.root, c.note, c.at FROM ledger.checkpoint c "
    "JOIN ledger.published p ON p.size = c.size ORDER BY c.size DESC LIMIT :limit"
)
_WITNESSES: Final = text(
    "SELECT DISTINCT ON (witness) witness, size, at FROM "
    "(SELECT * FROM ledger.cosignature ORDER BY id DESC LIMIT 256) AS newest "
    "ORDER BY witness, id DESC"
)
_BACKLOG: Final = text("SELECT count(*) FROM ledger.pending")
_KINDS: Final = text(
    "SELECT type, count(*) AS n, max(at) AS last FROM consent.event GROUP BY type ORDER BY type"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One published head: how many entries, the root over them, the signed note."""

    size: int
    root: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The newest head one witness cosigned, and when its line came in."""

    witness: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How often one kind of act was recorded, and when last."""

    type: str
    count: int
    last: datetime


def witnesses(uow: UnitOfWork) -> Sequence[Seen]:
    """The newest head each witness cosigned, of those that did lately."""
    uow.actor.require(READ)
    rows = uow.session.execute(_WITNESSES)
    return [Seen(witness=row.witness, size=row.size, at=row.at) for row in rows]


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


def inclusion(uow: UnitOfWork, index: int) -> Inclusion:
    """The leaf at an index with its proof under the newest published head.

    Raises:
        NotFoundError: no published head covers it.
    """
    uow.actor.require(READ)
    try:
        return inclusion_at(uow.session, index)
    except TileError as error:
        raise NotFoundError(f"leaf {index}") from error


def growth(uow: UnitOfWork, old: int, new: int) -> Growth:
    """The proof that one published head is a prefix of another.

    Raises:
        NotFoundError: one of them was not published, or they stand in the wrong order.
    """
    uow.actor.require(READ)
    try:
        return growth_between(uow.session, old, new)
    except (TileError, ProofError) as error:
        raise NotFoundError(f"heads {old} and {new}") from error
