"""What keys are for, and where a sealed field stands."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class KeyUse(StrEnum):
    """One key, one use."""

    LOG = "log"
    PACKET = "packet"
    ARTEFACT = "artefact"
    RECEIPT = "receipt"
    TICKET = "ticket"
    NOTICE = "notice"


# What may be signed in another suite than intl; the rest speaks to parties that read intl only.
SUITED = (KeyUse.LOG, KeyUse.PACKET, KeyUse.ARTEFACT, KeyUse.RECEIPT)


class DekKind(StrEnum):
    """What a data key protects, and so when it dies."""

    DATA = "data"  # one per consent chain: answers, items, packets
    PACKET = "packet"  # one per packet
    EVIDENCE = "evidence"  # one per consent chain: artefact, events, salts
    RECORD = "record"  # one per organisation or person: personal fields of business rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a sealed field stands; bound by AAD, so that it opens nowhere else.

    ``within`` is the owner of the DATA key that wraps this place's key: with either key gone,
    the field is gone.
    """

    kind: DekKind
    owner_id: UUID
    table: str
    column: str
    row_id: UUID
    within: UUID | None = None
