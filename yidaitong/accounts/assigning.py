"""What one person may do in one organisation: roles change at once, in every open session."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from yidaitong.accounts import sessions
from yidaitong.accounts.models import Account
from yidaitong.accounts.scope import as_system
from yidaitong.kernel.uow import UnitOfWork


def account_of(uow: UnitOfWork, org_id: str, person_id: UUID) -> Account | None:
    """The person's account in an organisation, the newest that is not disabled."""
    return uow.session.scalar(
        select(Account)
        .where(
            Account.org_id == org_id,
            Account.person_id == person_id,
            Account.disabled_at.is_(None),
        )
        .order_by(Account.id.desc())
        .limit(1)
    )


def set_roles(uow: UnitOfWork, org_id: str, person_id: UUID, roles: Iterable[str]) -> None:
    """Give a person exactly these roles in an organisation; sessions read them with each request.

    Without roles every session ends and nothing is left to do but the own password.
    """
    given = sorted(set(roles))
    with as_system(uow) as wide:
        account = account_of(wide, org_id, person_id)
        if account is None or sorted(account.roles) == given:
            return
        account.roles = given
        if not given:
            sessions.revoke_all(wide, account.id)
        wide.session.flush()


def disable(uow: UnitOfWork, org_id: str, person_id: UUID) -> None:
    """Close a person's way into an organisation; every session ends."""
    with as_system(uow) as wide:
        account = account_of(wide, org_id, person_id)
        if account is None:
            return
        account.disabled_at = wide.now
        sessions.revoke_all(wide, account.id)
        wide.session.flush()
