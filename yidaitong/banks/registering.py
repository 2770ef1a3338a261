"""Taking a bank on: the centre's officer registers it, another person accredits it."""

import re
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from yidaitong import audit
from yidaitong.banks.commands import RegisterBank
from yidaitong.banks.models import AgreementState, Bank, BankAgreement
from yidaitong.kernel.errors import (
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.uow import UnitOfWork

REGISTER = "bank.register"
ACCREDIT = "bank.accredit"
_BANK_ID = re.compile(r"bank-[a-z0-9-]{2,40}", re.ASCII)


def register(uow: UnitOfWork, command: RegisterBank) -> BankAgreement:
    """Register a bank, or a further agreement of one; nothing is valid before it is accredited.

    Raises:
        ForbiddenError: the actor may not.
        InvalidRequestError: the id is no bank's, or the agreement ends before it starts.
        InvalidStateError: a proposed agreement waits already.
    """
    uow.actor.require(REGISTER)
    if _BANK_ID.fullmatch(command.bank_id) is None:
        raise InvalidRequestError("bank", fields={"bank_id": "PATTERN"})
    if command.ends_on < command.starts_on:
        raise InvalidRequestError("agreement", fields={"ends_on": "TOO_SMALL"})
    uow.session.execute(
        insert(Bank)
        .values(
            id=command.bank_id,
            name_zh=command.name_zh,
            name_en=command.name_en,
            contact=command.contact,
            registered_at=uow.now,
        )
        .on_conflict_do_nothing(index_elements=["id"])
    )
    if _agreement(uow, command.bank_id, AgreementState.PROPOSED) is not None:
        raise InvalidStateError(f"bank {command.bank_id} has a proposed agreement")
    agreement = BankAgreement(
        bank_id=command.bank_id,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        maker_person_id=uow.actor.person_id,
        made_at=uow.now,
    )
    uow.session.add(agreement)
    _note(uow, "bank.register", agreement)
    return agreement


def accredit(uow: UnitOfWork, bank_id: str) -> BankAgreement:
    """Put the proposed agreement of a bank into force; an older one ends.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such proposal.
        FourEyesError: the same person registered it.
    """
    uow.actor.require(ACCREDIT)
    agreement = _agreement(uow, bank_id, AgreementState.PROPOSED)
    if agreement is None:
        raise NotFoundError(f"no proposed agreement of {bank_id}")
    person_id = two_persons(uow, agreement.maker_person_id)
    _end(uow, bank_id)
    agreement.state = AgreementState.ACTIVE
    agreement.checker_person_id = person_id
    agreement.checked_at = uow.now
    _note(uow, "bank.accredit", agreement)
    return agreement


def end(uow: UnitOfWork, bank_id: str) -> None:
    """End the agreement of a bank now; one person is enough to stop.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: it has none.
    """
    uow.actor.require(ACCREDIT)
    agreement = _end(uow, bank_id)
    if agreement is None:
        raise NotFoundError(f"no agreement of {bank_id}")
    _note(uow, "bank.end", agreement)


def two_persons(uow: UnitOfWork, maker_person_id: UUID | None) -> UUID | None:
    """The checker's natural person, who is not the maker's.

    Raises:
        FourEyesError: it is, or one of the two is not a known person.
    """
    checker = uow.actor.person_id
    if checker is None or maker_person_id is None or checker == maker_person_id:
        raise FourEyesError(f"{checker} checks what {maker_person_id} made")
    return checker


def _end(uow: UnitOfWork, bank_id: str) -> BankAgreement | None:
    current = _agreement(uow, bank_id, AgreementState.ACTIVE)
    if current is not None:
        current.state = AgreementState.ENDED
        current.ended_at = uow.now
        uow.session.flush()  # One active agreement: the old one leaves first.
    return current


def _agreement(uow: UnitOfWork, bank_id: str, state: AgreementState) -> BankAgreement | None:
    return uow.session.scalar(
        select(BankAgreement)
        .where(BankAgreement.bank_id == bank_id, BankAgreement.state == state)
        .with_for_update()
    )


def _note(uow: UnitOfWork, action: str, agreement: BankAgreement) -> None:
    uow.session.flush()
    audit.record(
        uow,
        action,
        object_type="bank",
        object_id=agreement.bank_id,
        agreement_id=agreement.id,
    )
