"""Putting the web application together; the order of the parts is the order of their checks."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Flask, request
from flask_wtf import CSRFProtect

from yidaitong.kernel.actor import Realm
from yidaitong.kernel.settings import Settings
from yidaitong.runtime import Runtime
from yidaitong.web.api import api as session_api
from yidaitong.web.api import docs, init_api
from yidaitong.web.auth import init_auth
from yidaitong.web.context import NAV, init_context
from yidaitong.web.filters import init_filters
from yidaitong.web.headers import init_headers
from yidaitong.web.i18n import init_i18n
from yidaitong.web.intake import init_intake
from yidaitong.web.ledger import pages as ledger
from yidaitong.web.limits import init_limits
from yidaitong.web.messages import init_messages
from yidaitong.web.nav import NavItem, Portal
from yidaitong.web.oauth import api as oauth_api
from yidaitong.web.problems import init_problems
from yidaitong.web.site import pages as site
from yidaitong.web.state import EXTENSION
from yidaitong.web.views import realm_of_path

# Flask's own view of static files has no place for a decorator.
_OPEN_ENDPOINTS: Final = frozenset({"static"})


def create_app(runtime: Runtime, portals: Iterable[Portal]) -> Flask:
    """The application with its portals.

    Raises:
        RuntimeError: a view names no permission.
    """
    settings = runtime.settings
    app = Flask("yidaitong", static_folder="static", template_folder="templates")
    app.extensions[EXTENSION] = runtime
    app.config.update(_config(settings))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    init_headers(app, https=settings.cookie_secure)
    init_problems(app)
    init_auth(app)
    init_limits(app, settings.redis_url, enabled=settings.rate_limits)
    init_messages(app)
    init_intake(app)
    parts = list(portals)
    init_i18n(app, [Path(part.pages.root_path) / "locale" for part in parts])
    init_filters(app)
    init_context(app)
    _register(app, parts)
    check_permissions(app)
    return app


def _config(settings: Settings) -> dict[str, Any]:
    secure = settings.cookie_secure
    return {
        "SECRET_KEY": settings.secret_key,
        # __Host-: no other host, no other path, never without TLS.
        "SESSION_COOKIE_NAME": "__Host-ydt" if secure else "ydt",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Strict",
        "SESSION_COOKIE_PATH": "/",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=settings.session_max_hours),
        "TRUSTED_HOSTS": _hosts(settings),
        "WTF_CSRF_TIME_LIMIT": settings.session_max_hours * 3600,
        "WTF_CSRF_CHECK_DEFAULT": False,
        "PREFERRED_URL_SCHEME": urlsplit(settings.base_url).scheme or "https",
    }


def _hosts(settings: Settings) -> list[str]:
    """Names this site answers to; outside production this machine's too."""
    own = urlsplit(settings.base_url).hostname or "localhost"
    return [own] if settings.env == "prod" else [own, "localhost", "127.0.0.1"]


def _register(app: Flask, portals: list[Portal]) -> None:
    csrf = CSRFProtect(app)

    def protect() -> None:
        # Bearer tokens are not sent by a browser on its own, so /api/ needs no CSRF token;
        # cookies are not read there.
        if not request.path.startswith("/api/"):
            csrf.protect()

    app.before_request(protect)
    documented = init_api(app)
    app.register_blueprint(site)
    app.register_blueprint(docs)
    app.register_blueprint(ledger)
    documented.register_blueprint(session_api)
    documented.register_blueprint(oauth_api)
    menus: dict[Realm, list[NavItem]] = {}
    for portal in portals:
        app.register_blueprint(portal.pages)
        documented.register_blueprint(portal.api)
        realm = realm_of_path(f"{portal.pages.url_prefix}/")
        if realm is not None:
            menus[realm] = list(portal.nav)
    app.extensions[NAV] = menus


def check_permissions(app: Flask) -> None:
    """Refuse to start with a view that forgot to name its permission.

    Raises:
        RuntimeError: with the endpoints that did.
    """
    bare = sorted(
        endpoint
        for endpoint, view in app.view_functions.items()
        if endpoint not in _OPEN_ENDPOINTS and not getattr(view, "__permission__", None)
    )
    if bare:
        raise RuntimeError(f"views without a permission: {', '.join(bare)}")
