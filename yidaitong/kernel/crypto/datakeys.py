"""Data keys: made at first use, unwrapped for a minute at most, destroyed for ever."""

import secrets
import threading
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from yidaitong.kernel.clock import monotonic
from yidaitong.kernel.crypto import suites
from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keks.keyring import Keyring, dek_name
from yidaitong.kernel.crypto.models import Dek
from yidaitong.kernel.crypto.uses import DekKind, Place
from yidaitong.kernel.errors import DataGoneError
from yidaitong.kernel.ids import uuid7

KEEP_SECONDS = 60.0
_COLUMNS = (Dek.id, Dek.parent_id, Dek.wrapped, Dek.kek_ver, Dek.suite)


@dataclass(frozen=True, slots=True)
class DataKey:
    """One usable data key, and the suite it seals with."""

    id: UUID
    suite: str
    key: bytes = field(repr=False)


# Id, parent, wrapped key, version of the key it rests under, suite.
_Row = tuple[UUID, UUID | None, bytes | None, int, int]


@dataclass(frozen=True, slots=True)
class _Kept:
    suite: str
    key: bytes = field(repr=False)
    parent_id: UUID | None
    until: float


class DataKeys:
    """The data keys of one process, in the database wrapped under a key-encryption key.

    ``suite`` is what new keys are made in; a key goes on in the suite it was made in.
    """

    def __init__(self, keyring: Keyring, suite: str = "intl") -> None:
        self._keyring = keyring
        self._suite = suite
        self._kept: dict[UUID, _Kept] = {}
        # Ids asked to be destroyed here: never kept again, whoever reads an older row meanwhile.
        self._barred: set[UUID] = set()
        self._lock = threading.Lock()

    def of_place(self, session: Session, place: Place) -> DataKey:
        """The data key a place seals with; made, in this transaction, if there is none.

        Raises:
            DataGoneError: it was destroyed, and a new one would revive what must stay dead.
        """
        found = self._row(session, place.kind, place.owner_id)
        if found is None:
            self._make(session, place)
            found = self._row(session, place.kind, place.owner_id)
            if found is None:
                raise RuntimeError(f"no key {place.kind} {place.owner_id}")
        return self._unwrap(session, found)

    def by_id(self, session: Session, dek_id: UUID) -> DataKey:
        """The data key a field was sealed with.

        Raises:
            DataGoneError: it, or the key it is wrapped under, was destroyed.
        """
        kept = self._recall(dek_id)
        if kept is not None:
            return kept
        with session.no_autoflush:
            row = session.execute(select(*_COLUMNS).where(Dek.id == dek_id)).one_or_none()
        if row is None:
            raise SealBrokenError(f"no key {dek_id}")
        return self._unwrap(session, (row[0], row[1], row[2], row[3], row[4]))

    def destroy(self, session: Session, kind: DekKind, owner_id: UUID) -> UUID | None:
        """Forget a key here and in the database; its id, or None where none was alive and free."""
        with session.no_autoflush:
            dek_id = session.execute(
                update(Dek)
                .where(Dek.kind == kind, Dek.owner_id == owner_id, Dek.wrapped.is_not(None))
                .where(Dek.held.is_(False))
                .values(wrapped=None, destroyed_at=func.clock_timestamp())
                .returning(Dek.id)
                .execution_options(synchronize_session=False)
            ).scalar_one_or_none()
        if dek_id is not None:
            with self._lock:
                self._barred.add(dek_id)
                for known, kept in list(self._kept.items()):
                    if dek_id in {known, kept.parent_id}:
                        del self._kept[known]
        return dek_id

    def hold(self, session: Session, kind: DekKind, owner_id: UUID, *, held: bool) -> None:
        """Keep a key from being destroyed, or let it go again."""
        session.execute(
            update(Dek)
            .where(Dek.kind == kind, Dek.owner_id == owner_id, Dek.wrapped.is_not(None))
            .values(held=held)
            .execution_options(synchronize_session=False)
        )

    def _row(self, session: Session, kind: DekKind, owner_id: UUID) -> _Row | None:
        with session.no_autoflush:
            row = session.execute(
                select(*_COLUMNS).where(Dek.kind == kind, Dek.owner_id == owner_id)
            ).one_or_none()
        return None if row is None else (row[0], row[1], row[2], row[3], row[4])

    def _make(self, session: Session, place: Place) -> None:
        parent = None
        if place.within is not None:
            over = Place(
                kind=DekKind.DATA,
                owner_id=place.within,
                table=place.table,
                column=place.column,
                row_id=place.row_id,
            )
            parent = self.of_place(session, over)
        # One consent's keys are of one suite: a child follows its parent.
        suite = suites.of(self._suite if parent is None else parent.suite)
        dek_id, secret = uuid7(), secrets.token_bytes(suite.key_bytes)
        if parent is None:
            version, wrapped = self._keyring.wrap(session, dek_name(dek_id), secret)
        else:
            # Its parent wraps it: of no version, nobody wraps it again.
            version, wrapped = 0, suite.wrap_dek(parent.key, dek_id.bytes, secret)
        with session.no_autoflush:
            # Two makers at once: the second waits for the first, then reads its key.
            session.execute(
                insert(Dek)
                .values(
                    id=dek_id,
                    kind=place.kind,
                    owner_id=place.owner_id,
                    parent_id=None if parent is None else parent.id,
                    suite=suite.byte[0],
                    kek_ver=version,
                    wrapped=wrapped,
                )
                .on_conflict_do_nothing(index_elements=[Dek.kind, Dek.owner_id])
            )

    def _unwrap(self, session: Session, row: _Row) -> DataKey:
        dek_id, parent_id, wrapped, version, byte = row
        if wrapped is None:
            raise DataGoneError(f"key {dek_id} was destroyed")
        kept = self._recall(dek_id)
        if kept is not None:
            return kept
        suite = suites.of_byte(bytes([byte]))
        if suite is None:
            raise SealBrokenError(f"key {dek_id} is of suite {byte}")
        if parent_id is None:
            key = self._keyring.unwrap(version, dek_name(dek_id), wrapped)
        else:
            key = suite.unwrap_dek(self.by_id(session, parent_id).key, dek_id.bytes, wrapped)
        if len(key) != suite.key_bytes:
            raise SealBrokenError(f"key {dek_id} is of another suite")
        self._keep(dek_id, _Kept(suite.suite, key, parent_id, monotonic() + KEEP_SECONDS))
        return DataKey(dek_id, suite.suite, key)

    def _recall(self, dek_id: UUID) -> DataKey | None:
        now = monotonic()
        with self._lock:
            kept = self._kept.get(dek_id)
            if kept is None:
                return None
            if kept.until <= now:
                del self._kept[dek_id]
                return None
            return DataKey(dek_id, kept.suite, kept.key)

    def _keep(self, dek_id: UUID, kept: _Kept) -> None:
        now = monotonic()
        with self._lock:
            for known in [one for one, other in self._kept.items() if other.until <= now]:
                del self._kept[known]
            if not self._barred & {dek_id, kept.parent_id}:
                self._kept[dek_id] = kept
