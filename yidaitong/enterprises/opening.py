"""The last step of registration: the verified representative opens the enterprise's account."""

from yidaitong import audit
from yidaitong.accounts import registering
from yidaitong.accounts.commands import NewAccount
from yidaitong.accounts.models import Account, OrgKind
from yidaitong.enterprises import registration, representative
from yidaitong.enterprises.commands import Ticket
from yidaitong.enterprises.lifecycle import EnterpriseEvent, after
from yidaitong.kernel.uow import UnitOfWork

REPRESENTATIVE_ROLE = "ent_rep"


def open_account(
    uow: UnitOfWork, ticket: Ticket, password: str, login: str | None = None
) -> Account:
    """Register the enterprise for good; the representative signs in by mobile unless told else.

    What the identity provider confirmed is dropped here: the person row keeps it, sealed.

    Raises:
        RegistrationClosedError: it is not the holder's, or it is over.
        InvalidStateError: the representative is not verified yet.
        AlreadyRegisteredError: somebody else finished registering this code first.
        LoginTakenError: another account signs in by this name.
        InvalidRequestError: the password or the login name cannot be used.
    """
    scoped, enterprise = registration.resume(uow, ticket)
    state = after(enterprise.state, EnterpriseEvent.ACCOUNT_OPENED)
    registration.refuse_taken(scoped, enterprise.uscc_index)
    who = representative.verified_identity(scoped, enterprise)
    account = registering.create(
        scoped,
        NewAccount(
            org_id=str(enterprise.id),
            org_kind=OrgKind.ENTERPRISE,
            org_name=enterprise.name,
            name=who.name,
            id_number=who.id_number,
            login=login or who.mobile,
            password=password,
            roles=[REPRESENTATIVE_ROLE],
        ),
    )
    enterprise.state = state
    enterprise.rep_person_id = account.person_id
    enterprise.registered_at = scoped.now
    enterprise.rep_sealed = enterprise.resume_sha256 = None
    audit.record(scoped, "enterprise.register", object_type="enterprise", object_id=enterprise.id)
    scoped.session.flush()
    return account
