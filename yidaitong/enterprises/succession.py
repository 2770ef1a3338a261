"""A new legal representative takes over: verified like the first one, then the account opens."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from yidaitong import audit
from yidaitong.accounts import assigning, registering
from yidaitong.accounts.commands import NewAccount
from yidaitong.accounts.models import Account, OrgKind
from yidaitong.accounts.scope import as_system
from yidaitong.enterprises import tries
from yidaitong.enterprises.errors import RegistrationClosedError
from yidaitong.enterprises.evidence import Finding, record_finding
from yidaitong.enterprises.identity import (
    Identity,
    RefusalReason,
    Refused,
    Verified,
    identity_problems,
)
from yidaitong.enterprises.lifecycle import REGISTERED
from yidaitong.enterprises.models import Enterprise, OnboardingStep
from yidaitong.enterprises.opening import REPRESENTATIVE_ROLE
from yidaitong.enterprises.representative import RULE_VERSION
from yidaitong.enterprises.uscc import uscc_index
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.text import fold
from yidaitong.kernel.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody says they represent the enterprise with this credit code now."""

    uscc: str
    identity: Identity


def ask(uow: UnitOfWork, claim: Claim) -> Refused | None:
    """Take one of today's tries; ask the provider when this gives None.

    Somebody whose name is not the registry's is refused without being looked up.

    Raises:
        InvalidRequestError: the three facts cannot be right in form.
        RegistrationClosedError: no registered enterprise with this code lacks a representative.
        VerificationLockedError: no try is left today for this firm or this person.
    """
    problems = identity_problems(claim.identity)
    if problems:
        raise InvalidRequestError("identity", fields=problems)
    with as_system(uow) as wide:
        enterprise = _waiting(wide, claim.uscc)
        tries.take(wide, _keys(wide, enterprise, claim))
        if fold(claim.identity.name) == fold(enterprise.rep_name or ""):
            return None
        _note(wide, enterprise, RefusalReason.NOT_REPRESENTATIVE.value, "")
    return Refused(RefusalReason.NOT_REPRESENTATIVE)


def give_back(uow: UnitOfWork, claim: Claim) -> None:
    """The provider gave no answer: the try is not counted."""
    with as_system(uow) as wide:
        tries.give_back(wide, _keys(wide, _waiting(wide, claim.uscc), claim))


def refuse(uow: UnitOfWork, claim: Claim, outcome: Refused) -> None:
    """Keep that the provider refused."""
    with as_system(uow) as wide:
        _note(wide, _waiting(wide, claim.uscc), outcome.reason.value, outcome.serial)


def take_over(uow: UnitOfWork, claim: Claim, outcome: Verified, password: str) -> Account:
    """Make the verified person the representative; nothing that waits goes on by this alone.

    Raises:
        RegistrationClosedError: no registered enterprise with this code lacks a representative,
            or the registry names somebody else now.
        LoginTakenError: another account signs in by this mobile.
        InvalidRequestError: the password cannot be used.
    """
    with as_system(uow) as wide:
        enterprise = _waiting(wide, claim.uscc)
        if fold(claim.identity.name) != fold(enterprise.rep_name or ""):
            raise RegistrationClosedError(f"enterprise {enterprise.id}")
        tries.give_back(wide, _keys(wide, enterprise, claim))
        account = _account(wide, enterprise, claim.identity, password)
        enterprise.rep_person_id = account.person_id
        enterprise.review_since = None
        _note(wide, enterprise, "VERIFIED", outcome.serial)
        audit.record(wide, "enterprise.succeed", object_type="enterprise", object_id=enterprise.id)
    return account


def _account(uow: UnitOfWork, enterprise: Enterprise, identity: Identity, password: str) -> Account:
    org_id = str(enterprise.id)
    person_id: UUID = registering.person_of(uow, identity.name, identity.id_number)
    known = assigning.account_of(uow, org_id, person_id)
    if known is not None:
        # An agent of the enterprise became its representative: the login stays.
        known.roles = [REPRESENTATIVE_ROLE]
        return known
    return registering.create(
        uow,
        NewAccount(
            org_id=org_id,
            org_kind=OrgKind.ENTERPRISE,
            org_name=enterprise.name,
            name=identity.name,
            id_number=identity.id_number,
            login=identity.mobile,
            password=password,
            roles=[REPRESENTATIVE_ROLE],
        ),
    )


def _waiting(uow: UnitOfWork, uscc: str) -> Enterprise:
    enterprise = uow.session.scalar(
        select(Enterprise)
        .where(
            Enterprise.uscc_index == uscc_index(uow, uscc),
            Enterprise.state.in_(REGISTERED),
            Enterprise.rep_person_id.is_(None),
        )
        .with_for_update()
    )
    if enterprise is None:
        raise RegistrationClosedError("no enterprise waits for a representative")
    return enterprise


def _keys(uow: UnitOfWork, enterprise: Enterprise, claim: Claim) -> tuple[bytes, ...]:
    return enterprise.uscc_index, tries.person_key(uow, claim.identity.id_number)


def _note(uow: UnitOfWork, enterprise: Enterprise, result: str, serial: str) -> None:
    record_finding(
        uow,
        enterprise.id,
        Finding(
            step=OnboardingStep.REPRESENTATIVE,
            result=result,
            rule_version=RULE_VERSION,
            response_ref=serial or None,
        ),
    )
