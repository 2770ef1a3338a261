"""Reporting a loan event by hand: one person reports, another confirms the very same bytes."""

from dataclasses import asdict
from datetime import date
from typing import Any, Final
from uuid import UUID

from yidaitong import audit
from yidaitong.kernel.errors import InvalidRequestError, InvalidStateError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import loans, proposals, steps
from yidaitong.lending.commands import Confirmation, LoanEvent
from yidaitong.lending.kinds import CommandKind, CommandState
from yidaitong.lending.lifecycle import LoanEventKind
from yidaitong.lending.models import PendingCommand

PROPOSE: Final = "loan.report"
CONFIRM: Final = "loan.check"


def propose(uow: UnitOfWork, event: LoanEvent) -> PendingCommand:
    """Report an event of an application's loan for a second person to confirm.

    Everything that confirming would refuse is refused now, in a savepoint that is rolled back.

    Raises:
        ForbiddenError: the actor may not report.
        NotFoundError, InvalidRequestError, InvalidStateError, IdempotencyConflictError: as
            :func:`loans.report` would.
        InvalidStateError: another proposal of this application waits.
    """
    uow.actor.require(PROPOSE)
    if event.application_id is None:
        raise InvalidRequestError("application", fields={"application_id": "MISSING"})
    application = steps.locked(uow, event.application_id)
    trial = uow.session.begin_nested()
    made = loans.post(uow, event, None, None)
    fresh = made.created
    trial.rollback()
    if not fresh:
        raise InvalidStateError(f"event {event.serial} was reported before")
    command = proposals.propose(uow, application, CommandKind.LOAN_EVENT, _body(event))
    audit.record(
        uow,
        "loan.propose",
        object_type="application",
        object_id=application.id,
        kind=event.kind,
        command=command.sha256,
    )
    return command


def confirm(uow: UnitOfWork, application_id: UUID, answer: Confirmation) -> PendingCommand:
    """Let a proposed event take effect, or refuse it with a reason.

    Raises:
        ForbiddenError: the actor may not confirm.
        NotFoundError: no such application, or another bank's.
        InvalidStateError: no event waits; or what it needs no longer holds.
        FourEyesError: the checker is, as a natural person, the maker.
        TermsChangedError: the checker read another proposal.
        InvalidRequestError: a refusal without a reason.
    """
    uow.actor.require(CONFIRM)
    application = steps.locked(uow, application_id)
    command = proposals.awaiting(uow, application.id)
    if command is None or command.kind is not CommandKind.LOAN_EVENT:
        raise InvalidStateError(f"no event of application {application_id} waits")
    checker = proposals.check(uow, command, answer.sha256)
    if not answer.accept:
        if not answer.note.strip():
            raise InvalidRequestError("note", fields={"note": "MISSING"})
        proposals.close(uow, application, command, CommandState.REJECTED, answer.note)
        return command
    event = event_of(proposals.body_of(uow, application, command))
    loans.post(uow, event, command.maker_person_id, checker)
    proposals.close(uow, application, command, CommandState.PROCESSED, answer.note)
    return command


def _body(event: LoanEvent) -> dict[str, Any]:
    members = asdict(event)
    return {
        name: str(value) if isinstance(value, UUID | date) else value
        for name, value in members.items()
    }


def event_of(body: dict[str, Any]) -> LoanEvent:
    """The event that was proposed."""
    due_on = body["due_on"]
    loan_id = body["loan_id"]
    return LoanEvent(
        **body
        | {
            "kind": LoanEventKind(body["kind"]),
            "business_date": date.fromisoformat(body["business_date"]),
            "application_id": UUID(body["application_id"]),
            "loan_id": None if loan_id is None else UUID(loan_id),
            "due_on": None if due_on is None else date.fromisoformat(due_on),
        }
    )
