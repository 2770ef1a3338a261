"""People who take products through their life: banks' and the centre's, all different persons."""

from yidaitong.accounts.roles import permissions_of
from yidaitong.departments import catalogue
from yidaitong.kernel.actor import Actor, AuthLevel, Realm
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import launch
from yidaitong.products.models import ProductVersion

QILU = "bank-qilu"
QUANCHENG = "bank-quancheng"


def somebody(realm: Realm, org_id: str, *roles: str) -> Actor:
    return Actor(
        realm=realm,
        org_id=org_id,
        person_id=uuid7(),
        roles=frozenset(roles),
        permissions=permissions_of(roles),
        auth_level=AuthLevel.SESSION,
    )


def a_banker(role: str, bank_id: str = QILU) -> Actor:
    return somebody(Realm.BANK, bank_id, role)


def an_official(role: str) -> Actor:
    return somebody(Realm.GOV, "centre", role)


def people() -> launch.People:
    return launch.People(
        makers={bank: a_banker("bank_product", bank) for bank in (QILU, QUANCHENG)},
        checkers={bank: a_banker("bank_checker", bank) for bank in (QILU, QUANCHENG)},
        officer=an_official("centre_officer"),
        checker=an_official("centre_checker"),
    )


def launched(uow: UnitOfWork) -> list[ProductVersion]:
    """The four products in effect, as the platform opens with them."""
    catalogue.seed(uow)
    return launch.seed(uow, people())
