"""Engines and sessions; every transaction tells PostgreSQL who acts."""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from yidaitong.kernel.actor import Actor

_SCOPE = text("SELECT set_config('ydt.scope', :scope, true), set_config('ydt.org', :org, true)")


def make_engine(url: str, *, pool_size: int = 5) -> Engine:
    """An engine for ``url``; its ``options`` (such as a role switch) are kept.

    Every wait is bounded: connecting 5 s, a statement 30 s, a lock 10 s, an idle transaction 15 s.
    """
    options = (
        "-c statement_timeout=30s -c lock_timeout=10s "
        "-c idle_in_transaction_session_timeout=15s -c timezone=UTC"
    )
    address = make_url(url)
    given = address.query.get("options", "")
    options = f"{given} {options}" if isinstance(given, str) else options
    address = address.difference_update_query(["options"])
    arguments: dict[str, Any] = {"options": options, "connect_timeout": 5}
    return create_engine(
        address,
        connect_args=arguments,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=1800,
    )


def make_session_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions that keep loaded values after commit (one read less per row)."""
    return sessionmaker(engine, expire_on_commit=False)


def bind_actor(session: Session, actor: Actor) -> None:
    """Make row security see ``actor`` in every transaction of ``session``."""
    session.info["actor"] = actor
    if session.in_transaction():
        _tell(session.connection(), actor)


def _tell(connection: Connection, actor: Actor) -> None:
    connection.execute(_SCOPE, {"scope": actor.realm.value, "org": actor.org_id or ""})


@event.listens_for(Session, "after_begin")
def _scope_transaction(
    session: Session, _transaction: SessionTransaction, connection: Connection
) -> None:
    actor = session.info.get("actor")
    if isinstance(actor, Actor):
        _tell(connection, actor)
