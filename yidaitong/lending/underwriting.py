"""Underwriting: a maker takes a case and recommends, another person decides."""

from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from yidaitong.kernel.errors import InvalidRequestError, InvalidStateError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import (
    applications,
    decisions,
    evaluations,
    exposures,
    proposals,
    reasons,
    screening,
    steps,
)
from yidaitong.lending.commands import Recommendation, Verdict
from yidaitong.lending.errors import NotEvaluatedError
from yidaitong.lending.kinds import CommandKind, CommandState, OfferState, Outcome
from yidaitong.lending.lifecycle import ApplicationEvent
from yidaitong.lending.models import Application, Decision, Evaluation, PendingCommand
from yidaitong.lending.reviewing import review_if_due
from yidaitong.products.policy import Result

TAKE: Final = "application.take"
RECOMMEND: Final = "application.recommend"
CHECK: Final = "application.check"
_MAX_RATE_BP: Final = 3_600  # No lender may ask more than 36 % a year; policies ask far less.


def take(uow: UnitOfWork, application_id: UUID) -> Application:
    """Accept a submitted application (受理); the actor becomes its maker.

    Raises:
        ForbiddenError: the actor may not take cases.
        NotFoundError: no such application, or another bank's.
        InvalidStateError: it is not waiting to be accepted.
    """
    uow.actor.require(TAKE)
    application = steps.locked(uow, application_id)
    steps.move(uow, application, ApplicationEvent.ACCEPT)
    application.maker_person_id = proposals.acting_person(uow)
    uow.session.flush()
    return application


def screen_out(uow: UnitOfWork, application_id: UUID) -> Decision:
    """Refuse a submitted application that the policy rejects, with the policy's own reasons.

    The rules were admitted by four eyes; one person confirms that they apply.

    Raises:
        ForbiddenError: the actor may not take cases.
        NotFoundError: no such application, or another bank's.
        NotEvaluatedError: there is no evaluation.
        InvalidStateError: the policy does not reject it, or it was accepted already.
    """
    uow.actor.require(TAKE)
    application = steps.locked(uow, application_id)
    evaluation = evaluations.newest_of(uow, application)
    if evaluation is None:
        raise NotEvaluatedError(f"application {application_id}")
    if evaluation.result != Result.REJECT:
        raise InvalidStateError(f"application {application_id} is {evaluation.result}")
    steps.move(uow, application, ApplicationEvent.SCREEN_OUT)
    decision = decisions.keep(
        uow,
        application,
        decisions.Eyes(maker_person_id=proposals.acting_person(uow)),
        reasons=evaluation.reasons,
    )
    applications.close(uow, application, OfferState.WITHDRAWN)
    return decision


def recommend(uow: UnitOfWork, application_id: UUID, command: Recommendation) -> PendingCommand:
    """Propose terms or a refusal to the checker; the exact proposal is kept with its hash.

    Raises:
        ForbiddenError: the actor may not recommend.
        NotFoundError: no such application, or another bank's.
        InvalidRequestError: terms are missing or out of range, or a refusal gives no reason.
        InvalidStateError: the application is not in review.
        NotEvaluatedError: approval before the policy spoke.
        PolicyRejectedError: approval of what the policy rejects.
        LimitExceededError: the amount is above the policy's limit.
        DataGoneError: approval after the consent was withdrawn.
    """
    uow.actor.require(RECOMMEND)
    application = steps.locked(uow, application_id)
    review_if_due(uow, application)
    steps.move(uow, application, ApplicationEvent.RECOMMEND)
    evaluation = evaluations.newest_of(uow, application)
    match command.outcome:
        case Outcome.APPROVE:
            _check_terms(application, evaluation, command)
            outcome = screening.check_limit(uow, application, command.amount_fen or 0)
            _check_note(outcome.result, command.note)
        case Outcome.DECLINE:
            reasons.checked(command.reasons, evaluation)
        case Outcome.RETURN:
            raise InvalidRequestError("outcome", fields={"outcome": "CHOICE"})
    application.maker_person_id = proposals.acting_person(uow)
    return proposals.propose(uow, application, CommandKind.RECOMMENDATION, _body(command))


def _check_terms(
    application: Application, evaluation: Evaluation | None, command: Recommendation
) -> None:
    problems: dict[str, str] = {}
    most_bp = evaluation.rate_bp if evaluation is not None and evaluation.rate_bp else _MAX_RATE_BP
    bounds = (
        ("amount", command.amount_fen, application.amount_fen),
        ("rate_bp", command.rate_bp, most_bp),
        ("term_months", command.term_months, application.term_months),
    )
    for name, value, most in bounds:
        if value is None:
            problems[name] = "MISSING"
        elif value < 1:
            problems[name] = "TOO_SMALL"
        elif value > most:
            problems[name] = "TOO_LARGE"
    if command.reasons:
        problems["reasons"] = "UNEXPECTED"
    if problems:
        raise InvalidRequestError("terms", fields=problems)


def _check_note(result: Result, note: str) -> None:
    """Approving what the policy refers to people needs their reasons, in writing."""
    if result is Result.REFER and not note.strip():
        raise InvalidRequestError("note", fields={"note": "MISSING"})


def _body(command: Recommendation) -> dict[str, Any]:
    return asdict(command) | {"outcome": command.outcome.value, "reasons": list(command.reasons)}


def decide(uow: UnitOfWork, application_id: UUID, verdict: Verdict) -> Application:
    """Decide on what was recommended; an approval reserves the borrower's exposure.

    Guards run again: the policy over the same facts, with what the enterprise owes by now.

    Raises:
        ForbiddenError: the actor may not decide.
        NotFoundError: no such application, or another bank's.
        InvalidStateError: nothing is recommended, or approval of a recommended refusal.
        FourEyesError: the checker is, as a natural person, the maker.
        TermsChangedError: the checker read another recommendation.
        InvalidRequestError: a refusal or return gives no reason.
        PolicyRejectedError: the policy rejects the case.
        LimitExceededError: the amount is above the policy's limit by now.
        DataGoneError: approval after the consent was withdrawn.
    """
    uow.actor.require(CHECK)
    application = steps.locked(uow, application_id)
    command = proposals.awaiting(uow, application.id)
    if command is None or command.kind is not CommandKind.RECOMMENDATION:
        raise InvalidStateError(f"nothing is recommended on application {application_id}")
    proposals.check(uow, command, verdict.sha256)
    proposed = proposals.body_of(uow, application, command)
    match verdict.outcome:
        case Outcome.APPROVE:
            _approve(uow, application, command, verdict, proposed)
        case Outcome.DECLINE:
            _decline(uow, application, command, verdict, proposed)
        case Outcome.RETURN:
            _return(uow, application, command, verdict)
    return application


def _approve(
    uow: UnitOfWork,
    application: Application,
    command: PendingCommand,
    verdict: Verdict,
    proposed: dict[str, Any],
) -> None:
    if proposed["outcome"] != Outcome.APPROVE:
        raise InvalidStateError(f"a refusal is recommended on application {application.id}")
    exposures.lock(uow, application.enterprise_id)
    outcome = screening.check_limit(uow, application, proposed["amount_fen"])
    _check_note(outcome.result, verdict.note)
    steps.move(uow, application, ApplicationEvent.APPROVE)
    proposals.close(uow, application, command, CommandState.PROCESSED, verdict.note)
    exposures.hold(uow, application, proposed["amount_fen"])
    eyes = decisions.Eyes(maker_person_id=command.maker_person_id, command=command)
    decisions.keep(uow, application, eyes, terms=proposed)
    applications.end_consents(uow, application.id)


def _decline(
    uow: UnitOfWork,
    application: Application,
    command: PendingCommand,
    verdict: Verdict,
    proposed: dict[str, Any],
) -> None:
    evaluation = evaluations.newest_of(uow, application)
    found = reasons.checked(verdict.reasons or proposed["reasons"], evaluation)
    steps.move(uow, application, ApplicationEvent.DECLINE)
    proposals.close(uow, application, command, CommandState.PROCESSED, verdict.note)
    eyes = decisions.Eyes(maker_person_id=command.maker_person_id, command=command)
    decisions.keep(uow, application, eyes, reasons=found)
    applications.close(uow, application, OfferState.WITHDRAWN)


def _return(
    uow: UnitOfWork, application: Application, command: PendingCommand, verdict: Verdict
) -> None:
    if not verdict.note.strip():
        raise InvalidRequestError("note", fields={"note": "MISSING"})
    steps.move(uow, application, ApplicationEvent.RETURN)
    proposals.close(uow, application, command, CommandState.REJECTED, verdict.note)
