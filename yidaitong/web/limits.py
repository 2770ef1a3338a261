"""Quotas per organisation, per address and in all; the app goes on when Redis is away."""

from typing import Final

from flask import Flask, request
from flask_limiter import Limiter

from yidaitong.kernel.actor import Realm
from yidaitong.web import auth, messages

# Requests a second: an enterprise, a bank or the centre, a visitor's address, everybody together.
QUOTAS: Final = {
    Realm.ENTERPRISE: "10/second",
    Realm.BANK: "50/second",
    Realm.GOV: "50/second",
    Realm.PUBLIC: "20/second",
}
IN_ALL: Final = "300/second"
_FREE: Final = frozenset({"static", "site.health", "site.ready"})


def init_limits(app: Flask, redis_url: str, *, enabled: bool) -> Limiter:
    """Limit every view but static files and health checks."""
    limiter = Limiter(
        key_func=_who,
        app=app,
        storage_uri=storage_url(redis_url),
        storage_options={"socket_timeout": 1, "socket_connect_timeout": 1},
        strategy="moving-window",
        default_limits=[_quota],
        application_limits=[IN_ALL],
        in_memory_fallback_enabled=True,
        enabled=enabled,
        headers_enabled=False,
    )
    limiter.request_filter(_is_free)
    return limiter


def storage_url(redis_url: str) -> str:
    """The same address in the limiter's spelling: it knows no ``unix://``."""
    return f"redis+{redis_url}" if redis_url.startswith("unix://") else redis_url


def _is_free() -> bool:
    # A copy of a message is told that it is one, never that it comes too often.
    return request.endpoint in _FREE or messages.is_replay()


def _who() -> str:
    actor = auth.current_actor()
    return actor.org_id or f"address:{request.remote_addr}"


def _quota() -> str:
    return QUOTAS.get(auth.current_actor().realm, QUOTAS[Realm.PUBLIC])
