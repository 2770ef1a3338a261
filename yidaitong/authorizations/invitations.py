"""Inviting an agent: the representative offers a mandate, the person proves who they are (M1)."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from consent.events import canonical, iso, sha256_b64u
from consent.service import EventType
from yidaitong import audit
from yidaitong.accounts import assigning, registering, stepup
from yidaitong.accounts.commands import NewAccount
from yidaitong.accounts.models import Account, OrgKind
from yidaitong.accounts.scope import as_system
from yidaitong.accounts.sessions import token_hash
from yidaitong.authorizations.mandates import GRANT, LONGEST, note, roles_of
from yidaitong.enterprises import tries
from yidaitong.enterprises.errors import RegistrationClosedError
from yidaitong.enterprises.identity import (
    Identity,
    RefusalReason,
    Refused,
    Verified,
    identity_problems,
)
from yidaitong.enterprises.mandate_lifecycle import LIVING, MandateRight, MandateState
from yidaitong.enterprises.models import Enterprise, Mandate, MandateInvitation
from yidaitong.kernel.crypto.box import DekKind, Place
from yidaitong.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
)
from yidaitong.kernel.text import fold
from yidaitong.kernel.uow import UnitOfWork

VALID_FOR = timedelta(days=7)
_CODE_BYTES = 24
_RIGHTS = frozenset(MandateRight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """Whom the representative wants to act, with which rights, until when."""

    name: str = field(repr=False)
    rights: frozenset[MandateRight]
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invitation; ``code`` is shown once, to be handed to the person."""

    invitation_id: UUID
    code: str = field(repr=False)


def digest_of(enterprise_id: UUID, invite: Invite) -> str:
    """What a step-up for this invitation is bound to: SHA-256 of its canonical terms."""
    terms = {
        "enterprise_id": str(enterprise_id),
        "name": invite.name,
        "rights": sorted(invite.rights),
        "ends_at": iso(invite.ends_at),
    }
    return sha256_b64u(canonical(terms))


def invite(uow: UnitOfWork, command: Invite, token: str) -> Invited:
    """Offer a mandate; ``token`` is a step-up bound to :func:`digest_of`.

    Raises:
        ForbiddenError: the actor is not the enterprise's representative.
        InvalidRequestError: no rights, or a term that is over or longer than 12 months.
        StepUpRequiredError: the token is missing, used, too old, or bound to other terms.
    """
    uow.actor.require(GRANT)
    enterprise = uow.session.get_one(Enterprise, uow.actor.enterprise_id)
    if enterprise.rep_person_id is None or enterprise.rep_person_id != uow.actor.person_id:
        raise ForbiddenError(f"{uow.actor.person_id} does not represent {enterprise.id}")
    _check(command, uow.now)
    digest = digest_of(enterprise.id, command)
    before = uow.actor
    proven = stepup.consume(uow, token, digest)
    code = secrets.token_urlsafe(_CODE_BYTES)
    made = MandateInvitation(
        enterprise_id=enterprise.id,
        rights=sorted(right.value for right in command.rights),
        ends_at=command.ends_at,
        invited_by=enterprise.rep_person_id,
        invited_at=uow.now,
        expires_at=min(uow.now + VALID_FOR, command.ends_at),
        digest=digest,
        evidence=f"step-up:{token_hash(token).hex()}",
        code_sha256=_hash(code),
        name_sealed=b"",
    )
    made.name_sealed = uow.crypto.seal(uow.session, _place(made), command.name.encode())
    uow.session.add(made)
    uow.session.flush()
    audit.record(proven, "mandate.invite", object_type="invitation", object_id=made.id)
    uow.acting(before)
    return Invited(invitation_id=made.id, code=code)


def withdraw(uow: UnitOfWork, invitation_id: UUID) -> None:
    """Take an invitation back.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such open invitation, or another enterprise's.
    """
    uow.actor.require(GRANT)
    made = uow.session.scalar(
        select(MandateInvitation)
        .where(MandateInvitation.id == invitation_id, MandateInvitation.mandate_id.is_(None))
        .with_for_update()
    )
    if made is None:
        raise NotFoundError(f"invitation {invitation_id}")
    made.withdrawn_at = made.withdrawn_at or uow.now
    audit.record(uow, "mandate.uninvite", object_type="invitation", object_id=invitation_id)


def open_invitations(uow: UnitOfWork) -> list[MandateInvitation]:
    """Invitations of the actor's enterprise nobody has taken up yet, newest first."""
    return list(
        uow.session.scalars(
            select(MandateInvitation)
            .where(
                MandateInvitation.enterprise_id == uow.actor.enterprise_id,
                MandateInvitation.mandate_id.is_(None),
                MandateInvitation.withdrawn_at.is_(None),
                MandateInvitation.expires_at > uow.now,
            )
            .order_by(MandateInvitation.id.desc())
        )
    )


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
        if fold(identity.name) != fold(_name(wide, made)):
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


def _check(command: Invite, now: datetime) -> None:
    problems = {}
    if not command.rights or not command.rights <= _RIGHTS:
        problems["rights"] = "CHOICE"
    if not now < command.ends_at <= now + LONGEST:
        problems["ends_on"] = "OUT_OF_RANGE"
    if not command.name.strip():
        problems["name"] = "MISSING"
    if problems:
        raise InvalidRequestError("invitation", fields=problems)


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
            MandateInvitation.code_sha256 == _hash(code),
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


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()


def _place(made: MandateInvitation) -> Place:
    return Place(
        kind=DekKind.RECORD,
        owner_id=made.enterprise_id,
        table="mandate_invitation",
        column="name_sealed",
        row_id=made.id,
    )


def _name(uow: UnitOfWork, made: MandateInvitation) -> str:
    return uow.crypto.open(uow.session, _place(made), made.name_sealed).decode()
