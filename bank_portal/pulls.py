"""Pulls for machines: start one under a consent, follow it."""

from typing import Any
from uuid import UUID

from flask import request

from bank_portal.answers import PullAnswerSchema
from bank_portal.blueprints import api
from bank_portal.schemas import PullSchema
from bank_portal.written import pull_written
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls import queries
from yidaitong.pulls.authorising import authorise_once
from yidaitong.pulls.orders import START, PullOrder
from yidaitong.web.views import requires, use_command


@api.post("/pulls")
@api.response(202, PullAnswerSchema)
@requires(START)
@use_command(PullSchema, location="json")
def start_pull(uow: UnitOfWork, command: dict[str, Any]) -> Any:
    """Begin one data request; the header ``Idempotency-Key`` makes a repeat the same pull."""
    order = PullOrder(
        chain_id=command["chain_id"],
        idempotency_key=request.headers.get("Idempotency-Key", ""),
        operator_id=uow.actor.person_id,
    )
    begun = authorise_once(uow, order)
    headers = {"Idempotency-Replayed": "true"} if begun.replayed else {}
    return pull_written(queries.progress(uow, begun.pull.id)), 202, headers


@api.get("/pulls/<uuid:pull_id>")
@api.response(200, PullAnswerSchema)
@requires(queries.READ)
def read_pull(uow: UnitOfWork, pull_id: UUID) -> Any:
    """How far one pull is."""
    return pull_written(queries.progress(uow, pull_id))
