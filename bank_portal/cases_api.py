"""Cases for machines: list, read, take, recommend, decide, offer."""

from typing import Any
from uuid import UUID

from bank_portal.answers import CaseListSchema, CaseSchema, OfferSchema, ProposalSchema
from bank_portal.blueprints import api
from bank_portal.schemas import (
    CaseQuery,
    EmptySchema,
    QuestionSchema,
    RecommendationSchema,
    VerdictSchema,
    case_filter,
    recommendation,
    verdict,
)
from bank_portal.written import case_in_full, case_line, offer_written, proposal_written
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import offering, queries, reviewing, underwriting
from yidaitong.packets.queries import packets_of_application
from yidaitong.pulls.queries import progress_of_application
from yidaitong.web.views import requires, use_command


@api.get("/applications")
@api.response(200, CaseListSchema)
@requires(queries.READ)
@use_command(CaseQuery, location="query")
def list_cases(uow: UnitOfWork, query: dict[str, Any]) -> Any:
    """Cases of the bank."""
    found = queries.cases_of_bank(uow, case_filter(query))
    return {
        "applications": [case_line(case) for case in found.cases],
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
    }


@api.get("/applications/<uuid:application_id>")
@api.response(200, CaseSchema)
@requires(queries.READ)
def read_case(uow: UnitOfWork, application_id: UUID) -> Any:
    """One case with its evaluation, pulls, packets and offer."""
    return _case(uow, application_id)


@api.post("/applications/<uuid:application_id>/acceptance")
@api.response(200, CaseSchema)
@requires(underwriting.TAKE)
@use_command(EmptySchema, location="json")
def take_case(uow: UnitOfWork, _command: object, application_id: UUID) -> Any:
    """Accept an application; the caller becomes its maker."""
    underwriting.take(uow, application_id)
    return _case(uow, application_id)


@api.post("/applications/<uuid:application_id>/screening-refusal")
@api.response(200, CaseSchema)
@requires(underwriting.TAKE)
@use_command(EmptySchema, location="json")
def screen_case_out(uow: UnitOfWork, _command: object, application_id: UUID) -> Any:
    """Refuse what the policy rejects, with the policy's reasons."""
    underwriting.screen_out(uow, application_id)
    return _case(uow, application_id)


@api.post("/applications/<uuid:application_id>/question")
@api.response(200, CaseSchema)
@requires(reviewing.REVIEW)
@use_command(QuestionSchema, location="json")
def ask_enterprise(uow: UnitOfWork, command: dict[str, Any], application_id: UUID) -> Any:
    """Ask the enterprise for something; the clock stands still until it answers."""
    reviewing.ask_information(uow, application_id, command["question"])
    return _case(uow, application_id)


@api.post("/applications/<uuid:application_id>/recommendation")
@api.response(201, ProposalSchema)
@requires(underwriting.RECOMMEND)
@use_command(RecommendationSchema, location="json")
def recommend_case(uow: UnitOfWork, command: dict[str, Any], application_id: UUID) -> Any:
    """Propose terms or a refusal to the checker."""
    underwriting.recommend(uow, application_id, recommendation(command))
    return proposal_written(queries.application_of_bank(uow, application_id).waiting)


@api.post("/applications/<uuid:application_id>/decision")
@api.response(200, CaseSchema)
@requires(underwriting.CHECK)
@use_command(VerdictSchema, location="json")
def decide_case(uow: UnitOfWork, command: dict[str, Any], application_id: UUID) -> Any:
    """Decide on what was recommended; ``sha256`` pins what was read."""
    underwriting.decide(uow, application_id, verdict(command))
    return _case(uow, application_id)


@api.post("/applications/<uuid:application_id>/offer")
@api.response(201, OfferSchema)
@requires(offering.MAKE)
@use_command(EmptySchema, location="json")
def offer_case(uow: UnitOfWork, _command: object, application_id: UUID) -> Any:
    """Offer the enterprise exactly what was approved."""
    return offer_written(offering.make(uow, application_id))


def _case(uow: UnitOfWork, application_id: UUID) -> dict[str, Any]:
    return case_in_full(
        queries.application_of_bank(uow, application_id),
        progress_of_application(uow, application_id),
        packets_of_application(uow, application_id),
    )
