"""Reading banks: who takes part, whether they are accredited, with which keys."""

from collections.abc import Sequence

from sqlalchemy import Select, select

from yidaitong.accounts.scope import as_system
from yidaitong.banks.keys import READ
from yidaitong.banks.models import (
    AgreementState,
    Bank,
    BankAgreement,
    BankKey,
    KeyPurpose,
    KeyState,
)
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.uow import UnitOfWork


def banks(uow: UnitOfWork) -> list[Bank]:
    """Every registered bank, by id."""
    return list(uow.session.scalars(select(Bank).order_by(Bank.id)))


def bank_of(uow: UnitOfWork, bank_id: str) -> Bank:
    """One bank.

    Raises:
        NotFoundError: no such bank.
    """
    bank = uow.session.get(Bank, bank_id)
    if bank is None:
        raise NotFoundError(f"bank {bank_id}")
    return bank


def accredited(uow: UnitOfWork) -> Select[str]:
    """Ids of the banks with an agreement in force today, as a query of the system."""
    today = business_date(uow.now)
    return select(BankAgreement.bank_id).where(
        BankAgreement.state == AgreementState.ACTIVE,
        BankAgreement.starts_on <= today,
        BankAgreement.ends_on >= today,
    )


def is_accredited(uow: UnitOfWork, bank_id: str) -> bool:
    """Whether the bank has an agreement in force today; anybody may ask this."""
    with as_system(uow) as wide:
        query = accredited(wide).where(BankAgreement.bank_id == bank_id)
        return wide.session.scalar(query) is not None


def agreements(uow: UnitOfWork, bank_id: str) -> list[BankAgreement]:
    """Agreements of one bank that the actor may see, newest first."""
    query = select(BankAgreement).where(BankAgreement.bank_id == bank_id)
    return list(uow.session.scalars(query.order_by(BankAgreement.id.desc())))


def keys_of_bank(uow: UnitOfWork, bank_id: str) -> list[BankKey]:
    """Every key of one bank that the actor may see, newest first."""
    query = select(BankKey).where(BankKey.bank_id == bank_id)
    return list(uow.session.scalars(query.order_by(BankKey.id.desc())))


def keys_shown(uow: UnitOfWork) -> list[BankKey]:
    """Keys of the actor's bank, or of all to the centre; those that wait come first.

    Raises:
        ForbiddenError: the actor may not.
    """
    uow.actor.require(READ)
    query = select(BankKey).order_by(
        (BankKey.state == KeyState.PROPOSED).desc(), BankKey.bank_id, BankKey.id.desc()
    )
    if uow.actor.realm is Realm.BANK:
        query = query.where(BankKey.bank_id == uow.actor.bank_id)
    return list(uow.session.scalars(query))


def encryption_key(uow: UnitOfWork, bank_id: str) -> BankKey:
    """The key packets of this bank are encrypted to.

    Raises:
        NotFoundError: none is pinned.
    """
    query = select(BankKey).where(
        BankKey.bank_id == bank_id,
        BankKey.use == KeyPurpose.ENC,
        BankKey.state == KeyState.ACTIVE,
    )
    key = uow.session.scalar(query)
    if key is None:
        raise NotFoundError(f"no encryption key of {bank_id}")
    return key


def ack_keys(uow: UnitOfWork, bank_id: str) -> Sequence[BankKey]:
    """The keys a bank's receipts may be signed with, newest first."""
    query = select(BankKey).where(
        BankKey.bank_id == bank_id,
        BankKey.use == KeyPurpose.ACK,
        BankKey.state == KeyState.ACTIVE,
    )
    return list(uow.session.scalars(query.order_by(BankKey.id.desc())))
