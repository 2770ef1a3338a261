"""What banks are registered and keyed with, as frozen commands."""

from collections.abc import Mapping
from dataclasses import dataclass
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
