"""What one person proposes and another confirms: the exact JSON, its hash, two people."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consent.events import canonical, sha256_b64u
from yidaitong.kernel.crypto.box import DekKind, Place
from yidaitong.kernel.errors import FourEyesError, InvalidStateError
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.errors import TermsChangedError
from yidaitong.lending.kinds import CommandKind, CommandState
from yidaitong.lending.models import Application, PendingCommand


def acting_person(uow: UnitOfWork) -> UUID:
    """The natural person who acts: "the same person" is never about accounts.

    Raises:
        FourEyesError: nobody can be named.
    """
    if uow.actor.person_id is None:
        raise FourEyesError(f"account {uow.actor.account_id} names no person")
    return uow.actor.person_id


def propose(
    uow: UnitOfWork, application: Application, kind: CommandKind, body: Mapping[str, Any]
) -> PendingCommand:
    """Keep ``body`` for a second person; one proposal of an application waits at a time.

    Raises:
        InvalidStateError: another proposal of this application is waiting.
    """
    if awaiting(uow, application.id) is not None:
        raise InvalidStateError(f"application {application.id} has a proposal waiting")
    command_id = uuid7()
    plain = canonical(body)
    made = PendingCommand(
        id=command_id,
        application_id=application.id,
        enterprise_id=application.enterprise_id,
        bank_id=application.bank_id,
        kind=kind,
        state=CommandState.AWAITING,
        maker_person_id=acting_person(uow),
        made_at=uow.now,
        sealed=uow.crypto.seal(uow.session, _place(application, command_id, "sealed"), plain),
        sha256=sha256_b64u(plain),
    )
    uow.session.add(made)
    uow.session.flush()
    return made


def awaiting(uow: UnitOfWork, application_id: UUID) -> PendingCommand | None:
    """The proposal of an application that waits; lock the application first to decide on it."""
    return uow.session.scalar(
        select(PendingCommand).where(
            PendingCommand.application_id == application_id,
            PendingCommand.state == CommandState.AWAITING,
        )
    )


def body_of(uow: UnitOfWork, application: Application, command: PendingCommand) -> dict[str, Any]:
    """What exactly was proposed.

    Raises:
        TermsChangedError: the stored bytes do not have the stored hash.
    """
    place = _place(application, command.id, "sealed")
    plain = uow.crypto.open(uow.session, place, command.sealed)
    if sha256_b64u(plain) != command.sha256:
        raise TermsChangedError(f"proposal {command.id}")
    found: dict[str, Any] = json.loads(plain)
    return found


def check(uow: UnitOfWork, command: PendingCommand, sha256: str | None) -> UUID:
    """The checker, once it is sure that they are another person and read this very proposal.

    Raises:
        FourEyesError: the checker is, as a natural person, the maker.
        TermsChangedError: ``sha256`` names another proposal.
    """
    checker = acting_person(uow)
    if checker == command.maker_person_id:
        raise FourEyesError(f"{checker} made proposal {command.id}")
    if sha256 is not None and sha256 != command.sha256:
        raise TermsChangedError(f"proposal {command.id}")
    return checker


def close(
    uow: UnitOfWork,
    application: Application,
    command: PendingCommand,
    state: CommandState,
    note: str = "",
) -> None:
    """Write down what became of a proposal, by whom, with their words."""
    command.state = state
    command.checker_person_id = uow.actor.person_id
    command.checked_at = uow.now
    if note:
        place = _place(application, command.id, "check_note_sealed")
        command.check_note_sealed = uow.crypto.seal(uow.session, place, note.encode())
    uow.session.flush()


def check_note_of(uow: UnitOfWork, application: Application, command: PendingCommand) -> str:
    """The checker's words."""
    if command.check_note_sealed is None:
        return ""
    place = _place(application, command.id, "check_note_sealed")
    return uow.crypto.open(uow.session, place, command.check_note_sealed).decode()


def _place(application: Application, command_id: UUID, column: str) -> Place:
    return Place(
        kind=DekKind.RECORD,
        owner_id=application.enterprise_id,
        table="pending_command",
        column=column,
        row_id=command_id,
    )
