"""Who sends this request: the cookie's session on pages, the bearer token under /api/."""

from dataclasses import replace

from flask import Flask, Response, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from yidaitong.accounts import login, sessions, stepup
from yidaitong.accounts.commands import Credentials, PasswordChange
from yidaitong.accounts.models import SessionKind
from yidaitong.accounts.sessions import Opening, Visitor
from yidaitong.banks.messages import Received
from yidaitong.kernel.actor import PUBLIC, SYSTEM, Actor, Realm
from yidaitong.kernel.crypto.errors import SignatureInvalidError
from yidaitong.web import messages
from yidaitong.web.state import is_api, runtime, trace_id


class User(UserMixin):  # type: ignore[misc]  # the library ships no types
    """Flask-Login's user: a visitor and the token it came with."""

    def __init__(self, visitor: Visitor, token: str) -> None:
        self.visitor = visitor
        self.token = token

    def get_id(self) -> str:
        """What the signed cookie carries: the session's token."""
        return self.token


def init_auth(app: Flask) -> None:
    """Load the visitor of each request from our session table."""
    manager = LoginManager()
    manager.session_protection = None  # Our own table ends sessions; addresses of phones change.
    manager.user_loader(_user_of_cookie)
    manager.request_loader(_user_of_bearer)
    manager.init_app(app)


def _user_of_cookie(token: str) -> User | None:
    return None if is_api() else _user(token, SessionKind.COOKIE)


def _user_of_bearer(_request: object) -> User | None:
    token = messages.bearer() if is_api() else None
    if token is None:
        return None
    if messages.is_signed_call():
        found = messages.received()
        return None if found is None or found.visitor is None else User(found.visitor, token)
    user = _user(token, SessionKind.BEARER)
    # A bank's token is bound to a key: it is worth nothing in a call that is not signed by it.
    return None if user is None or user.visitor.actor.realm is Realm.BANK else user


def _user(token: str, kind: SessionKind) -> User | None:
    if not 0 < len(token) <= messages.MAX_TOKEN:
        return None
    with runtime().transaction(replace(SYSTEM, trace_id=trace_id())) as uow:
        visitor = sessions.visitor_of(uow, token, kind)
    return None if visitor is None else User(visitor, token)


def current_visitor() -> Visitor | None:
    """Whoever is signed in, or None."""
    user = current_user
    return user.visitor if user and user.is_authenticated else None


def current_actor() -> Actor:
    """The actor of this request; nobody in particular when nobody is signed in."""
    visitor = current_visitor()
    return replace(PUBLIC, trace_id=trace_id()) if visitor is None else visitor.actor


def sign_in(name: str, password: str, kind: SessionKind) -> sessions.Opened:
    """Check a login name and password in three steps and open a session.

    Raises:
        TooManyRequestsError: the name or the address has no tries left.
        WrongCredentialsError: anything else, always the same.
        SignatureInvalidError: a bank's person calls the API, but the call is not signed by a key of
            that bank; or somebody else's call is signed by a bank.
    """
    rt = runtime()
    public = replace(PUBLIC, trace_id=trace_id())
    credentials = Credentials(login=name, password=password, address=request.remote_addr or "")
    with rt.transaction(public) as uow:
        challenge = login.begin(uow, credentials)
    proven = login.compare(challenge, password, rt.settings.argon2_memory_kib)
    signed = messages.received()
    kid = None if signed is None else signed.kid
    opening = Opening(kind, request.headers.get("User-Agent", ""), kid)
    with rt.transaction(public) as uow:
        opened = login.finish(uow, proven, opening)
        _check_signer(opened.actor, kind, signed)
        return opened


def _check_signer(actor: Actor, kind: SessionKind, signed: Received | None) -> None:
    by_api = actor.realm is Realm.BANK and kind is SessionKind.BEARER
    expected = actor.org_id if by_api else None
    if expected != (None if signed is None else signed.bank_id):
        raise SignatureInvalidError("not signed by the bank of this account")


def start_cookie(name: str, password: str) -> Actor:
    """Sign in on a page: a fresh session, a fresh cookie, a fresh CSRF token."""
    opened = sign_in(name, password, SessionKind.COOKIE)
    end_cookie()
    user = _user(opened.token, SessionKind.COOKIE)
    if user is not None:
        login_user(user)
    return opened.actor


def end_cookie() -> None:
    """End the session of this request, in the table and in the browser."""
    actor = current_actor()
    if actor.session_id is not None:
        with runtime().transaction(actor) as uow:
            sessions.revoke(uow, actor.session_id)
    logout_user()
    session.clear()
    g.pop("csrf_token", None)


def prove(password: str, digest: str) -> str:
    """A step-up token for the act with ``digest``, after the password was entered again.

    Raises:
        StepUpRequiredError: the password is wrong.
        TooManyRequestsError: no tries are left.
    """
    _confirm(password)
    with runtime().transaction(current_actor()) as uow:
        return stepup.issue(uow, digest)


def change_password(change: PasswordChange) -> None:
    """Check the current password, set the new one, end all other sessions.

    Raises:
        StepUpRequiredError: the current password is wrong.
        InvalidRequestError: the new one cannot be used.
    """
    _confirm(change.current)
    with runtime().transaction(current_actor()) as uow:
        login.change_password(uow, login.own_account(uow), change)


def _confirm(password: str) -> None:
    rt, actor = runtime(), current_actor()
    with rt.transaction(actor) as uow:
        challenge = login.confirm_begin(uow)
    proven = login.compare(challenge, password, rt.settings.argon2_memory_kib)
    with rt.transaction(actor) as uow:
        login.confirm_finish(uow, proven)


def to_login() -> Response:
    """Send a person to the sign-in page and back afterwards."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("site.login_page", next=wanted), 303)  # type: ignore[return-value]
