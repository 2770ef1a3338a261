"""Taking up an invitation: the invited person proves who they are, and the mandate begins (M1)."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from consent.events import canonical, sha256_b64u
from consent.service import EventType
from yidaitong import audit
from yidaitong.accounts import assigning, registering
from yidaitong.accounts.commands import NewAccount
from yidaitong.accounts.models import Account, OrgKind
from yidaitong.accounts.scope import as_system
from yidaitong.authorizations.invitations import code_hash, name_of
from yidaitong.authorizations.mandates import note, roles_of
from yidaitong.enterprises import tries
from yidaitong.enterprises.errors import RegistrationClosedError
from yidaitong.enterprises.identity import (
    Identity,
    RefusalReason,
    Refused,
    Verified,
    identity_problems,
)
from yidaitong.enterprises.mandate_lifecycle import LIVING, MandateState
from yidaitong.enterprises.models import Enterprise, Mandate, MandateInvitation
from yidaitong.kernel.errors import ConflictError, InvalidRequestError
from yidaitong.kernel.text import fold
from yidaitong.kernel.uow import UnitOfWork


def ask(uow: UnitOfWork, code: str, identity: Identity) -> Refused | None:
    """Take one of today's tries of the invited person; ask the provider when this gives None.

    Raises:
        RegistrationClosedError: no open invitation has this code.
        InvalidRequestError: the three facts cannot be right in form.
        VerificationLockedError: the person has no try left today.
    """
    problems = identity_problems(identity)
    if problems:
        raise InvalidRequestError("identity", fields=problems)
    with as_system(uow) as wide:
        made = _open(wide, code)
        tries.take(wide, (tries.person_key(uow, identity.id_number),))
        if fold(identity.name) != fold(name_of(wide, made)):
            return Refused(RefusalReason.MISMATCH)
    return None


def give_back(uow: UnitOfWork, identity: Identity) -> None:
    """The provider gave no answer, or found no fault: the try is not counted."""
    with as_system(uow) as wide:
        tries.give_back(wide, (tries.person_key(uow, identity.id_number),))


def accept(
    uow: UnitOfWork, code: str, verified: tuple[Identity, Verified], password: str
) -> Account:
    """Take up an invitation as a verified person: the account opens, the mandate begins (M1).

    Raises:
        RegistrationClosedError: no open invitation has this code.
        ConflictError: the person represents the enterprise, or holds a mandate already.
        LoginTakenError: another account signs in by this mobile.
        InvalidRequestError: the password cannot be used.
    """
    identity, outcome = verified
    with as_system(uow) as wide:
        made = _open(wide, code)
        enterprise = wide.session.get_one(Enterprise, made.enterprise_id)
        person_id = registering.person_of(wide, identity.name, identity.id_number)
        _check_free(wide, enterprise, person_id)
        known = assigning.account_of(wide, str(enterprise.id), person_id)
        if known is None:
            known = registering.create(wide, _account(enterprise, made, identity, password))
        else:
            # Who acted before keeps login and password.
            known.roles = sorted(roles_of(made.rights))
        mandate = _begin(wide, made, person_id, outcome)
        made.mandate_id = mandate.id
        wide.session.flush()
        note(wide, mandate, EventType.MANDATE_GRANTED, None, "REPRESENTATIVE_STEP_UP")
        audit.record(wide, "mandate.grant", object_type="mandate", object_id=mandate.id)
    return known


def _check_free(uow: UnitOfWork, enterprise: Enterprise, person_id: UUID) -> None:
    held = uow.session.scalar(
        select(Mandate.id).where(
            Mandate.enterprise_id == enterprise.id,
            Mandate.person_id == person_id,
            Mandate.state.in_(LIVING),
        )
    )
    if held is not None or enterprise.rep_person_id == person_id:
        raise ConflictError(f"{person_id} acts for enterprise {enterprise.id} already")


def _account(
    enterprise: Enterprise, made: MandateInvitation, identity: Identity, password: str
) -> NewAccount:
    roles: Collection[str] = roles_of(made.rights)
    return NewAccount(
        org_id=str(enterprise.id),
        org_kind=OrgKind.ENTERPRISE,
        org_name=enterprise.name,
        name=identity.name,
        id_number=identity.id_number,
        login=identity.mobile,
        password=password,
        roles=roles,
    )


def _begin(uow: UnitOfWork, made: MandateInvitation, person_id: UUID, outcome: Verified) -> Mandate:
    proof = {"digest": made.digest, "step_up": made.evidence, "identity": outcome.serial}
    mandate = Mandate(
        enterprise_id=made.enterprise_id,
        person_id=person_id,
        rights=list(made.rights),
        state=MandateState.ACTIVE,
        granted_by=made.invited_by,
        granted_at=uow.now,
        ends_at=made.ends_at,
        evidence_sha256=sha256_b64u(canonical(proof)),
    )
    uow.session.add(mandate)
    uow.session.flush()
    return mandate


def _open(uow: UnitOfWork, code: str) -> MandateInvitation:
    made = uow.session.scalar(
        select(MandateInvitation)
        .where(
            MandateInvitation.code_sha256 == code_hash(code),
            MandateInvitation.mandate_id.is_(None),
            MandateInvitation.withdrawn_at.is_(None),
            MandateInvitation.expires_at > uow.clock(),
        )
        .with_for_update()
    )
    enterprise = None if made is None else uow.session.get(Enterprise, made.enterprise_id)
    # A new representative is not bound by what the former one offered.
    if made is None or enterprise is None or enterprise.rep_person_id != made.invited_by:
        raise RegistrationClosedError("no such invitation")
    return made
