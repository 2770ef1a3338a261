"""The wallet for machines: consents, their events and receipts; withdraw, pause, resume."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import request

from consent.lifecycle import ConsentState
from enterprise_portal.asks_schema import (
    ConsentInFullSchema,
    ConsentSchema,
    RevokedSchema,
    StateSchema,
)
from enterprise_portal.blueprints import api
from enterprise_portal.schemas import PAGE, DigestSchema, ListQuery, PauseSchema, ReasonSchema
from enterprise_portal.wallet import end_of_day
from yidaitong.authorizations import queries, stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.queries import on_the_wire
from yidaitong.web.views import requires, use_command


@api.get("/consents")
@api.response(200, ConsentSchema(many=True))
@requires(queries.READ)
@use_command(ListQuery, location="query")
def list_consents(uow: UnitOfWork, query: dict[str, Any]) -> Any:
    """All authorizations of the enterprise, newest first."""
    return [asdict(one) for one in queries.wallet_of_enterprise(uow, query["after"], PAGE)]


@api.get("/consents/<uuid:chain_id>")
@api.response(200, ConsentInFullSchema)
@requires(queries.READ)
def read_consent(uow: UnitOfWork, chain_id: UUID) -> Any:
    """One authorization in full."""
    full = queries.authorization_in_full(uow, chain_id)
    return asdict(full.authorization) | {
        "body": full.artefact.body,
        "text": full.text,
        "events": [asdict(moment) for moment in full.events],
        "receipts": list(full.receipts),
    }


@api.post("/consents/<uuid:chain_id>/revocation")
@api.response(200, RevokedSchema)
@requires(stopping.REVOKE)
@use_command(ReasonSchema, location="json")
def revoke_consent(uow: UnitOfWork, command: dict[str, Any], chain_id: UUID) -> Any:
    """Withdraw for good; a second call gives the first receipt."""
    done = stopping.revoke(uow, Revoke(chain_id=chain_id, reason=command["reason"]))
    return {
        "chain_id": done.chain_id,
        "state": ConsentState.REVOKED.value,
        "effective_at": done.effective_at,
        "entry_id": done.entry_id,
        "first": done.first,
        "companions": list(done.companions),
        "receipt": dict(done.receipt),
        "on_the_wire": [asdict(line) for line in on_the_wire(uow, chain_id)],
    }


@api.post("/consents/<uuid:chain_id>/pause")
@api.response(200, StateSchema)
@requires(stopping.PAUSE)
@use_command(PauseSchema, location="json")
def pause_consent(uow: UnitOfWork, command: dict[str, Any], chain_id: UUID) -> Any:
    """Halt pulls and releases, until resumed or until the end of the day ``until``."""
    stopping.pause(uow, chain_id, end_of_day(command["until"]))
    return {"chain_id": chain_id, "state": ConsentState.PAUSED.value}


@api.post("/consents/<uuid:chain_id>/resumption")
@api.response(200, StateSchema)
@requires(stopping.RESUME)
@use_command(DigestSchema, location="json")
def resume_consent(uow: UnitOfWork, command: dict[str, Any], chain_id: UUID) -> Any:
    """Let pulls go on; ``Step-Up-Token`` is bound to the consent's digest."""
    del command  # The service compares the token with the consent's own digest.
    stopping.resume(uow, chain_id, request.headers.get("Step-Up-Token", ""))
    return {"chain_id": chain_id, "state": ConsentState.ACTIVE.value}
