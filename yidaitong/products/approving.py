"""From draft to admission: two people of the bank and two of the centre, four natural persons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yidaitong import audit
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import FourEyesError, InvalidRequestError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products.commands import Confirm
from yidaitong.products.editing import locked, redraft
from yidaitong.products.errors import ContentChangedError, NotAdmissibleError
from yidaitong.products.guards import run_checks
from yidaitong.products.lifecycle import ProductEvent, ProductState, after
from yidaitong.products.models import ProductVersion

SUBMIT: Final = "product.submit"
CHECK: Final = "product.check"
REVIEW: Final = "product.review"
ADMIT: Final = "product.admit"
_MAX_NOTE: Final = 1000
_MAX_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class _Step:
    """One decision on the way: who may make it and what it is called."""

    event: ProductEvent
    permission: str
    action: str


_SUBMIT = _Step(ProductEvent.SUBMIT, SUBMIT, "product.submit")
_CHECK = _Step(ProductEvent.CHECK, CHECK, "product.check")
_REVIEW = _Step(ProductEvent.REVIEW, REVIEW, "product.review")
_ADMIT = _Step(ProductEvent.ADMIT, ADMIT, "product.admit")
# Whoever decides next may send a version back.
_RETURNED_BY: Final[Mapping[ProductState, str]] = {
    ProductState.SUBMITTED: CHECK,
    ProductState.BANK_CHECKED: REVIEW,
    ProductState.CENTRE_REVIEWED: ADMIT,
}


def submit(uow: UnitOfWork, command: Confirm) -> ProductVersion:
    """Close a draft and hand it to a colleague of the bank.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such version, or somebody else's.
        ContentChangedError: the version is not what was shown.
        InvalidStateError: it is no draft.
        NotAdmissibleError: the platform's checks found something.
        FourEyesError: the actor is no known person.
    """
    version = _step(uow, command, _SUBMIT)
    version.maker_person_id = uow.actor.person_id
    version.submitted_at = uow.clock()
    return _done(uow, version, _SUBMIT)


def check(uow: UnitOfWork, command: Confirm) -> ProductVersion:
    """The bank's second person agrees; the centre decides next.

    Raises:
        FourEyesError: the checker made it.
        ForbiddenError, NotFoundError, ContentChangedError, InvalidStateError,
            NotAdmissibleError: as in ``submit``.
    """
    version = _step(uow, command, _CHECK)
    version.checker_person_id = uow.actor.person_id
    version.checked_at = uow.clock()
    return _done(uow, version, _CHECK)


def review(uow: UnitOfWork, command: Confirm) -> ProductVersion:
    """The centre's first person finds the items necessary and fair; ``note`` says why.

    Raises:
        InvalidRequestError: no note.
        FourEyesError: the reviewer took part before.
        ForbiddenError, NotFoundError, ContentChangedError, InvalidStateError,
            NotAdmissibleError: as in ``submit``.
    """
    uow.actor.require(REVIEW)
    note = command.note.strip()[:_MAX_NOTE]
    if not note:
        raise InvalidRequestError("note", fields={"note": "MISSING"})
    version = _step(uow, command, _REVIEW)
    version.reviewer_person_id = uow.actor.person_id
    version.reviewed_at = uow.clock()
    version.review_note = note
    return _done(uow, version, _REVIEW)


def admit(uow: UnitOfWork, command: Confirm) -> ProductVersion:
    """The centre's second person admits the version; its bank may put it into effect.

    Raises:
        FourEyesError: the admitter took part before.
        ForbiddenError, NotFoundError, ContentChangedError, InvalidStateError,
            NotAdmissibleError: as in ``submit``.
    """
    version = _step(uow, command, _ADMIT)
    version.admitter_person_id = uow.actor.person_id
    version.admitted_at = uow.clock()
    return _done(uow, version, _ADMIT)


def give_back(uow: UnitOfWork, command: Confirm) -> ProductVersion:
    """Send a version back with a reason; a new draft with its content is returned.

    Raises:
        ForbiddenError: the actor does not decide next.
        NotFoundError, ContentChangedError, InvalidStateError: as in ``submit``.
        InvalidRequestError: no reason.
    """
    version = _shown(uow, command)
    state = after(version.state, ProductEvent.RETURN)
    uow.actor.require(_RETURNED_BY[version.state])
    reason = command.note.strip()[:_MAX_REASON]
    if not reason:
        raise InvalidRequestError("reason", fields={"note": "MISSING"})
    version.state = state
    version.returned_by = uow.actor.person_id
    version.returned_at = uow.clock()
    version.return_reason = reason
    uow.session.flush()  # One open version: this one leaves first.
    _note(uow, "product.return", version)
    return redraft(uow, version)


def _step(uow: UnitOfWork, command: Confirm, step: _Step) -> ProductVersion:
    """The version moved on by ``step``, after every guard; its columns are the caller's."""
    uow.actor.require(step.permission)
    version = _shown(uow, command)
    state = after(version.state, step.event)
    _another_person(uow, version)
    failed = [one.code for one in run_checks(uow, version) if not one.passed]
    if failed:
        raise NotAdmissibleError(f"version {version.id}", findings=failed)
    version.state = state
    return version


def _shown(uow: UnitOfWork, command: Confirm) -> ProductVersion:
    version = locked(uow, command.version_id)
    if uow.actor.realm is Realm.GOV and version.submitted_at is None:
        raise NotFoundError(f"product version {version.id}")
    if version.content_sha256 != command.digest:
        raise ContentChangedError(f"version {version.id}")
    return version


def _another_person(uow: UnitOfWork, version: ProductVersion) -> None:
    person = uow.actor.person_id
    earlier = {
        version.maker_person_id,
        version.checker_person_id,
        version.reviewer_person_id,
        version.admitter_person_id,
    }
    if person is None or person in earlier:
        raise FourEyesError(f"{person} took part in version {version.id}")


def _done(uow: UnitOfWork, version: ProductVersion, step: _Step) -> ProductVersion:
    _note(uow, step.action, version)
    return version


def _note(uow: UnitOfWork, action: str, version: ProductVersion) -> None:
    uow.session.flush()
    audit.record(
        uow,
        action,
        object_type="product_version",
        object_id=version.id,
        product_id=version.product_id,
        bank_id=version.bank_id,
        sha256=version.content_sha256,
    )
