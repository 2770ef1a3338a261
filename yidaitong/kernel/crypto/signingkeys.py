"""Our own signing keys: made at first use, private parts wrapped at rest."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from consent.encoding import b64u
from yidaitong.kernel.clock import iso_ms
from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keks.keyring import Keyring, signing_name
from yidaitong.kernel.crypto.keys import PrivateKey, thumbprint
from yidaitong.kernel.crypto.models import SigningKey
from yidaitong.kernel.crypto.uses import KeyUse

ALG = "EdDSA"
OWNER = "platform"
# kid, wrapped private part, version of the key it rests under.
_Row = tuple[str, bytes, int]


@dataclass(frozen=True, slots=True)
class Signer:
    """One private key in use; it never shows itself."""

    public: bytes
    raw: Ed25519PrivateKey = field(repr=False)
    jose: PrivateKey

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint."""
        return self.jose.kid


def jwk_of(public: bytes) -> dict[str, str]:
    """The public JWK of a raw Ed25519 key (RFC 8037)."""
    return {"kty": "OKP", "crv": "Ed25519", "x": b64u(public)}


class SigningKeys:
    """The signing keys of one process."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._opened: dict[str, tuple[bytes, Signer]] = {}

    def active(self, session: Session, use: KeyUse) -> Signer:
        """The key that signs for ``use`` now; made, in this transaction, if there is none.

        The row is read each time: a key of a transaction that rolled back never signs again.
        """
        row = self._row(session, use)
        if row is None:
            self._make(session, use)
            row = self._row(session, use)
            if row is None:
                raise RuntimeError(f"no key for {use}")
        return self._opened_key(*row)

    def _opened_key(self, kid: str, wrapped: bytes, version: int) -> Signer:
        known = self._opened.get(kid)
        if known is None or known[0] != wrapped:
            known = self._opened[kid] = (wrapped, self._open(kid, wrapped, version))
        return known[1]

    def taking_over(self, session: Session, use: KeyUse, overlap: timedelta) -> list[Signer]:
        """The active key, then those retired within ``overlap``; a revoked one never signs."""
        since = func.clock_timestamp() - overlap
        with session.no_autoflush:
            rows = session.execute(
                select(SigningKey.kid, SigningKey.wrapped, SigningKey.kek_ver)
                .where(
                    SigningKey.use == use,
                    SigningKey.retired_at > since,
                    SigningKey.revoked_at.is_(None),
                )
                .order_by(SigningKey.created_at.desc())
            ).all()
        return [self.active(session, use), *(self._opened_key(*row) for row in rows)]

    def publics(self, session: Session, use: KeyUse) -> list[bytes]:
        """Every public key ``use`` ever had, newest first."""
        with session.no_autoflush:
            rows = session.execute(
                select(SigningKey.public)
                .where(SigningKey.use == use)
                .order_by(SigningKey.created_at.desc())
            ).scalars()
            return [bytes(row) for row in rows]

    def rotate(self, session: Session, use: KeyUse, *, compromised: bool) -> tuple[Signer, Signer]:
        """Retire the active key of ``use`` and make another; the old one and the new one.

        The old key stays published; a compromised one is revoked from now on.
        """
        old = self.active(session, use)
        with session.no_autoflush:
            session.execute(
                update(SigningKey)
                .where(SigningKey.kid == old.kid, SigningKey.retired_at.is_(None))
                .values(
                    retired_at=func.clock_timestamp(),
                    revoked_at=func.clock_timestamp() if compromised else None,
                )
                .execution_options(synchronize_session=False)
            )
        return old, self.active(session, use)

    def is_due(self, session: Session, use: KeyUse, age: timedelta) -> bool:
        """Whether the active key of ``use`` is older than ``age``; holds it until the commit."""
        with session.no_autoflush:
            created_at = session.scalar(
                select(SigningKey.created_at)
                .where(SigningKey.use == use, SigningKey.retired_at.is_(None))
                .where(SigningKey.created_at < func.clock_timestamp() - age)
                .with_for_update()
            )
        return created_at is not None

    def keep_statement(self, session: Session, kid: str, statement: str, possession: str) -> None:
        """Keep what says that a key took over, for whoever pinned the one before."""
        session.execute(
            update(SigningKey)
            .where(SigningKey.kid == kid)
            .values(statement=statement, possession=possession)
            .execution_options(synchronize_session=False)
        )

    def statement(self, session: Session, kid: str) -> tuple[str, str] | None:
        """What :meth:`keep_statement` kept; None for a key that took over from none."""
        with session.no_autoflush:
            row = session.execute(
                select(SigningKey.statement, SigningKey.possession).where(SigningKey.kid == kid)
            ).one_or_none()
        if row is None or row[0] is None or row[1] is None:
            return None
        return row[0], row[1]

    def published(self, session: Session) -> list[dict[str, Any]]:
        """Public keys, oldest first, retired and revoked ones too."""
        with session.no_autoflush:
            rows = session.execute(
                select(
                    SigningKey.kid,
                    SigningKey.use,
                    SigningKey.public,
                    SigningKey.created_at,
                    SigningKey.retired_at,
                    SigningKey.revoked_at,
                ).order_by(SigningKey.created_at, SigningKey.kid)
            ).all()
        keys: list[dict[str, Any]] = []
        for kid, use, public, created_at, retired_at, revoked_at in rows:
            member: dict[str, Any] = {
                **jwk_of(public),
                "kid": kid,
                "use": "sig",
                "alg": ALG,
                "ydt_owner": OWNER,
                "ydt_use": use.value,
                "ydt_from": iso_ms(created_at),
            }
            if retired_at is not None:
                member["ydt_to"] = iso_ms(retired_at)
            if revoked_at is not None:
                member["ydt_revoked"] = iso_ms(revoked_at)
            keys.append(member)
        return keys

    def _row(self, session: Session, use: KeyUse) -> _Row | None:
        with session.no_autoflush:
            row = session.execute(
                select(SigningKey.kid, SigningKey.wrapped, SigningKey.kek_ver).where(
                    SigningKey.use == use, SigningKey.retired_at.is_(None)
                )
            ).one_or_none()
        return None if row is None else (row[0], row[1], row[2])

    def _make(self, session: Session, use: KeyUse) -> None:
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        kid = thumbprint(jwk_of(public))
        version, wrapped = self._keyring.wrap(
            session, signing_name(kid), private.private_bytes_raw()
        )
        with session.no_autoflush:
            # Two makers at once: the second waits for the first, then reads its key.
            session.execute(
                insert(SigningKey)
                .values(
                    kid=kid,
                    use=use,
                    alg=ALG,
                    public=public,
                    wrapped=wrapped,
                    kek_ver=version,
                )
                .on_conflict_do_nothing()
            )

    def _open(self, kid: str, wrapped: bytes, version: int) -> Signer:
        seed = self._keyring.unwrap(version, signing_name(kid), wrapped)
        key = Ed25519PrivateKey.from_private_bytes(seed)
        public = key.public_key().public_bytes_raw()
        if thumbprint(jwk_of(public)) != kid:
            # Wrapped parts of two rows were swapped.
            raise SealBrokenError(f"signing key {kid} is another key")
        return Signer(public, key, PrivateKey.read({**jwk_of(public), "d": b64u(seed)}))
