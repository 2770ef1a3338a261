"""What accounts are asked for, as frozen commands."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from yidaitong.accounts.models import OrgKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """One person's way in; ``name`` and ``id_number`` were verified by the caller."""

    org_id: str
    org_kind: OrgKind
    org_name: str
    name: str = field(repr=False)
    id_number: str = field(repr=False)
    login: str = field(repr=False)
    password: str = field(repr=False)
    roles: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One try to sign in, and where it came from."""

    login: str = field(repr=False)
    password: str = field(repr=False)
    address: str = field(repr=False)
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChange:
    """The current password and the one to come."""

    current: str = field(repr=False)
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A taken try: whose it is (None: nobody's) and the hash it is compared with."""

    account_id: UUID | None
    stored: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proven:
    """A try whose password was right."""

    account_id: UUID
    keys: tuple[bytes, ...] = field(repr=False)
