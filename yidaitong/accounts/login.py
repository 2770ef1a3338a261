"""Signing in: take a try, compare the password with no transaction open, open a session."""

from typing import Final

from sqlalchemy import select

from yidaitong import audit
from yidaitong.accounts import passwords, sessions, throttle
from yidaitong.accounts.commands import Challenge, Credentials, PasswordChange, Proven
from yidaitong.accounts.errors import WrongCredentialsError
from yidaitong.accounts.models import Account
from yidaitong.accounts.registering import login_key
from yidaitong.accounts.scope import as_system
from yidaitong.accounts.sessions import Opened
from yidaitong.kernel.errors import InvalidRequestError, StepUpRequiredError, UnauthorisedError
from yidaitong.kernel.uow import UnitOfWork

MAX_LOGIN_SIGNS: Final = 128
# A whole office may share one address.
ADDRESS_FACTOR: Final = 10


def begin(uow: UnitOfWork, credentials: Credentials) -> Challenge:
    """Take a try of the login name and of the address; commit before comparing.

    Raises:
        TooManyRequestsError: one of them has no tries left; the hash is not computed.
    """
    limit = uow.settings.login_failures_per_quarter
    login = credentials.login[:MAX_LOGIN_SIGNS].encode(errors="replace").decode()
    name_key = login_key(uow, login)
    keys = (
        uow.crypto.blind_index(uow.session, "login.tries", name_key.hex()),
        uow.crypto.blind_index(uow.session, "address.tries", credentials.address),
    )
    for key, most in zip(keys, (limit, limit * ADDRESS_FACTOR), strict=True):
        throttle.take(uow, key, most)
    with as_system(uow) as wide:
        found = wide.session.execute(
            select(Account.id, Account.password_hash).where(
                Account.login_index == name_key, Account.disabled_at.is_(None)
            )
        ).one_or_none()
    if found is None:
        return Challenge(None, passwords.dummy_hash(uow.settings.argon2_memory_kib), keys)
    return Challenge(found.id, found.password_hash, keys)


def compare(challenge: Challenge, password: str, memory_kib: int) -> Proven | None:
    """Whose password it is, or None; takes the same time for a login nobody has."""
    right = passwords.matches(challenge.stored, password, memory_kib)
    if not right or challenge.account_id is None:
        return None
    return Proven(challenge.account_id, challenge.keys)


def finish(uow: UnitOfWork, proven: Proven | None, opening: sessions.Opening) -> Opened:
    """Open a session after a right password; the try does not count.

    Raises:
        WrongCredentialsError: the login is unknown or disabled, or the password is wrong.
    """
    if proven is None:
        raise WrongCredentialsError("sign-in refused")
    with as_system(uow) as wide:
        account = wide.session.get(Account, proven.account_id)
        if account is None or account.disabled_at is not None:
            raise WrongCredentialsError("sign-in refused")
        _give_back(wide, proven)
        return sessions.open_session(wide, account, opening)


def _give_back(uow: UnitOfWork, proven: Proven) -> None:
    for key in proven.keys:
        throttle.give_back(uow, key)


def change_password(uow: UnitOfWork, account: Account, change: PasswordChange) -> None:
    """Replace the password after :func:`confirm_finish`; every other session ends.

    Raises:
        InvalidRequestError: the new password cannot be used.
    """
    problem = passwords.password_problem(change.new)
    if problem is None and change.new == change.current:
        problem = "PASSWORD_SAME"
    if problem is not None:
        raise InvalidRequestError("password", fields={"new": problem})
    account.password_hash = passwords.hash_password(change.new, uow.settings.argon2_memory_kib)
    account.password_changed_at = uow.now
    sessions.revoke_others(uow)
    audit.record(uow, "password.change", object_type="account", object_id=account.id)


def confirm_begin(uow: UnitOfWork) -> Challenge:
    """Take a try of the signed-in account's password, for a change or a step-up.

    Raises:
        TooManyRequestsError: no tries are left in this quarter of an hour.
        UnauthorisedError: nobody is signed in.
    """
    account = own_account(uow)
    key = uow.crypto.blind_index(uow.session, "account.tries", str(account.id))
    throttle.take(uow, key, uow.settings.login_failures_per_quarter)
    return Challenge(account.id, account.password_hash, (key,))


def confirm_finish(uow: UnitOfWork, proven: Proven | None) -> None:
    """Go on only after a right password.

    Raises:
        StepUpRequiredError: it was wrong; the try counts.
    """
    if proven is None:
        raise StepUpRequiredError(f"account {uow.actor.account_id}")
    _give_back(uow, proven)


def own_account(uow: UnitOfWork) -> Account:
    """The account of whoever acts.

    Raises:
        UnauthorisedError: nobody is signed in, or the account was closed meanwhile.
    """
    account_id = uow.actor.account_id
    account = None if account_id is None else uow.session.get(Account, account_id)
    if account is None or account.disabled_at is not None:
        raise UnauthorisedError("no account")
    return account


def disable(uow: UnitOfWork, account: Account) -> None:
    """Close an account at once: its sessions end with it."""
    account.disabled_at = uow.now
    sessions.revoke_all(uow, account.id)
    audit.record(uow, "account.disable", object_type="account", object_id=account.id)


def change_roles(uow: UnitOfWork, account: Account, roles: frozenset[str]) -> None:
    """Give an account other roles; everybody signed in with it signs in again."""
    account.roles = sorted(roles)
    sessions.revoke_all(uow, account.id)
    audit.record(uow, "account.roles", object_type="account", object_id=account.id)
