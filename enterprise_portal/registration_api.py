"""Registration for machines: the same steps, each with the resume code in its body."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import fields

from enterprise_portal.blueprints import api
from enterprise_portal.onboard import onboarding
from enterprise_portal.schemas import (
    ApiAccountSchema,
    ApiIdentitySchema,
    ApiNameSchema,
    BeginSchema,
    Resumed,
)
from yidaitong.enterprises import opening
from yidaitong.enterprises.commands import BeginRegistration, Ticket
from yidaitong.enterprises.identity import Identity
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.queries import Progress
from yidaitong.kernel.schema import CommandSchema
from yidaitong.web.views import Work, public_work, use_command


class RegistrationSchema(CommandSchema):
    """Where a registration stands; ``problem`` is a code when something did not match."""

    registration_id = fields.UUID()
    resume_code = fields.String(metadata={"description": "shown once, at the beginning"})
    state = fields.String()
    problem = fields.String(allow_none=True)
    name = fields.String()
    rep_hint = fields.String()


class OpenedSchema(CommandSchema):
    """The account that was opened."""

    registration_id = fields.UUID()
    state = fields.String()
    login_hint = fields.String()


@api.post("/registrations")
@api.response(201, RegistrationSchema)
@public_work
@use_command(BeginSchema, location="json")
def begin_registration(work: Work, command: BeginRegistration) -> Any:
    """Start with the credit code and the full name; the registry is asked at once."""
    ticket, progress = onboarding(work).begin(work.actor, command)
    return {**told(progress), "resume_code": ticket.resume_code}


@api.post("/registrations/<uuid:registration_id>/registry-match")
@api.response(200, RegistrationSchema)
@public_work
@use_command(Resumed, location="json")
def match_registration(work: Work, command: dict[str, str], registration_id: UUID) -> Any:
    """Ask the business registry again."""
    ticket = Ticket(registration_id, command["resume_code"])
    return told(onboarding(work).match(work.actor, ticket))


@api.post("/registrations/<uuid:registration_id>/name")
@api.response(200, RegistrationSchema)
@public_work
@use_command(ApiNameSchema, location="json")
def rename_registration(work: Work, command: dict[str, str], registration_id: UUID) -> Any:
    """Correct a misspelt name and compare again."""
    ticket = Ticket(registration_id, command["resume_code"])
    return told(onboarding(work).rename(work.actor, ticket, command["name"]))


@api.post("/registrations/<uuid:registration_id>/representative")
@api.response(200, RegistrationSchema)
@public_work
@use_command(ApiIdentitySchema, location="json")
def verify_registration(work: Work, command: dict[str, str], registration_id: UUID) -> Any:
    """Verify the legal representative by name, ID number and mobile."""
    ticket = Ticket(registration_id, command["resume_code"])
    identity = Identity(command["name"], command["id_number"], command["mobile"])
    return told(onboarding(work).verify(work.actor, ticket, identity))


@api.post("/registrations/<uuid:registration_id>/account")
@api.response(201, OpenedSchema)
@public_work
@use_command(ApiAccountSchema, location="json")
def open_registration(work: Work, command: dict[str, str], registration_id: UUID) -> Any:
    """Open the representative's account: the login name is the mobile number."""
    ticket = Ticket(registration_id, command["resume_code"])
    with work.transaction() as uow:
        account = opening.open_account(uow, ticket, command["password"])
        hint = account.login_hint
    state = EnterpriseState.ACTIVE.value
    return {"registration_id": registration_id, "state": state, "login_hint": hint}


def told(progress: Progress) -> Mapping[str, Any]:
    """One registration as the API tells it."""
    problem = {
        EnterpriseState.MISMATCH: progress.registry,
        EnterpriseState.REP_FAILED: progress.representative,
        EnterpriseState.CODE_OK: "RegistryUnavailable",
    }.get(progress.state)
    return {
        "registration_id": progress.enterprise_id,
        "state": progress.state.value,
        "problem": problem,
        "name": progress.name,
        "rep_hint": progress.rep_hint,
    }
