"""Everything the demo needs before its first visitor: catalogue, staff, banks, keys, products."""

from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from yidaitong.accounts.models import Account
from yidaitong.accounts.registering import login_key
from yidaitong.accounts.roles import MACHINE_PERMISSIONS, ROLES, permissions_of
from yidaitong.banks import clients
from yidaitong.banks import keys as bank_keys
from yidaitong.banks import queries as banks
from yidaitong.banks.commands import ProposeClient, ProposeKey
from yidaitong.banks.models import KeyPurpose
from yidaitong.departments import catalogue
from yidaitong.kernel.actor import SYSTEM, Actor, AuthLevel
from yidaitong.kernel.settings import Settings
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices import endpoints
from yidaitong.notices.commands import ProposeEndpoint
from yidaitong.notices.queries import active_address
from yidaitong.products import launch
from yidaitong.runtime import Runtime
from yidaitong.sandbox import bankkeys
from yidaitong.sandbox.staff import MEMBERS, ORGANISATIONS, PASSWORD, QILU, QUANCHENG, hire

BANKS = (QILU, QUANCHENG)
CLIENT_NAME = "信贷核心系统"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One way into the demo."""

    role: Text
    organisation: str
    login: str
    password: str = field(repr=False)


def seed(runtime: Runtime) -> list[Login]:
    """Bring an installation to the state the demo starts from. Safe to repeat."""
    with runtime.transaction(SYSTEM) as uow:
        catalogue.seed(uow)
    hire(runtime)
    with runtime.transaction(SYSTEM) as uow:
        launch.seed(uow, _people(uow))
    with runtime.transaction(SYSTEM) as uow:
        for bank_id in BANKS:
            _pin(uow, bank_id)
            _admit(uow, bank_id)
    for bank_id in BANKS:
        url = f"{runtime.settings.gateway_url}/banks/{bank_id}/notices"
        command = endpoints.checked(runtime.settings, bank_id, url)
        with runtime.transaction(SYSTEM) as uow:
            _call_back(uow, command)
    return [
        Login(
            role=ROLES[member.role].text,
            organisation=ORGANISATIONS[member.org_id][1],
            login=member.login,
            password=PASSWORD,
        )
        for member in MEMBERS
    ]


def keys_folder(settings: Settings) -> Path:
    """Where the made-up banks keep their private keys."""
    return settings.bank_keys_dir or settings.home / bankkeys.FOLDER


def actor_of(uow: UnitOfWork, login: str) -> Actor:
    """The made-up employee with this login, as if signed in."""
    index = login_key(uow, login)
    account = uow.session.scalars(select(Account).where(Account.login_index == index)).one()
    member = next(member for member in MEMBERS if member.login == login)
    return Actor(
        realm=ORGANISATIONS[member.org_id][0].realm,
        org_id=account.org_id,
        person_id=account.person_id,
        account_id=account.id,
        roles=frozenset(account.roles),
        permissions=permissions_of(account.roles),
        auth_level=AuthLevel.SESSION,
    )


def _people(uow: UnitOfWork) -> launch.People:
    return launch.People(
        makers={QILU: actor_of(uow, "qilu.product"), QUANCHENG: actor_of(uow, "quancheng.product")},
        checkers={
            QILU: actor_of(uow, "qilu.checker"),
            QUANCHENG: actor_of(uow, "quancheng.checker"),
        },
        officer=actor_of(uow, "centre.officer"),
        checker=actor_of(uow, "centre.checker"),
    )


def _call_back(uow: UnitOfWork, command: ProposeEndpoint) -> None:
    """The made-up banks take notices in the process of the departments."""
    if active_address(uow, command.bank_id) == command.url:
        return
    officer, checker = actor_of(uow, "centre.officer"), actor_of(uow, "centre.checker")
    proposed = endpoints.propose(uow.acting(officer), command)
    endpoints.pin(uow.acting(checker), proposed.id)
    uow.acting(SYSTEM)


def _pin(uow: UnitOfWork, bank_id: str) -> None:
    own = bankkeys.ensure(keys_folder(uow.settings), bank_id)
    known = {key.kid for key in banks.keys_of_bank(uow, bank_id)}
    officer, checker = actor_of(uow, "centre.officer"), actor_of(uow, "centre.checker")
    for use in KeyPurpose:
        jwk = own.public(use.value)
        if jwk["kid"] in known:
            continue
        key = bank_keys.propose(uow.acting(officer), ProposeKey(bank_id=bank_id, use=use, jwk=jwk))
        bank_keys.pin(uow.acting(checker), key.id)
        uow.acting(SYSTEM)


def _admit(uow: UnitOfWork, bank_id: str) -> None:
    """One machine of the bank, which signs with the bank's key for messages."""
    folder = keys_folder(uow.settings)
    kid = str(bankkeys.ensure(folder, bank_id).msg["kid"])
    known = [one.id for one in clients.clients_of(uow, bank_id) if one.kid == kid]
    bankkeys.note_client(folder, bank_id, str(known[-1] if known else _machine(uow, bank_id, kid)))


def _machine(uow: UnitOfWork, bank_id: str, kid: str) -> UUID:
    manager = actor_of(uow, f"{bank_id.removeprefix('bank-')}.product")
    checker = actor_of(uow, "centre.checker")
    command = ProposeClient(
        bank_id=bank_id, name=CLIENT_NAME, permissions=list(MACHINE_PERMISSIONS), kid=kid
    )
    proposed = clients.propose(uow.acting(manager), command)
    clients.admit(uow.acting(checker), proposed.id)
    uow.acting(SYSTEM)
    return proposed.id
