"""Agents, new representatives and officials around a firm; identities the provider knows."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from tests.authorizations.builders import Firm, a_session
from yidaitong.accounts import stepup
from yidaitong.accounts.models import Account
from yidaitong.accounts.roles import permissions_of
from yidaitong.authorizations import accepting, invitations
from yidaitong.authorizations.invitations import Invite, Invited
from yidaitong.enterprises.identity import Identity, Verified
from yidaitong.enterprises.mandate_lifecycle import MandateRight
from yidaitong.enterprises.models import Enterprise, Mandate, MandateInvitation
from yidaitong.kernel.actor import PUBLIC, SYSTEM, Actor, AuthLevel, Realm
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.sandbox import data
from yidaitong.sandbox.data.profile import make_person

ALL = frozenset(MandateRight)
PASSWORD = "correct horse battery staple"


def an_identity(name: str = "李明", day: int = 1) -> Identity:
    person = make_person(name, date(1980, 1, day), day)
    return Identity(person.name, person.id_no, data.mobile_of(person.name, person.id_no))


def an_invite(uow: UnitOfWork, rights: Iterable[MandateRight] = ALL, **changes: object) -> Invite:
    values: dict[str, object] = {
        "name": "李明",
        "rights": frozenset(rights),
        "ends_at": uow.now + timedelta(days=90),
    }
    return Invite(**(values | changes))  # type: ignore[arg-type]


def invite(uow: UnitOfWork, firm: Firm, command: Invite) -> Invited:
    rep = uow.acting(firm.rep)
    token = stepup.issue(rep, invitations.digest_of(firm.enterprise_id, command))
    return invitations.invite(rep, command, token)


def an_agent(
    uow: UnitOfWork,
    firm: Firm,
    rights: Iterable[MandateRight] = ALL,
    name: str = "李明",
    day: int = 1,
) -> tuple[Actor, UUID]:
    """An agent with a mandate in force, signed in; and the mandate's id."""
    invited = invite(uow, firm, an_invite(uow, rights, name=name))
    identity = an_identity(name, day)
    public = uow.acting(PUBLIC)
    assert accepting.ask(public, invited.code, identity) is None
    account = accepting.accept(public, invited.code, (identity, Verified("S-1")), PASSWORD)
    system = uow.acting(SYSTEM)
    made = system.session.get_one(MandateInvitation, invited.invitation_id)
    assert made.mandate_id is not None
    return actor_of(uow, account), made.mandate_id


def actor_of(uow: UnitOfWork, account: Account) -> Actor:
    """Whoever signs in with an account now."""
    system = uow.acting(SYSTEM)
    account = system.session.get_one(Account, account.id)
    return Actor(
        realm=Realm.ENTERPRISE,
        org_id=account.org_id,
        person_id=account.person_id,
        account_id=account.id,
        session_id=a_session(system, account),
        roles=frozenset(account.roles),
        permissions=permissions_of(account.roles),
        auth_level=AuthLevel.SESSION,
    )


def roles_now(uow: UnitOfWork, actor: Actor) -> list[str]:
    account = uow.acting(SYSTEM).session.get_one(Account, actor.account_id)
    return [] if account.disabled_at is not None else list(account.roles)


def mandate_now(uow: UnitOfWork, mandate_id: UUID) -> Mandate:
    return uow.acting(SYSTEM).session.get_one(Mandate, mandate_id, populate_existing=True)


def enterprise_now(uow: UnitOfWork, firm: Firm) -> Enterprise:
    return (
        uow.acting(SYSTEM)
        .session.scalars(
            select(Enterprise)
            .where(Enterprise.id == firm.enterprise_id)
            .execution_options(populate_existing=True)
        )
        .one()
    )


def an_official(role: str) -> Actor:
    return Actor(
        realm=Realm.GOV,
        org_id="centre",
        person_id=uuid7(),
        roles=frozenset({role}),
        permissions=permissions_of([role]),
        auth_level=AuthLevel.SESSION,
    )
