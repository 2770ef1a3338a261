"""Our own signing keys: made at first use, private parts wrapped at rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from consent.encoding import b64u, b64u_decode
from yidaitong.kernel.clock import iso_ms
from yidaitong.kernel.crypto import suites
from yidaitong.kernel.crypto.errors import JoseError, SealBrokenError
from yidaitong.kernel.crypto.keks.keyring import Keyring, signing_name
from yidaitong.kernel.crypto.keys import PrivateKey, PublicKey, generate
from yidaitong.kernel.crypto.models import SigningKey
from yidaitong.kernel.crypto.sm2 import Sm2Error
from yidaitong.kernel.crypto.uses import KeyUse

# What a suite signs with here: the curve of its keys, and its name in the table (append only).
_CURVES = {"intl": "Ed25519", "sm": "SM2"}
ALGS = {"intl": "EdDSA", "sm": "SM2"}
_RAW_BYTES = 32
_TRIAL = b"a pair?"
OWNER = "platform"
_COLUMNS = (SigningKey.kid, SigningKey.wrapped, SigningKey.kek_ver, SigningKey.public)
_Row = tuple[str, bytes, int, bytes]


@dataclass(frozen=True, slots=True)
class Signer:
    """One private key in use; it never shows itself."""

    public: bytes
    jose: PrivateKey

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint."""
        return self.jose.kid

    def sign(self, data: bytes) -> bytes:
        """The plain signature of the key's suite, such as 64 bytes of Ed25519."""
        return suites.of(self.jose.suite).sign(self.jose, data)


def jwk_of(public: bytes) -> dict[str, str]:
    """The public JWK of a raw Ed25519 key (RFC 8037), or of an uncompressed SM2 point."""
    if len(public) == _RAW_BYTES:
        return {"kty": "OKP", "crv": "Ed25519", "x": b64u(public)}
    x, y = public[1 : 1 + _RAW_BYTES], public[1 + _RAW_BYTES :]
    return {"kty": "EC", "crv": "SM2", "x": b64u(x), "y": b64u(y)}


def raw_of(jwk: Mapping[str, str]) -> bytes:
    """The public bytes of :func:`jwk_of`."""
    if jwk["kty"] == "OKP":
        return b64u_decode(jwk["x"])
    return b"\x04" + b64u_decode(jwk["x"]) + b64u_decode(jwk["y"])


class SigningKeys:
    """The signing keys of one process."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._opened: dict[str, tuple[bytes, Signer]] = {}

    def active(self, session: Session, use: KeyUse, suite: str = "intl") -> Signer:
        """The key that signs for ``use`` now; made, in this transaction, if there is none.

        The row is read each time: a key of a transaction that rolled back never signs again.
        """
        row = self._row(session, use, suite)
        if row is None:
            self._make(session, use, suite)
            row = self._row(session, use, suite)
            if row is None:
                raise RuntimeError(f"no key for {use}")
        return self._opened_key(*row)

    def _opened_key(self, kid: str, wrapped: bytes, version: int, public: bytes) -> Signer:
        known = self._opened.get(kid)
        if known is None or known[0] != wrapped:
            known = self._opened[kid] = (wrapped, self._open(kid, wrapped, version, public))
        return known[1]

    def taking_over(
        self, session: Session, use: KeyUse, overlap: timedelta, suite: str = "intl"
    ) -> list[Signer]:
        """The active key, then those retired within ``overlap``; a revoked one never signs."""
        since = func.clock_timestamp() - overlap
        with session.no_autoflush:
            rows = session.execute(
                select(*_COLUMNS)
                .where(
                    SigningKey.use == use,
                    SigningKey.alg == ALGS[suite],
                    SigningKey.retired_at > since,
                    SigningKey.revoked_at.is_(None),
                )
                .order_by(SigningKey.created_at.desc())
            ).all()
        return [self.active(session, use, suite), *(self._opened_key(*row) for row in rows)]

    def publics(self, session: Session, use: KeyUse, suite: str = "intl") -> list[bytes]:
        """Every public key ``use`` ever had, newest first."""
        with session.no_autoflush:
            rows = session.execute(
                select(SigningKey.public)
                .where(SigningKey.use == use, SigningKey.alg == ALGS[suite])
                .order_by(SigningKey.created_at.desc())
            ).scalars()
            return [bytes(row) for row in rows]

    def rotate(
        self, session: Session, use: KeyUse, *, compromised: bool, suite: str = "intl"
    ) -> tuple[Signer, Signer]:
        """Retire the active key of ``use`` and make another; the old one and the new one.

        The old key stays published; a compromised one is revoked from now on.
        """
        old = self.active(session, use, suite)
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
        return old, self.active(session, use, suite)

    def is_due(self, session: Session, use: KeyUse, age: timedelta, suite: str = "intl") -> bool:
        """Whether the active key of ``use`` is older than ``age``; holds it until the commit."""
        with session.no_autoflush:
            created_at = session.scalar(
                select(SigningKey.created_at)
                .where(SigningKey.use == use, SigningKey.alg == ALGS[suite])
                .where(SigningKey.retired_at.is_(None))
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
                "alg": PublicKey.read(jwk_of(public), use="sig").alg,
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

    def _row(self, session: Session, use: KeyUse, suite: str) -> _Row | None:
        with session.no_autoflush:
            row = session.execute(
                select(*_COLUMNS).where(
                    SigningKey.use == use,
                    SigningKey.alg == ALGS[suite],
                    SigningKey.retired_at.is_(None),
                )
            ).one_or_none()
        return None if row is None else (row[0], row[1], row[2], row[3])

    def _make(self, session: Session, use: KeyUse, suite: str) -> None:
        made = generate(_CURVES[suite], use="sig")
        public, kid = raw_of(made), made["kid"]
        version, wrapped = self._keyring.wrap(session, signing_name(kid), b64u_decode(made["d"]))
        with session.no_autoflush:
            # Two makers at once: the second waits for the first, then reads its key.
            session.execute(
                insert(SigningKey)
                .values(
                    kid=kid,
                    use=use,
                    alg=ALGS[suite],
                    public=public,
                    wrapped=wrapped,
                    kek_ver=version,
                )
                .on_conflict_do_nothing()
            )

    def _open(self, kid: str, wrapped: bytes, version: int, public: bytes) -> Signer:
        secret = self._keyring.unwrap(version, signing_name(kid), wrapped)
        try:
            jose = PrivateKey.read({**jwk_of(public), "d": b64u(secret)}, use="sig")
        except JoseError as error:
            raise SealBrokenError(f"signing key {kid} does not unwrap") from error
        signer = Signer(public, jose)
        try:
            # Wrapped parts of two rows may have been swapped.
            mine = PublicKey.read(jwk_of(public), use="sig")
            suites.of(jose.suite).verify(mine, _TRIAL, signer.sign(_TRIAL))
        except (JoseError, Sm2Error) as error:
            raise SealBrokenError(f"signing key {kid} is another key") from error
        if signer.kid != kid:
            raise SealBrokenError(f"signing key {kid} is another key")
        return signer
