"""The one door to keys: signing, sealing of fields, destruction."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session


class KeyUse(StrEnum):
    """One key, one use."""

    LOG = "log"
    PACKET = "packet"
    ARTEFACT = "artefact"
    RECEIPT = "receipt"
    TICKET = "ticket"


class DekKind(StrEnum):
    """What a data key protects, and so when it dies."""

    DATA = "data"  # one per consent chain: answers, items, packets
    PACKET = "packet"  # one per packet
    EVIDENCE = "evidence"  # one per consent chain: artefact, events, salts
    RECORD = "record"  # one per organisation or person: personal fields of business rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a sealed field stands; bound by AAD, so that it opens nowhere else."""

    kind: DekKind
    owner_id: UUID
    table: str
    column: str
    row_id: UUID


class CryptoBox:
    """Keys of one process; private keys never leave it."""

    def __init__(self, kek: bytes) -> None:
        self._kek = kek

    def sign(
        self, session: Session, use: KeyUse, typ: str, payload: bytes, *, detached: bool = False
    ) -> str:
        """Compact JWS over the exact ``payload`` by the active key of ``use``."""
        raise NotImplementedError

    def public_jwks(self, session: Session) -> dict[str, Any]:
        """All our public keys, retired ones too (RFC 7517)."""
        raise NotImplementedError

    def seal(self, session: Session, place: Place, plaintext: bytes) -> bytes:
        """Envelope-encrypt one field; makes the data key of its owner if there is none."""
        raise NotImplementedError

    def open(self, session: Session, place: Place, sealed: bytes) -> bytes:
        """The plaintext of :meth:`seal`.

        Raises:
            DataGoneError: the data key was destroyed.
        """
        raise NotImplementedError

    def destroy(self, session: Session, kind: DekKind, owner_id: UUID) -> UUID | None:
        """Destroy a data key for ever; its id, or None where there was no live key."""
        raise NotImplementedError

    def blind_index(self, column: str, value: str) -> bytes:
        """16 bytes that find ``value`` by equality without showing it."""
        raise NotImplementedError
