"""Agents and quorum for machines; a step-up is bound to the digest that names the act."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import request

from enterprise_portal.agents import READ, invite_of
from enterprise_portal.blueprints import api
from enterprise_portal.mandates_schema import (
    InviteApiSchema,
    InvitedSchema,
    MandateSchema,
    MandatesSchema,
    QuorumApiSchema,
    StandingSchema,
)
from enterprise_portal.schemas import DigestSchema, EmptySchema
from yidaitong.authorizations import invitations, mandates, quorums
from yidaitong.enterprises.mandates import mandates_of
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.web.views import requires, use_command


@api.get("/mandates")
@api.response(200, MandatesSchema)
@requires(READ)
def list_mandates(uow: UnitOfWork) -> Any:
    """Agents of the enterprise, newest first, and how many must sign."""
    return {
        "quorum": asdict(quorums.standing_of(uow)),
        "mandates": mandates_of(uow, uow.actor.enterprise_id),
    }


@api.post("/mandate-invitations")
@api.response(201, InvitedSchema)
@requires(mandates.GRANT)
@use_command(InviteApiSchema, location="json")
def invite(uow: UnitOfWork, command: dict[str, Any]) -> Any:
    """Offer a mandate.

    The step-up's digest is SHA-256 (base64url) of the RFC 8785 bytes of ``{"enterprise_id",
    "name", "rights" (sorted), "ends_at" (end of the day, UTC, ms)}``.
    """
    return asdict(invitations.invite(uow, invite_of(command), _token()))


@api.post("/mandate-invitations/<uuid:invitation_id>/withdrawal")
@api.response(204)
@requires(mandates.GRANT)
@use_command(EmptySchema, location="json")
def uninvite(uow: UnitOfWork, _command: object, invitation_id: UUID) -> Any:
    """Take an invitation back."""
    invitations.withdraw(uow, invitation_id)
    return ""


@api.post("/mandates/<uuid:mandate_id>/revocation")
@api.response(200, MandateSchema)
@requires(READ)
@use_command(EmptySchema, location="json")
def revoke_mandate(uow: UnitOfWork, _command: object, mandate_id: UUID) -> Any:
    """End a mandate; the representative or the agent may."""
    return mandates.revoke(uow, mandate_id)


@api.post("/mandates/<uuid:mandate_id>/confirmation")
@api.response(200, MandateSchema)
@requires(mandates.CONFIRM)
@use_command(DigestSchema, location="json")
def confirm_mandate(uow: UnitOfWork, command: dict[str, str], mandate_id: UUID) -> Any:
    """Let an agent go on under a new representative; the digest is the mandate's id."""
    del command  # The service compares the token with the mandate's own id.
    return mandates.confirm(uow, mandate_id, _token())


@api.post("/quorum")
@api.response(200, StandingSchema)
@requires(quorums.LOWER)
@use_command(QuorumApiSchema, location="json")
def set_quorum(uow: UnitOfWork, command: dict[str, Any]) -> Any:
    """Raise the number that must sign, or agree to a lower one.

    The step-up's digest is SHA-256 (base64url) of the RFC 8785 bytes of ``{"enterprise_id",
    "quorum"}``.
    """
    return asdict(quorums.change_to(uow, command["m"], _token()))


@api.post("/quorum/keeping")
@api.response(200, StandingSchema)
@requires(quorums.LOWER)
@use_command(EmptySchema, location="json")
def keep_present_quorum(uow: UnitOfWork, _command: object) -> Any:
    """Leave the number as it is."""
    quorums.withdraw_proposal(uow)
    return asdict(quorums.standing_of(uow))


def _token() -> str:
    return request.headers.get("Step-Up-Token", "")
