"""What the machines need from outside: who acts, the clock, keys, and promised jobs."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from consent.events import SALT_BYTES, Event, hmac_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorRef:
    """Who acts, as evidence keeps it. ``job`` names the system's own acts, or a bank's machine."""

    person_id: UUID | None = None
    role: str
    auth_level: str
    mandate_id: UUID | None = None
    job: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whose rows the actor may touch; somebody else's are *not found*.

    ``everything`` is for the system and the authorities. A natural person reaches the personal
    consents of ``person_id`` only through the enterprise they signed for.
    """

    enterprise_id: UUID | None = None
    bank_id: str | None = None
    everything: bool = False


class SignUse(StrEnum):
    """What a signature of the platform says; the value is the JWS ``typ``."""

    CONSENT = "ydt-consent+jws"
    ARTEFACT = "ydt-artefact+jws"
    RECEIPT = "ydt-receipt+jws"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedAt:
    """Where a sealed field stands; ``evidence_id`` owns the key."""

    evidence_id: UUID
    table: str
    column: str
    row_id: UUID


class Sealer(Protocol):
    """Envelope encryption under the evidence key of one consent."""

    def seal(self, place: SealedAt, plaintext: bytes) -> bytes:
        """Ciphertext that opens at ``place`` only."""

    def open(self, place: SealedAt, sealed: bytes) -> bytes:
        """The plaintext of :meth:`seal`."""


class Signer(Protocol):
    """The platform's signing keys."""

    def sign(self, use: SignUse, payload: bytes, *, detached: bool) -> str:
        """Compact JWS over the exact bytes."""


class Committer(Protocol):
    """The MACs that hide events in leaves; each suite has its own."""

    def mac(self, suite: str, key: bytes, data: bytes) -> bytes:
        """32 bytes."""


class Sha256Committer:
    """Suite ``intl`` alone."""

    def mac(self, suite: str, key: bytes, data: bytes) -> bytes:
        """HMAC-SHA-256.

        Raises:
            ValueError: another suite.
        """
        if suite != "intl":
            raise ValueError(f"no MAC of suite {suite}")
        return hmac_sha256(key, data)


def new_salt() -> bytes:
    """A fresh commitment salt."""
    return secrets.token_bytes(SALT_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was just written down, and where: its event's id, its entry, the instant."""

    event: Event
    event_id: UUID
    entry_id: int
    at: datetime


def _always() -> None:
    return None


def _nobody(act: Act) -> None:
    del act


@dataclass(slots=True, kw_only=True)
class Desk:
    """One actor's place in one transaction. The machines never commit.

    ``clock`` gives the database's time when called; ``evidence_ready`` raises when evidence
    cannot be written, and is asked before all that widens or releases, never before a stop.
    ``heard`` is told of every act once it is written, in its own transaction.
    """

    session: Session
    actor: ActorRef
    reach: Reach
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    sealer: Sealer
    signer: Signer
    issuer: str = "一贷通"
    suite: str = "intl"
    committer: Committer = field(default_factory=Sha256Committer)
    salt: Callable[[], bytes] = field(default=new_salt)
    evidence_ready: Callable[[], None] = field(default=_always)
    heard: Callable[[Act], None] = field(default=_nobody)
