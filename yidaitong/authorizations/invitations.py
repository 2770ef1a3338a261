"""Inviting an agent: the representative offers a mandate, the person proves who they are (M1)."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from consent.events import canonical, iso, sha256_b64u
from yidaitong import audit
from yidaitong.accounts import stepup
from yidaitong.accounts.sessions import token_hash
from yidaitong.authorizations.mandates import GRANT, LONGEST
from yidaitong.enterprises.mandate_lifecycle import MandateRight
from yidaitong.enterprises.models import Enterprise, MandateInvitation
from yidaitong.kernel.crypto.box import DekKind, Place
from yidaitong.kernel.errors import (
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
)
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
        code_sha256=code_hash(code),
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


def code_hash(code: str) -> bytes:
    """What is kept of an invitation's code."""
    return hashlib.sha256(code.encode(errors="replace")).digest()


def _place(made: MandateInvitation) -> Place:
    return Place(
        kind=DekKind.RECORD,
        owner_id=made.enterprise_id,
        table="mandate_invitation",
        column="name_sealed",
        row_id=made.id,
    )


def name_of(uow: UnitOfWork, made: MandateInvitation) -> str:
    """Whom the representative means."""
    return uow.crypto.open(uow.session, _place(made), made.name_sealed).decode()
