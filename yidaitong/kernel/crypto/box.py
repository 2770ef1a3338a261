"""The one door to keys: signing, sealing of fields, destruction."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes, hmac
from sqlalchemy.orm import Session

from yidaitong.kernel.crypto import envelope, jws, suites
from yidaitong.kernel.crypto.datakeys import DataKeys
from yidaitong.kernel.crypto.keks.keyring import Keyring
from yidaitong.kernel.crypto.keks.provider import KekProvider
from yidaitong.kernel.crypto.signingkeys import SigningKeys
from yidaitong.kernel.crypto.uses import SUITED, DekKind, KeyUse, Place
from yidaitong.kernel.crypto.wrapping import derive

__all__ = ["CryptoBox", "DekKind", "KeyUse", "Place", "Rotation"]

STATEMENT_TYP = "ydt-keys+jws"
_INDEX_BYTES = 16
Statement = Callable[[str, str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """One change of a signing key, with the two signatures that bind it."""

    old_kid: str
    new_kid: str
    statement: str
    possession: str


class CryptoBox:
    """Keys of one process; private keys never leave it.

    Data keys, signing keys and the key of the blind indexes rest under versions of the
    key-encryption key; each is bound to its row, and none helps to find another. ``policy`` names
    the suites this installation allows; the first one is what new data keys are made in.
    """

    def __init__(self, keks: KekProvider, policy: tuple[str, ...] = ("intl",)) -> None:
        self._policy = policy
        self._suite = "intl"
        self.keyring = Keyring(keks)
        self._data = DataKeys(self.keyring, policy[0])
        self._signing = SigningKeys(self.keyring)

    def in_suite(self, suite: str) -> "CryptoBox":
        """The same keys, signing in ``suite``.

        Raises:
            SuiteUnavailableError: the policy has no such suite, or this computer cannot do it.
        """
        suites.allowed(suite, self._policy)
        other = copy(self)
        other._suite = suite  # noqa: SLF001 - a copy of ourselves
        return other

    def sign(
        self, session: Session, use: KeyUse, typ: str, payload: bytes, *, detached: bool = False
    ) -> str:
        """Compact JWS over the exact ``payload`` by the active key of ``use``."""
        signer = self._signing.active(session, use, self._suite)
        return jws.sign(signer.jose, typ, payload, detached=detached)

    def sign_each(
        self, session: Session, use: KeyUse, typ: str, payloads: Sequence[bytes]
    ) -> list[str]:
        """As :meth:`sign` for several payloads; the key is looked up once."""
        signer = self._signing.active(session, use)
        return [jws.sign(signer.jose, typ, payload) for payload in payloads]

    def raw_sign(self, session: Session, use: KeyUse, data: bytes) -> bytes:
        """64 bytes of plain Ed25519 (RFC 8032) over ``data``."""
        return self._signing.active(session, use).sign(data)

    def raw_signers(
        self, session: Session, use: KeyUse, overlap: timedelta
    ) -> list[tuple[bytes, Callable[[bytes], bytes]]]:
        """Public key and plain signing of the active key, then of those it just took over from."""
        found = self._signing.taking_over(session, use, overlap, self._suite)
        return [(signer.public, signer.sign) for signer in found]

    def public_keys(self, session: Session, use: KeyUse) -> list[bytes]:
        """Raw public keys that ``use`` ever had, newest first."""
        return self._signing.publics(session, use)

    def public_key(self, session: Session, use: KeyUse) -> bytes:
        """The raw 32 bytes of the active public key."""
        return self._signing.active(session, use).public

    def kid(self, session: Session, use: KeyUse) -> str:
        """RFC 7638 thumbprint of the active key."""
        return self._signing.active(session, use).kid

    def prepare(self, session: Session) -> None:
        """Make every key there is one of, so that no business transaction has to."""
        self.keyring.index(session)
        for use, suite in self.signing_keys:
            self._signing.active(session, use, suite)

    @property
    def signing_keys(self) -> list[tuple[KeyUse, str]]:
        """Every use with the suites this installation signs it in."""
        plain = [(use, "intl") for use in KeyUse]
        return plain + [(use, one) for one in self._policy if one != "intl" for use in SUITED]

    def rotate(
        self, session: Session, use: KeyUse, statement: Statement, *, compromised: bool = False
    ) -> Rotation:
        """Retire the active key of ``use`` and sign with another from now on.

        ``statement`` writes what both keys sign: the old one vouches for the new one, and the new
        one proves that it is held. A compromised key vouches for nothing.
        """
        suite = self._suite
        old, new = self._signing.rotate(session, use, compromised=compromised, suite=suite)
        payload = statement(old.kid, new.kid)
        vouching = new if compromised else old
        changed = Rotation(
            old_kid=old.kid,
            new_kid=new.kid,
            statement=jws.sign(vouching.jose, STATEMENT_TYP, payload),
            possession=jws.sign(new.jose, STATEMENT_TYP, payload),
        )
        self._signing.keep_statement(session, new.kid, changed.statement, changed.possession)
        return changed

    def is_due(self, session: Session, use: KeyUse, age: timedelta) -> bool:
        """Whether the active key of ``use`` is older than ``age``; nobody else changes it now."""
        return self._signing.is_due(session, use, age, self._suite)

    def statement(self, session: Session, kid: str) -> tuple[str, str] | None:
        """The two signatures of :class:`Rotation` by which a key took over; None if from none."""
        return self._signing.statement(session, kid)

    def public_jwks(self, session: Session) -> dict[str, Any]:
        """All our public keys, retired ones too (RFC 7517)."""
        return {"keys": self._signing.published(session)}

    def seal(self, session: Session, place: Place, plaintext: bytes) -> bytes:
        """Envelope-encrypt one field; makes the data key of its owner if there is none.

        Raises:
            DataGoneError: the data key was destroyed.
        """
        key = self._data.of_place(session, place)
        return envelope.seal(key.key, key.id, place, plaintext, key.suite)

    def open(self, session: Session, place: Place, sealed: bytes) -> bytes:
        """The plaintext of :meth:`seal`.

        Raises:
            DataGoneError: the data key was destroyed.
            SealBrokenError: the field was altered, or moved from another place.
        """
        key = self._data.by_id(session, envelope.dek_id_of(sealed))
        return envelope.open_(key.key, place, sealed)

    def destroy(self, session: Session, kind: DekKind, owner_id: UUID) -> UUID | None:
        """Destroy a data key for ever; its id, or None where there was no live key.

        One under a legal hold lives on.
        """
        return self._data.destroy(session, kind, owner_id)

    def hold(self, session: Session, kind: DekKind, owner_id: UUID, *, held: bool) -> None:
        """Keep a data key from being destroyed while a legal hold lasts, or let it go again."""
        self._data.hold(session, kind, owner_id, held=held)

    def blind_index(self, session: Session, column: str, value: str) -> bytes:
        """16 bytes that find ``value`` by equality without showing it."""
        mac = hmac.HMAC(derive(self.keyring.index(session), column), hashes.SHA256())
        mac.update(value.encode())
        return mac.finalize()[:_INDEX_BYTES]
