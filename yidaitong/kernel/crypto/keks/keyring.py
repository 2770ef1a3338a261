"""The versions of an installation: which one wraps now, and whether we hold the right ones."""

import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.orm import Session

from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keks.models import IndexKey, Kek
from yidaitong.kernel.crypto.keks.provider import KekProvider, KekUnavailableError, current
from yidaitong.kernel.crypto.models import Dek, SigningKey
from yidaitong.kernel.crypto.wrapping import KEY_BYTES
from yidaitong.kernel.errors import InvalidStateError

BLIND_INDEX: Final = "blind-index"
# What every check value holds; it is no secret.
_KNOWN: Final = hashlib.sha256(b"ydt/kek/check").digest()
_FIRST: Final = 1
# Any two numbers, the same for ever: versions change one at a time.
_CHANGING: Final = text("SELECT pg_advisory_xact_lock(7391, 3394)")
# A row older than the transaction that sees it is committed: it may be remembered.
_SETTLED: Final = IndexKey.created_at < func.now()


def dek_name(dek_id: object) -> str:
    """What a data key is bound to."""
    return f"dek:{dek_id}"


def signing_name(kid: str) -> str:
    """What a signing key is bound to."""
    return f"signing:{kid}"


def index_name(name: str) -> str:
    """What an index key is bound to."""
    return f"index:{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version as an operator sees it; ``held`` by this process."""

    version: int
    created_at: datetime
    retired_at: datetime | None
    rewrapped_at: datetime | None
    destroyed_at: datetime | None
    held: bool


class Keyring:
    """The key-encryption keys of one process, by the versions the database knows."""

    def __init__(self, provider: KekProvider) -> None:
        self.provider = provider
        self._index: bytes | None = None
        self._lock = threading.Lock()

    def active(self, session: Session) -> int:
        """The version that wraps now; an installation's first use begins its list.

        Raises:
            KekUnavailableError: nothing is held, or not what wrapped the keys that are there.
        """
        found = self._active(session)
        return self._begin(session) if found is None else found

    def wrap(self, session: Session, about: str, key: bytes) -> tuple[int, bytes]:
        """``key`` under the active version: its number, and the wrapped key."""
        version = self.active(session)
        return version, self.provider.wrap(version, about, key)

    def unwrap(self, version: int, about: str, wrapped: bytes) -> bytes:
        """A key that rests under a version.

        Raises:
            KekUnavailableError: the version is not to be had.
            SealBrokenError: it was altered, or belongs to another row.
        """
        return self.provider.unwrap(version, about, wrapped)

    def index(self, session: Session) -> bytes:
        """The key of the blind indexes; remembered once its row is surely committed."""
        with self._lock:
            if self._index is not None:
                return self._index
        row = self._index_row(session)
        if row is None:
            self.active(session)
            row = self._index_row(session)
            if row is None:
                raise RuntimeError("no key of the blind indexes")
        version, wrapped, settled = row
        key = self.unwrap(version, index_name(BLIND_INDEX), wrapped)
        if settled:
            with self._lock:
                self._index = key
        return key

    def check(self, session: Session) -> int:
        """Make sure that every living version is held and is the right key; the active one.

        Raises:
            KekUnavailableError: with the number of the first that is not.
        """
        active = self.active(session)
        rows = session.execute(
            select(Kek.version, Kek.check_value)
            .where(Kek.destroyed_at.is_(None))
            .order_by(Kek.version)
        ).all()
        for version, check_value in rows:
            self._prove(version, f"check:{version}", check_value or b"")
        return active

    def begin_next(self, session: Session, version: int) -> int:
        """Wrap under ``version`` from now on; the number of the version it takes over from.

        Raises:
            InvalidStateError: it is not newer than the active one.
            KekUnavailableError: it is not held here.
        """
        session.execute(_CHANGING)
        old = self.active(session)
        if version <= old:
            raise InvalidStateError(f"KEK version {version} is not newer than {old}")
        session.execute(
            update(Kek).where(Kek.version == old).values(retired_at=func.clock_timestamp())
        )
        self._add(session, version)
        return old

    def versions(self, session: Session) -> list[Version]:
        """Every version there was, oldest first."""
        held = frozenset(self.provider.versions())
        rows = session.execute(
            select(
                Kek.version, Kek.created_at, Kek.retired_at, Kek.rewrapped_at, Kek.destroyed_at
            ).order_by(Kek.version)
        ).all()
        return [
            Version(
                version=row.version,
                created_at=row.created_at,
                retired_at=row.retired_at,
                rewrapped_at=row.rewrapped_at,
                destroyed_at=row.destroyed_at,
                held=row.version in held,
            )
            for row in rows
        ]

    def _active(self, session: Session) -> int | None:
        with session.no_autoflush:
            return session.scalar(select(Kek.version).where(Kek.retired_at.is_(None)))

    def _index_row(self, session: Session) -> tuple[int, bytes, bool] | None:
        with session.no_autoflush:
            row = session.execute(
                select(IndexKey.kek_ver, IndexKey.wrapped, _SETTLED).where(
                    IndexKey.name == BLIND_INDEX
                )
            ).one_or_none()
        return None if row is None else (row[0], row[1], row[2])

    def _begin(self, session: Session) -> int:
        """The first row of versions, and the key of the blind indexes with it.

        Where keys are there already, the one KEK of before is version 1, and goes on indexing.
        """
        session.execute(_CHANGING)
        found = self._active(session)
        if found is not None:
            return found
        index = secrets.token_bytes(KEY_BYTES)
        if session.scalar(select(exists(select(SigningKey.kid)) | exists(select(Dek.id)))):
            version = _FIRST
            self._prove_old(session)
            index = self.provider.first_index() or index
        else:
            version = current(self.provider)
        self._add(session, version)
        wrapped = self.provider.wrap(version, index_name(BLIND_INDEX), index)
        with session.no_autoflush:
            session.add(IndexKey(name=BLIND_INDEX, wrapped=wrapped, kek_ver=version))
            session.flush()
        return version

    def _add(self, session: Session, version: int) -> None:
        value = self.provider.wrap(version, f"check:{version}", _KNOWN)
        with session.no_autoflush:
            session.add(Kek(version=version, check_value=value))
            session.flush()

    def _prove(self, version: int, about: str, wrapped: bytes) -> bytes:
        try:
            return self.provider.unwrap(version, about, wrapped)
        except SealBrokenError as error:
            raise KekUnavailableError(
                f"KEK version {version} is another key than the one this database was sealed under"
            ) from error

    def _prove_old(self, session: Session) -> None:
        kid, wrapped = session.execute(
            select(SigningKey.kid, SigningKey.wrapped).limit(1)
        ).one_or_none() or (None, None)
        if kid is not None and wrapped is not None:
            self._prove(_FIRST, signing_name(kid), wrapped)
            return
        row = session.execute(
            select(Dek.id, Dek.wrapped)
            .where(Dek.parent_id.is_(None), Dek.wrapped.is_not(None))
            .limit(1)
        ).one_or_none()
        if row is not None and row[1] is not None:
            self._prove(_FIRST, dek_name(row[0]), row[1])
