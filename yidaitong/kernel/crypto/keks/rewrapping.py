"""Moving keys from older versions of the KEK to the active one: read, turn, put.

Turning asks the KEK's holder and needs no transaction; putting changes only what is still as it
was read. Both may run twice or be killed at any point: a row is under one version or the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keks.keyring import Keyring, dek_name, index_name, signing_name
from yidaitong.kernel.crypto.keks.models import IndexKey, Kek
from yidaitong.kernel.crypto.models import Dek, SigningKey
from yidaitong.kernel.db.base import Base

# Rows of one transaction.
BATCH: Final = 1_000


class Kept(StrEnum):
    """What rests under a KEK. Keys of packets rest under their consent's data key instead."""

    DATA = "data"
    SIGNING = "signing"
    INDEX = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """One wrapped key as it was read."""

    kept: Kept
    id: Any
    about: str
    version: int
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """The same key under another version."""

    before: Wrapped
    version: int
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Table:
    model: type[Dek] | type[SigningKey] | type[IndexKey]
    key: InstrumentedAttribute[Any]
    name: Any
    top: ColumnElement[bool] | None = None


_TABLES: Final[Mapping[Kept, _Table]] = {
    # The few that everything waits for come first.
    Kept.INDEX: _Table(IndexKey, IndexKey.name, index_name),
    Kept.SIGNING: _Table(SigningKey, SigningKey.kid, signing_name),
    Kept.DATA: _Table(
        Dek, Dek.id, dek_name, and_(Dek.parent_id.is_(None), Dek.wrapped.is_not(None))
    ),
}


def waiting(session: Session, keyring: Keyring, limit: int) -> list[Wrapped]:
    """Some of what rests under an older version than the active one; empty when nothing does."""
    active = keyring.active(session)
    found: list[Wrapped] = []
    for kept, table in _TABLES.items():
        if len(found) == limit:
            break
        rows = session.execute(
            select(table.key, table.model.kek_ver, table.model.wrapped)
            .where(*_older(table, active))
            .order_by(table.model.kek_ver, table.key)
            .limit(limit - len(found))
        ).all()
        found += [
            Wrapped(kept=kept, id=key, about=table.name(key), version=version, wrapped=wrapped)
            for key, version, wrapped in rows
        ]
    return found


def turn(
    keyring: Keyring, rows: Iterable[Wrapped], version: int
) -> tuple[list[Turned], list[Wrapped]]:
    """The same keys under ``version``, and those that do not unwrap: altered, or of another row.

    No transaction is open while the KEK's holder works.

    Raises:
        KekUnavailableError: a version is not to be had.
    """
    turned, broken = [], []
    for row in rows:
        try:
            key = keyring.unwrap(row.version, row.about, row.wrapped)
        except SealBrokenError:
            broken.append(row)
            continue
        wrapped = keyring.provider.wrap(version, row.about, key)
        turned.append(Turned(before=row, version=version, wrapped=wrapped))
    return turned, broken


def put(session: Session, turned: Sequence[Turned]) -> int:
    """Write them down; how many. Left alone: what changed, died, or somebody else holds now."""
    left: set[int] = set()
    done = 0
    for kept, table in _TABLES.items():
        mine = {one.before.id: one for one in turned if one.before.kept is kept}
        if not mine:
            continue
        rows = session.execute(
            select(table.key, table.model.wrapped)
            .where(table.key.in_(mine))
            .order_by(table.key)
            .with_for_update(skip_locked=True)
        ).all()
        still = [mine[key] for key, wrapped in rows if wrapped == mine[key].before.wrapped]
        if still:
            session.connection().execute(
                update(Base.metadata.tables[table.model.__tablename__])
                .where(table.key == bindparam("row"))
                .values(wrapped=bindparam("into"), kek_ver=bindparam("version")),
                [
                    {"row": one.before.id, "into": one.wrapped, "version": one.version}
                    for one in still
                ],
            )
        left |= {one.before.version for one in still}
        done += len(still)
    # A late one moves the moment: it counts from the last key that leaves.
    _mark(session, left, None)
    return done


def rests(session: Session, version: int) -> bool:
    """Whether any key rests under a version."""
    return any(
        session.scalar(
            select(
                exists(
                    select(table.key).where(
                        table.model.kek_ver == version,
                        *(() if table.top is None else (table.top,)),
                    )
                )
            )
        )
        for table in _TABLES.values()
    )


def in_use(session: Session) -> dict[int, int]:
    """How many keys rest under each version."""
    counts: dict[int, int] = {}
    for table in _TABLES.values():
        top = () if table.top is None else (table.top,)
        rows = session.execute(
            select(table.model.kek_ver, func.count()).where(*top).group_by(table.model.kek_ver)
        ).all()
        for version, count in rows:
            counts[version] = counts.get(version, 0) + count
    return counts


def finish(session: Session) -> list[int]:
    """Note that retired versions were left by their last key; the ones noted now."""
    rows = session.scalars(
        select(Kek.version).where(Kek.retired_at.is_not(None), Kek.rewrapped_at.is_(None))
    ).all()
    done = [version for version in rows if not rests(session, version)]
    _mark(session, done, func.clock_timestamp())
    return done


def _mark(session: Session, versions: Iterable[int], at: Any) -> None:
    session.execute(
        update(Kek)
        .where(Kek.version.in_(sorted(versions)), Kek.destroyed_at.is_(None))
        .values(rewrapped_at=at)
    )


def _older(table: _Table, active: int) -> list[ColumnElement[bool]]:
    older = table.model.kek_ver < active
    return [older] if table.top is None else [table.top, older]
