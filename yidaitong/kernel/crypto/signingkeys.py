"""Our own signing keys: made at first use, private parts wrapped at rest."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from consent.encoding import b64u
from yidaitong.kernel.clock import iso_ms
from yidaitong.kernel.crypto.errors import SealBrokenError
from yidaitong.kernel.crypto.keys import PrivateKey, thumbprint
from yidaitong.kernel.crypto.models import SigningKey
from yidaitong.kernel.crypto.uses import KeyUse

ALG = "EdDSA"
OWNER = "platform"
_KEK_VERSION = 1


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

    def __init__(self, wrapping: bytes) -> None:
        self._wrapping = wrapping
        self._opened: dict[tuple[str, bytes], Signer] = {}

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

    def _opened_key(self, kid: str, wrapped: bytes) -> Signer:
        signer = self._opened.get((kid, wrapped))
        if signer is None:
            signer = self._opened[kid, wrapped] = self._open(kid, wrapped)
        return signer

    def taking_over(self, session: Session, use: KeyUse, overlap: timedelta) -> list[Signer]:
        """The active key, then those retired within ``overlap``; a revoked one never signs."""
        since = func.clock_timestamp() - overlap
        with session.no_autoflush:
            rows = session.execute(
                select(SigningKey.kid, SigningKey.wrapped)
                .where(
                    SigningKey.use == use,
                    SigningKey.retired_at > since,
                    SigningKey.revoked_at.is_(None),
                )
                .order_by(SigningKey.created_at.desc())
            ).all()
        return [self.active(session, use), *(self._opened_key(kid, w) for kid, w in rows)]

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

    def _row(self, session: Session, use: KeyUse) -> tuple[str, bytes] | None:
        with session.no_autoflush:
            row = session.execute(
                select(SigningKey.kid, SigningKey.wrapped).where(
                    SigningKey.use == use, SigningKey.retired_at.is_(None)
                )
            ).one_or_none()
        return None if row is None else (row[0], row[1])

    def _make(self, session: Session, use: KeyUse) -> None:
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        with session.no_autoflush:
            # Two makers at once: the second waits for the first, then reads its key.
            session.execute(
                insert(SigningKey)
                .values(
                    kid=thumbprint(jwk_of(public)),
                    use=use,
                    alg=ALG,
                    public=public,
                    wrapped=aes_key_wrap(self._wrapping, private.private_bytes_raw()),
                    kek_ver=_KEK_VERSION,
                )
                .on_conflict_do_nothing()
            )

    def _open(self, kid: str, wrapped: bytes) -> Signer:
        try:
            seed = aes_key_unwrap(self._wrapping, wrapped)
        except InvalidUnwrap as error:
            raise SealBrokenError(f"signing key {kid} does not unwrap") from error
        key = Ed25519PrivateKey.from_private_bytes(seed)
        public = key.public_key().public_bytes_raw()
        if thumbprint(jwk_of(public)) != kid:
            # Wrapped parts of two rows were swapped.
            raise SealBrokenError(f"signing key {kid} is another key")
        return Signer(public, key, PrivateKey.read({**jwk_of(public), "d": b64u(seed)}))
