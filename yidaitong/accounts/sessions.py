"""Server-side sessions: opened at login, checked on each request, ended at once everywhere."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CursorResult, func, select, update

from yidaitong import audit
from yidaitong.accounts.models import Account, Organisation, SessionKind, UserSession
from yidaitong.accounts.roles import permissions_of
from yidaitong.kernel.actor import Actor, AuthLevel
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork

TOKEN_BYTES: Final = 32
# The last look is written at most this often: a write on every request says little more.
SEEN_EVERY: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Opening:
    """What kind of session is wanted, the browser's own name for itself, the key it is bound to."""

    kind: SessionKind
    user_agent: str = ""
    msg_kid: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session; ``token`` is shown once and kept hashed."""

    actor: Actor
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever sends a request: the actor and what the page's corner shows.

    Calls with this token are signed by the key ``msg_kid``, where there is one.
    """

    actor: Actor
    login_hint: str
    org_name: str
    roles: tuple[str, ...]
    msg_kid: str | None = None


def token_hash(token: str) -> bytes:
    """SHA-256 of a session token; 256 random bits need no salt."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def open_session(uow: UnitOfWork, account: Account, opening: Opening) -> Opened:
    """Start a session with a fresh token; call it as the system after a right password."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now, settings = uow.now, uow.settings
    session = UserSession(
        account_id=account.id,
        org_id=account.org_id,
        kind=opening.kind,
        token_sha256=token_hash(token),
        started_at=now,
        seen_at=now,
        idle_ends_at=now + timedelta(minutes=settings.session_idle_minutes),
        ends_at=now + timedelta(hours=settings.session_max_hours),
        msg_kid=opening.msg_kid,
        user_agent="".join(sign for sign in opening.user_agent if sign.isprintable())[:200],
    )
    uow.session.add(session)
    uow.session.flush()
    organisation = uow.session.get_one(Organisation, account.org_id)
    actor = _actor(account, organisation, session, uow.actor.trace_id)
    audit.record(
        uow,
        "session.open",
        object_type="session",
        object_id=session.id,
        account_id=account.id,
        person_id=account.person_id,
        org_id=account.org_id,
    )
    return Opened(actor, token)


def visitor_of(uow: UnitOfWork, token: str, kind: SessionKind) -> Visitor | None:
    """Who holds ``token``, or None if it is unknown, ended or its account disabled.

    Call it as the system; the idle limit starts again.
    """
    found = uow.session.execute(
        select(UserSession, Account, Organisation)
        .join(Account, Account.id == UserSession.account_id)
        .join(Organisation, Organisation.id == Account.org_id)
        .where(
            UserSession.token_sha256 == token_hash(token),
            UserSession.kind == kind,
            UserSession.revoked_at.is_(None),
            UserSession.idle_ends_at > func.clock_timestamp(),
            UserSession.ends_at > func.clock_timestamp(),
            Account.disabled_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        return None
    session, account, organisation = found
    _touch(uow, session)
    return Visitor(
        actor=_actor(account, organisation, session, uow.actor.trace_id),
        login_hint=account.login_hint,
        org_name=organisation.name,
        roles=tuple(account.roles),
        msg_kid=session.msg_kid,
    )


def _touch(uow: UnitOfWork, session: UserSession) -> None:
    if uow.now - session.seen_at < SEEN_EVERY:
        return
    session.seen_at = uow.now
    session.idle_ends_at = uow.now + timedelta(minutes=uow.settings.session_idle_minutes)


def _actor(
    account: Account, organisation: Organisation, session: UserSession, trace_id: str
) -> Actor:
    return Actor(
        realm=organisation.kind.realm,
        org_id=account.org_id,
        person_id=account.person_id,
        account_id=account.id,
        session_id=session.id,
        roles=frozenset(account.roles),
        permissions=permissions_of(account.roles),
        auth_level=AuthLevel.SESSION,
        trace_id=trace_id,
    )


def own_sessions(uow: UnitOfWork) -> Sequence[UserSession]:
    """The actor's live sessions, the newest first."""
    return uow.session.scalars(
        select(UserSession)
        .where(
            UserSession.account_id == uow.actor.account_id,
            UserSession.revoked_at.is_(None),
            UserSession.idle_ends_at > func.clock_timestamp(),
            UserSession.ends_at > func.clock_timestamp(),
        )
        .order_by(UserSession.started_at.desc())
    ).all()


def revoke(uow: UnitOfWork, session_id: UUID) -> None:
    """End one of the actor's sessions at once.

    Raises:
        NotFoundError: the actor has no such live session.
    """
    ended = _end(uow, UserSession.id == session_id, UserSession.account_id == uow.actor.account_id)
    if ended == 0:
        raise NotFoundError(f"session {session_id}")
    audit.record(uow, "session.revoke", object_type="session", object_id=session_id)


def revoke_others(uow: UnitOfWork) -> int:
    """End all the actor's sessions but this one; how many ended."""
    ended = _end(
        uow,
        UserSession.account_id == uow.actor.account_id,
        UserSession.id != uow.actor.session_id,
    )
    audit.record(uow, "session.revoke_others", count=ended)
    return ended


def revoke_all(uow: UnitOfWork, account_id: UUID) -> None:
    """End all sessions of an account."""
    _end(uow, UserSession.account_id == account_id)


def _end(uow: UnitOfWork, *which: Any) -> int:
    result = uow.session.execute(
        update(UserSession)
        .where(*which, UserSession.revoked_at.is_(None))
        .values(revoked_at=uow.now)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0
