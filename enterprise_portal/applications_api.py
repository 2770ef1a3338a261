"""Applications for machines: apply, submit, watch, take back."""

from typing import Any
from uuid import UUID

from consent.lifecycle import OPEN
from enterprise_portal import applying
from enterprise_portal.applications_schema import (
    ApplicationInFullSchema,
    ApplicationSchema,
    AppliedSchema,
    application_written,
    offer_written,
    yuan,
)
from enterprise_portal.blueprints import api
from enterprise_portal.explanations import Explained, explanation_of
from enterprise_portal.schemas import PAGE, ApplySchema, EmptySchema, ListQuery, ReasonSchema
from yidaitong.authorizations import queries as authorizations
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import applications as acts
from yidaitong.lending import queries
from yidaitong.lending.commands import CreateApplication
from yidaitong.pulls.queries import Progress, progress_of_application
from yidaitong.web.views import requires, use_command


@api.post("/applications")
@api.response(201, AppliedSchema)
@requires(applying.PERMISSION)
@use_command(ApplySchema, location="json")
def create_application(uow: UnitOfWork, command: dict[str, Any]) -> Any:
    """Draft an application and ask for the authorization it needs."""
    wanted = CreateApplication(
        product_id=command["product_id"],
        amount_fen=command["amount"],
        term_months=command["term_months"],
    )
    applied = applying.apply(uow, wanted, command["language"])
    asked = applied.asked
    asks = [{"request_id": asked.request_id, "digest": asked.digest, "personal": False}]
    if asked.companion_id is not None:
        asks.append(
            {
                "request_id": asked.companion_id,
                "digest": asked.companion_digest or "",
                "personal": True,
            }
        )
    return {"application_id": applied.application_id, "asks": asks}


@api.get("/applications")
@api.response(200, ApplicationSchema(many=True))
@requires(queries.READ)
@use_command(ListQuery, location="query")
def list_applications(uow: UnitOfWork, query: dict[str, Any]) -> Any:
    """Applications of the enterprise, newest first."""
    rows = queries.applications_of_enterprise(uow, query["after"], PAGE)
    return [application_written(row) for row in rows]


@api.get("/applications/<uuid:application_id>")
@api.response(200, ApplicationInFullSchema)
@requires(queries.READ)
def read_application(uow: UnitOfWork, application_id: UUID) -> Any:
    """One application with its steps, pulls, result, offer and reasons."""
    full = queries.application_of_enterprise(uow, application_id)
    asks = authorizations.asks_of_application(uow, application_id)
    return {
        **application_written(full.application),
        "steps": [
            {
                "event": step.event.value,
                "state": step.state.value,
                "at": step.at,
                "note": step.note,
            }
            for step in full.steps
        ],
        "result": None if full.evaluation is None else full.evaluation.result,
        "limit": yuan(full.limit_fen),
        "rate_bp": full.rate_bp,
        "reasons": _reasons(explanation_of(uow, full)),
        "pulls": [_pull(one) for one in progress_of_application(uow, application_id)],
        "asks": [
            {"request_id": ask.request_id, "digest": ask.digest, "personal": ask.personal}
            for ask in asks
            if ask.state in OPEN
        ],
        "offer": None if full.offer is None else offer_written(full.offer),
    }


@api.post("/applications/<uuid:application_id>/submission")
@api.response(200, ApplicationSchema)
@requires(acts.SUBMIT)
@use_command(EmptySchema, location="json")
def submit_application(uow: UnitOfWork, _command: object, application_id: UUID) -> Any:
    """Hand a draft to the bank; departments are asked at once."""
    return application_written(acts.submit(uow, application_id))


@api.post("/applications/<uuid:application_id>/withdrawal")
@api.response(200, ApplicationSchema)
@requires(acts.WITHDRAW)
@use_command(ReasonSchema, location="json")
def withdraw_application(uow: UnitOfWork, command: dict[str, Any], application_id: UUID) -> Any:
    """Take an application back before its contract."""
    return application_written(acts.withdraw(uow, application_id, command["reason"] or ""))


def _reasons(explained: Explained | None) -> list[dict[str, str]]:
    if explained is None:
        return []
    rules = () if explained.rules is None else explained.rules.reasons
    told = [{"id": one.id, "zh": one.text.zh, "en": one.text.en} for one in rules]
    return told + [{"id": "MANUAL", "zh": one.zh, "en": one.en} for one in explained.people]


def _pull(one: Progress) -> dict[str, Any]:
    return {
        "pull_id": str(one.pull_id),
        "personal": one.personal,
        "state": one.state.value,
        "lines": [
            {
                "resource": line.resource,
                "status": line.status.value,
                "outcome": None if line.outcome is None else line.outcome.value,
                "why": line.why,
            }
            for line in one.lines
        ],
    }
