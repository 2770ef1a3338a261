"""Everything the demo needs before its first visitor: catalogue, staff, banks, keys, products."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select

from yidaitong.accounts.models import Account
from yidaitong.accounts.registering import login_key
from yidaitong.accounts.roles import ROLES, permissions_of
from yidaitong.banks import keys as bank_keys
from yidaitong.banks import queries as banks
from yidaitong.banks import registering
from yidaitong.banks.commands import ProposeKey, RegisterBank
from yidaitong.banks.models import KeyPurpose
from yidaitong.departments import catalogue
from yidaitong.kernel.actor import SYSTEM, Actor, AuthLevel
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.runtime import Runtime
from yidaitong.sandbox import bankkeys, shelf
from yidaitong.sandbox.staff import MEMBERS, ORGANISATIONS, PASSWORD, QILU, QUANCHENG, hire

_AGREEMENT_DAYS: Final = 3650
_BANKS: Final = {
    QILU: (Text("齐鲁银行", "Qilu Bank"), "0531-96588"),
    QUANCHENG: (Text("泉城银行", "Quancheng Bank"), "0531-00000001"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One way into the demo."""

    role: Text
    organisation: str
    login: str
    password: str


def seed(runtime: Runtime) -> list[Login]:
    """Bring an installation to the state the demo starts from. Safe to repeat."""
    with runtime.transaction(SYSTEM) as uow:
        catalogue.seed(uow)
    hire(runtime)
    for bank_id in _BANKS:
        _take_on(runtime, bank_id)
    shelf.fill(runtime)
    return [
        Login(
            role=ROLES[member.role].text,
            organisation=ORGANISATIONS[member.org_id][1],
            login=member.login,
            password=PASSWORD,
        )
        for member in MEMBERS
    ]


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


def _take_on(runtime: Runtime, bank_id: str) -> None:
    with runtime.transaction(SYSTEM) as uow:
        if banks.is_accredited(uow, bank_id):
            return
        officer, checker = actor_of(uow, "centre.officer"), actor_of(uow, "centre.checker")
        registering.register(uow.acting(officer), _registration(bank_id, business_date(uow.now)))
        registering.accredit(uow.acting(checker), bank_id)
        folder = runtime.settings.bank_keys_dir or runtime.settings.home / "sandbox" / "bank-keys"
        own = bankkeys.ensure(folder, bank_id)
        for use in KeyPurpose:
            proposal = ProposeKey(bank_id=bank_id, use=use, jwk=own.public(use.value))
            key = bank_keys.propose(uow.acting(officer), proposal)
            bank_keys.pin(uow.acting(checker), key.id)


def _registration(bank_id: str, today: date) -> RegisterBank:
    name, contact = _BANKS[bank_id]
    return RegisterBank(
        bank_id=bank_id,
        name_zh=name.zh,
        name_en=name.en,
        contact=contact,
        starts_on=today - timedelta(days=_AGREEMENT_DAYS // 2),
        ends_on=today + timedelta(days=_AGREEMENT_DAYS // 2),
    )
