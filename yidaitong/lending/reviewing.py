"""Looking into a case: contact, questions to the enterprise, its answers."""

from typing import Final
from uuid import UUID

from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import applications, steps
from yidaitong.lending.lifecycle import ApplicationEvent, ApplicationState
from yidaitong.lending.models import Application

REVIEW: Final = "application.recommend"
_TO_REVIEW: Final = frozenset({ApplicationState.ACCEPTED, ApplicationState.RETURNED})


def start_review(uow: UnitOfWork, application_id: UUID) -> Application:
    """Begin or resume looking into a case, once the enterprise was contacted (对接).

    Raises:
        ForbiddenError: the actor may not recommend.
        NotFoundError: no such application, or another bank's.
        InvalidStateError: it is neither accepted nor returned.
    """
    uow.actor.require(REVIEW)
    application = steps.locked(uow, application_id)
    steps.move(uow, application, ApplicationEvent.START_REVIEW)
    return application


def review_if_due(uow: UnitOfWork, application: Application) -> None:
    """Begin the review of an accepted or returned case that somebody works on."""
    if application.state in _TO_REVIEW:
        steps.move(uow, application, ApplicationEvent.START_REVIEW)


def ask_information(uow: UnitOfWork, application_id: UUID, question: str) -> Application:
    """Ask the enterprise for something; the bank's clock stands still until it answers.

    Raises:
        ForbiddenError: the actor may not recommend.
        NotFoundError: no such application, or another bank's.
        InvalidRequestError: there is no question.
        InvalidStateError: it is not in review.
    """
    uow.actor.require(REVIEW)
    _check(question)
    application = steps.locked(uow, application_id)
    review_if_due(uow, application)
    steps.move(uow, application, ApplicationEvent.ASK_INFO, question)
    return application


def give_information(uow: UnitOfWork, application_id: UUID, answer: str) -> Application:
    """Answer the bank's question, as the enterprise.

    Raises:
        ForbiddenError: the actor may not submit.
        NotFoundError: no such application, or somebody else's.
        InvalidRequestError: there is no answer.
        InvalidStateError: nothing was asked.
    """
    uow.actor.require(applications.SUBMIT)
    _check(answer)
    application = steps.locked(uow, application_id)
    steps.move(uow, application, ApplicationEvent.GIVE_INFO, answer)
    return application


def _check(text: str) -> None:
    if not text.strip():
        raise InvalidRequestError("note", fields={"note": "MISSING"})
