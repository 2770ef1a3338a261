"""Opening accounts: for a registered enterprise, for banks and the centre."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from yidaitong import audit
from yidaitong.accounts import passwords
from yidaitong.accounts.commands import NewAccount
from yidaitong.accounts.errors import LoginTakenError
from yidaitong.accounts.models import Account, Organisation, OrgKind, Person
from yidaitong.accounts.roles import ROLES
from yidaitong.accounts.scope import as_system
from yidaitong.kernel.codes import id_problem
from yidaitong.kernel.crypto.box import DekKind, Place
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.text import fold
from yidaitong.kernel.uow import UnitOfWork

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{2,63}", re.ASCII)
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)


def create(uow: UnitOfWork, new: NewAccount) -> Account:
    """Open an account; the organisation and the person are made if they are not known yet.

    Raises:
        InvalidRequestError: login, password, ID number or roles cannot be used.
        LoginTakenError: somebody has this login name.
    """
    login = folded_login(new.login)
    _check(new, login)
    password_hash = passwords.hash_password(new.password, uow.settings.argon2_memory_kib)
    with as_system(uow) as wide:
        ensure_organisation(wide, new.org_id, new.org_kind, new.org_name)
        person_id = person_of(wide, new.name, new.id_number)
        account = _insert(wide, new, person_id, password_hash)
        audit.record(
            replace(wide, actor=uow.actor) if uow.actor.org_id else wide,
            "account.open",
            object_type="account",
            object_id=account.id,
            person_id=person_id,
            org_id=new.org_id,
        )
    return account


def folded_login(login: str) -> str:
    """One spelling of a login name: half width, lower case, no blanks."""
    return fold(login).lower()


def login_key(uow: UnitOfWork, login: str) -> bytes:
    """Blind index of a login name."""
    return uow.crypto.blind_index(uow.session, "account.login", folded_login(login))


def ensure_organisation(uow: UnitOfWork, org_id: str, kind: OrgKind, name: str) -> None:
    """Make the organisation known; one that is known keeps its name."""
    uow.session.execute(
        insert(Organisation)
        .values(id=org_id, kind=kind, name=name, created_at=uow.now)
        .on_conflict_do_nothing()
    )


def person_of(uow: UnitOfWork, name: str, id_number: str) -> UUID:
    """The person with this verified ID number, made if unknown; call it as the system."""
    index = uow.crypto.blind_index(uow.session, "person.id_number", id_number)
    known = uow.session.scalar(select(Person.id).where(Person.id_number_index == index))
    if known is not None:
        return known
    person_id = uuid7()
    values = {
        "id": person_id,
        "id_number_index": index,
        "name_sealed": uow.crypto.seal(uow.session, _place(person_id, "name"), name.encode()),
        "id_number_sealed": uow.crypto.seal(
            uow.session, _place(person_id, "id_number"), id_number.encode()
        ),
        "created_at": uow.now,
    }
    made: UUID | None = uow.session.scalar(
        insert(Person).values(values).on_conflict_do_nothing().returning(Person.id)
    )
    if made is not None:
        return made
    return uow.session.scalars(select(Person.id).where(Person.id_number_index == index)).one()


def names_of(uow: UnitOfWork, person_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Names of people by id; the caller answers for who may see them."""
    with as_system(uow) as wide:
        people = wide.session.scalars(select(Person).where(Person.id.in_(set(person_ids)))).all()
        return {
            person.id: wide.crypto.open(
                wide.session, _place(person.id, "name"), person.name_sealed
            ).decode()
            for person in people
        }


def _check(new: NewAccount, login: str) -> None:
    problems: dict[str, str] = {}
    if _LOGIN.fullmatch(login) is None:
        problems["login"] = "SIGNS"
    if not new.name.strip():
        problems["name"] = "MISSING"
    problem = id_problem(new.id_number)
    if problem is not None:
        problems["id_number"] = problem
    problem = passwords.password_problem(new.password)
    if problem is not None:
        problems["password"] = problem
    realm = new.org_kind.realm
    if not new.roles or any(c not in ROLES or ROLES[c].realm is not realm for c in new.roles):
        problems["roles"] = "CHOICE"
    if problems:
        raise InvalidRequestError("account", fields=problems)


def _insert(uow: UnitOfWork, new: NewAccount, person_id: UUID, password_hash: str) -> Account:
    account_id = uuid7()
    made = uow.session.scalar(
        insert(Account)
        .values(
            id=account_id,
            org_id=new.org_id,
            person_id=person_id,
            login_index=login_key(uow, new.login),
            login_hint=_hint(folded_login(new.login)),
            password_hash=password_hash,
            roles=sorted(new.roles),
            created_at=uow.now,
            password_changed_at=uow.now,
            row_version=1,
        )
        .on_conflict_do_nothing(index_elements=["login_index"])
        .returning(Account.id)
    )
    if made is None:
        raise LoginTakenError(f"login of organisation {new.org_id}")
    return uow.session.get_one(Account, account_id)


def _hint(login: str) -> str:
    return f"{login[:3]}****{login[-4:]}" if _MOBILE.fullmatch(login) else login


def _place(person_id: UUID, column: str) -> Place:
    return Place(
        kind=DekKind.RECORD, owner_id=person_id, table="person", column=column, row_id=person_id
    )
