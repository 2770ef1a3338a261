"""Finding an application and moving it along its life; every move leaves a step."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from yidaitong import audit
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.crypto.box import DekKind, Place
from yidaitong.kernel.errors import NotFoundError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.lifecycle import ApplicationEvent, after
from yidaitong.lending.models import Application, ApplicationStep


def visible(uow: UnitOfWork) -> list[Any]:
    """Conditions on applications the actor may see; a bank sees none before submission."""
    actor = uow.actor
    match actor.realm:
        case Realm.ENTERPRISE:
            return [Application.enterprise_id == actor.enterprise_id]
        case Realm.BANK:
            return [Application.bank_id == actor.bank_id, Application.submitted_at.is_not(None)]
        case Realm.GOV | Realm.SYSTEM:
            return []
        case Realm.PUBLIC:
            raise NotFoundError("nobody is signed in")


def found(uow: UnitOfWork, application_id: UUID) -> Application:
    """One application the actor may see.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    return _one(uow, select(Application), application_id)


def locked(uow: UnitOfWork, application_id: UUID) -> Application:
    """The same, locked and read afresh: whoever decides comes after whoever decided before.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    return _one(uow, select(Application).with_for_update(), application_id)


def _one(uow: UnitOfWork, query: Select[Application], application_id: UUID) -> Application:
    query = query.where(Application.id == application_id, *visible(uow))
    one = uow.session.scalar(query.execution_options(populate_existing=True))
    if one is None:
        raise NotFoundError(f"application {application_id}")
    return one


def move(
    uow: UnitOfWork, application: Application, event: ApplicationEvent, note: str = ""
) -> None:
    """Take one edge of the application's life; ``note`` is read by both sides.

    Raises:
        InvalidStateError: the edge does not exist.
    """
    application.state = after(application.state, event)
    keep_step(uow, application, event, note)


def keep_step(
    uow: UnitOfWork, application: Application, event: ApplicationEvent, note: str = ""
) -> None:
    """Write down a step that was taken."""
    step_id = uuid7()
    sealed = None
    if note:
        place = note_place(application.enterprise_id, step_id)
        sealed = uow.crypto.seal(uow.session, place, note.encode())
    # The application's row first: the step refers to it.
    uow.session.flush()
    uow.session.add(
        ApplicationStep(
            id=step_id,
            application_id=application.id,
            enterprise_id=application.enterprise_id,
            bank_id=application.bank_id,
            event=event,
            state=application.state,
            at=uow.clock(),
            realm=uow.actor.realm,
            person_id=uow.actor.person_id,
            note_sealed=sealed,
        )
    )
    uow.session.flush()
    audit.record(
        uow,
        f"application.{event.value}",
        object_type="application",
        object_id=application.id,
        state=application.state,
    )


def note_place(enterprise_id: UUID, step_id: UUID) -> Place:
    """Where the note of a step is sealed."""
    return Place(
        kind=DekKind.RECORD,
        owner_id=enterprise_id,
        table="application_step",
        column="note_sealed",
        row_id=step_id,
    )
