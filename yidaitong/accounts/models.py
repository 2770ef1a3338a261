"""Tables of accounts: who belongs where, and their sessions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.actor import Realm
from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7

_OWN = Rls(enterprise="org_id", bank="org_id", gov=True)


class OrgKind(StrEnum):
    """Kinds of organisation; values equal those of the realms."""

    # Wire format: append only.
    ENTERPRISE = "enterprise"
    BANK = "bank"
    GOV = "gov"

    @property
    def realm(self) -> Realm:
        """The realm its people act in."""
        return Realm(self.value)


class Organisation(Base, kw_only=True):
    """An enterprise (id: its UUID), a bank (``bank-qilu``) or the centre (``centre``)."""

    __tablename__ = "organisation"
    __table_args__ = ({"info": {"rls": Rls(enterprise="id", bank="id", gov=True)}},)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[OrgKind] = mapped_column(str_enum(OrgKind))
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Person(Base, kw_only=True):
    """A natural person whose identity was verified; found by the blind index of the ID number.

    One person may hold accounts in several organisations: "the same person" is always this id.
    """

    __tablename__ = "person"
    __table_args__ = ({"info": {"rls": Rls()}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    id_number_index: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Account(Base, kw_only=True):
    """One way in: a person in one organisation; ``login_hint`` is safe to show (138****1234)."""

    __tablename__ = "account"
    __table_args__ = ({"info": {"rls": _OWN}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    org_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    login_index: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    login_hint: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str] = mapped_column(String(200), repr=False)
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    password_changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    row_version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it


class SessionKind(StrEnum):
    """How the token travels; a cookie's token is no bearer token and the other way round."""

    # Wire format: append only.
    COOKIE = "COOKIE"
    BEARER = "BEARER"


class UserSession(Base, kw_only=True):
    """One signed-in session of a person or of a bank's machine; its token is kept as SHA-256 only.

    ``msg_kid`` names the key every call with this token is signed by; ``scope`` is what a machine
    asked for, a part of what it may.
    """

    __tablename__ = "user_session"
    __table_args__ = (
        CheckConstraint("(account_id IS NULL) <> (client_id IS NULL)", name="holder"),
        {"info": {"rls": _OWN}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    org_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[SessionKind] = mapped_column(str_enum(SessionKind))
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, repr=False)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    idle_ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    client_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("api_client.id"), index=True, default=None
    )
    msg_kid: Mapped[str | None] = mapped_column(String(64), default=None)
    scope: Mapped[list[str] | None] = mapped_column(ARRAY(String(32)), default=None)


class StepUp(Base, kw_only=True):
    """One fresh proof of identity for one act: bound to a session and to a digest, used once."""

    __tablename__ = "step_up"
    __table_args__ = ({"info": {"rls": _OWN}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("user_session.id"), index=True)
    org_id: Mapped[str] = mapped_column(String(64))
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, repr=False)
    digest: Mapped[str] = mapped_column(String(128))
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class LoginTries(Base, kw_only=True):
    """Tries of one login name, address or account in one quarter of an hour.

    ``key`` is a blind index, so no row tells who tried and no scope is needed.
    """

    __tablename__ = "login_tries"

    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    window_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True, index=True)
    tries: Mapped[int]
