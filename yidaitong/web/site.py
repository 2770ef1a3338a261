"""Pages that belong to no portal: front door, sign-in, own account, language, health."""

from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from flask import (
    Blueprint,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from yidaitong.accounts import sessions
from yidaitong.accounts.commands import PasswordChange
from yidaitong.accounts.roles import OWN_ACCOUNT
from yidaitong.authorizations import keks
from yidaitong.kernel import evidence
from yidaitong.kernel.actor import PUBLIC, Actor, Realm
from yidaitong.kernel.crypto.keks.provider import KekUnavailableError
from yidaitong.kernel.evidence import backlog
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web import auth
from yidaitong.web.context import NAV
from yidaitong.web.i18n import COOKIE, LOCALES
from yidaitong.web.schemas import LoginSchema, PasswordSchema
from yidaitong.web.state import runtime
from yidaitong.web.views import Work, mark_public, public_work, requires, requires_work, use_command

pages = Blueprint("site", __name__)

HOMES: Final = {Realm.ENTERPRISE: "/enterprise/", Realm.BANK: "/bank/", Realm.GOV: "/gov/"}
_YEAR: Final = 31_536_000


def safe_next(target: str, actor: Actor) -> str:
    """``target`` if it is a page of ours that the actor's portal serves, else their first page."""
    home = HOMES.get(actor.realm, "/")
    clean = target.isascii() and target.isprintable() and "\\" not in target
    parts = urlsplit(target) if clean else None
    if parts is None or parts.scheme or parts.netloc or "//" in parts.path:
        return landing(actor)
    ours = target.startswith((home, "/account")) and ".." not in target
    return target if ours else landing(actor)


def landing(actor: Actor) -> str:
    """The first line of the portal's menu that the actor may open: not every role sees its root."""
    items = current_app.extensions.get(NAV, {}).get(actor.realm, [])
    first = next((item for item in items if actor.may(item.permission)), None)
    return HOMES.get(actor.realm, "/") if first is None else url_for(first.endpoint)


@pages.get("/")
@public_work
def index(_work: Work) -> ResponseReturnValue:
    """The front door: three portals."""
    return render_template("site/index.html", homes=HOMES)


@pages.get("/login")
@public_work
def login_page(work: Work) -> ResponseReturnValue:
    """One sign-in page for all."""
    if work.actor.account_id is not None:
        return redirect(safe_next(request.args.get("next", ""), work.actor), 303)
    return render_template("site/login.html", next=request.values.get("next", ""))


@pages.post("/login")
@public_work
@use_command(LoginSchema, page=login_page)
def sign_in(_work: Work, command: dict[str, Any]) -> ResponseReturnValue:
    """Open a session and go to the portal of whoever signed in."""
    actor = auth.start_cookie(command["login"], command["password"])
    return redirect(safe_next(command["next"], actor), 303)


@pages.post("/logout")
@requires_work(OWN_ACCOUNT)
def sign_out(_work: Work) -> ResponseReturnValue:
    """End this session."""
    auth.end_cookie()
    flash(_("You are signed out."), "success")
    return redirect(url_for(".login_page"), 303)


@pages.get("/account")
@requires(OWN_ACCOUNT)
def account(uow: UnitOfWork) -> ResponseReturnValue:
    """Own sessions and password."""
    return render_template(
        "site/account.html", sessions=sessions.own_sessions(uow), current=uow.actor.session_id
    )


@pages.post("/account/password")
@requires_work(OWN_ACCOUNT)
@use_command(PasswordSchema, page=account)
def change_password(_work: Work, change: PasswordChange) -> ResponseReturnValue:
    """Set a new password; all other sessions end."""
    auth.change_password(change)
    flash(_("Password changed. All other sessions were signed out."), "success")
    return redirect(url_for(".account"), 303)


@pages.post("/account/sessions/<uuid:session_id>/end")
@requires(OWN_ACCOUNT)
def end_session(uow: UnitOfWork, session_id: UUID) -> ResponseReturnValue:
    """End one own session."""
    sessions.revoke(uow, session_id)
    flash(_("The session was ended."), "success")
    return redirect(url_for(".account"), 303)


@pages.post("/account/sessions/end-others")
@requires(OWN_ACCOUNT)
def end_other_sessions(uow: UnitOfWork) -> ResponseReturnValue:
    """End all own sessions but this one."""
    sessions.revoke_others(uow)
    flash(_("All other sessions were signed out."), "success")
    return redirect(url_for(".account"), 303)


@pages.get("/language/<name>")
@public_work
def language(work: Work, name: str) -> ResponseReturnValue:
    """Remember the reader's language in a cookie and go back."""
    answer = make_response(redirect(_back(work.actor), 303))
    if name in LOCALES:
        secure = work.runtime.settings.cookie_secure
        answer.set_cookie(
            COOKIE, name, max_age=_YEAR, secure=secure, httponly=True, samesite="Strict"
        )
    return answer


def _back(actor: Actor) -> str:
    wanted = request.args.get("next", "")
    if wanted in {"/", "/login"} or wanted.startswith("/login?"):
        return wanted
    for realm in (actor.realm, *HOMES):
        page = safe_next(wanted, Actor(realm=realm))
        if page == wanted:
            return wanted
    return "/"


@pages.get("/health")
@mark_public
def health() -> ResponseReturnValue:
    """The process answers; nothing else is asked."""
    return jsonify(status="ok")


@pages.get("/ready")
@mark_public
def ready() -> ResponseReturnValue:
    """The database answers; without Redis we are slower, without the log only stops work."""
    rt = runtime()
    found: dict[str, Any] = {"database": "ok", "redis": "ok"}
    try:
        with rt.transaction(PUBLIC) as uow:
            uow.clock()  # The gauge may be a second old; this asks the database now.
            gauge, problem = backlog(uow), evidence.problem(uow)
            found["keys"] = _keys(uow)
        found["ledger"] = {
            "state": "ok" if problem is None else "behind",
            "pending": gauge.pending,
            "oldest_seconds": round(gauge.oldest_seconds, 1),
        } | ({} if problem is None else {"problem": problem})
    except SQLAlchemyError:
        found["database"] = "down"
    try:
        rt.redis.ping()
    except RedisError:
        found["redis"] = "down"
    status = 200 if found["database"] == "ok" else 503
    return jsonify(status="ok" if status == 200 else "down", **found), status  # noqa: PLR2004 - HTTP


def _keys(uow: UnitOfWork) -> str:
    """Whether the key-encryption key is here, and young enough."""
    try:
        found = keks.standing(uow)
    except KekUnavailableError:
        return "missing"
    if found is None:
        return "none yet"
    if not found.held:
        return "missing"
    return "due" if found.due else "ok"


@pages.get("/favicon.ico")
@mark_public
def favicon() -> ResponseReturnValue:
    """Browsers ask for it by this name."""
    return redirect(url_for("static", filename="favicon.svg"), 308)
