"""Who acts: the person, the organisation and what the role allows."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from yidaitong.kernel.errors import ForbiddenError


class Realm(StrEnum):
    """The kind of organisation an actor belongs to; row security depends on it."""

    ENTERPRISE = "enterprise"
    BANK = "bank"
    GOV = "gov"
    SYSTEM = "system"
    PUBLIC = "public"


class AuthLevel(StrEnum):
    """How sure we are who acts."""

    NONE = "NONE"
    SESSION = "SESSION"
    STEP_UP = "STEP_UP"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One acting party of one unit of work."""

    realm: Realm
    org_id: str | None = None
    person_id: UUID | None = None
    account_id: UUID | None = None
    session_id: UUID | None = None
    # A machine of a bank: no natural person stands behind this one act.
    client_id: UUID | None = None
    roles: frozenset[str] = field(default_factory=frozenset)
    permissions: frozenset[str] = field(default_factory=frozenset)
    auth_level: AuthLevel = AuthLevel.NONE
    trace_id: str = ""

    def may(self, permission: str) -> bool:
        """Whether the actor's roles grant ``permission``."""
        return self.realm is Realm.SYSTEM or permission in self.permissions

    def require(self, permission: str) -> None:
        """Refuse an actor whose roles do not grant ``permission``.

        Raises:
            ForbiddenError: they do not.
        """
        if not self.may(permission):
            raise ForbiddenError(
                f"{permission} is not granted to {self.account_id or self.client_id}"
            )

    @property
    def enterprise_id(self) -> UUID:
        """Id of the actor's enterprise.

        Raises:
            ForbiddenError: the actor belongs to no enterprise.
        """
        if self.realm is not Realm.ENTERPRISE or self.org_id is None:
            raise ForbiddenError("not an enterprise")
        return UUID(self.org_id)

    @property
    def bank_id(self) -> str:
        """Code of the actor's bank.

        Raises:
            ForbiddenError: the actor belongs to no bank.
        """
        if self.realm is not Realm.BANK or self.org_id is None:
            raise ForbiddenError("not a bank")
        return self.org_id

    def with_trace(self, trace_id: str) -> "Actor":
        """The same actor under another trace id."""
        return replace(self, trace_id=trace_id)


SYSTEM = Actor(realm=Realm.SYSTEM, auth_level=AuthLevel.SYSTEM)
PUBLIC = Actor(realm=Realm.PUBLIC)
