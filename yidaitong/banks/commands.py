"""What banks are registered and keyed with, as frozen commands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from yidaitong.banks.models import KeyPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterBank:
    """A bank and the dates of its agreement, both included."""

    bank_id: str
    name_zh: str
    name_en: str
    contact: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeKey:
    """A public key of a bank as a JWK (RFC 7517)."""

    bank_id: str
    use: KeyPurpose
    jwk: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeClient:
    """A machine of a bank: its name, what it may do, the key it signs with."""

    bank_id: str
    name: str
    permissions: Collection[str]
    kid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A machine's request for a token; ``endpoint`` is the address it was sent to.

    ``scope`` holds permissions divided by blanks, None for all the client has.
    """

    endpoint: str
    assertion: str = field(repr=False)
    client_id: str | None
    scope: str | None
