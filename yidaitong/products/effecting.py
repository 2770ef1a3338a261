"""Onto the shelf and off it: one version of a product is in effect at any time."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from yidaitong import audit
from yidaitong.banks.queries import is_accredited
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import FourEyesError, InvalidStateError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products.editing import locked
from yidaitong.products.lifecycle import ProductEvent, ProductState, after
from yidaitong.products.models import ProductVersion

PUBLISH: Final = "product.submit"
STOP: Final = "product.admit"


def put_in_effect(uow: UnitOfWork, version_id: UUID) -> ProductVersion:
    """Put an admitted version on the shelf from now on; the one before it retires.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such version, or somebody else's.
        InvalidStateError: it is not admitted, or its bank is not accredited.
        FourEyesError: it was not decided on by four different people.
    """
    uow.actor.require(PUBLISH)
    version = locked(uow, version_id)
    state = after(version.state, ProductEvent.TAKE_EFFECT)
    if not is_accredited(uow, version.bank_id):
        raise InvalidStateError(f"bank {version.bank_id} is not accredited")
    _decided_by_four(version)
    current = _current(uow, version.product_id)
    at = uow.clock()
    if current is not None:
        current.state = after(current.state, ProductEvent.RETIRE)
        current.effective_to = at
        uow.session.flush()  # One version in effect: the old one leaves first.
    version.state = state
    version.effective_from = at
    _note(uow, "product.take_effect", version)
    return version


def retire(uow: UnitOfWork, version_id: UUID) -> ProductVersion:
    """Take a version off the shelf; its bank or the centre may, one person is enough.

    Raises:
        ForbiddenError: the actor may not.
        NotFoundError: no such version, or somebody else's.
        InvalidStateError: it is not in effect, nor waiting to be.
    """
    uow.actor.require(STOP if uow.actor.realm is Realm.GOV else PUBLISH)
    version = locked(uow, version_id)
    version.state = after(version.state, ProductEvent.RETIRE)
    if version.effective_from is not None:
        version.effective_to = uow.clock()
    _note(uow, "product.retire", version)
    return version


def _decided_by_four(version: ProductVersion) -> None:
    people = {
        version.maker_person_id,
        version.checker_person_id,
        version.reviewer_person_id,
        version.admitter_person_id,
    }
    if None in people or len(people) != 4:  # noqa: PLR2004 - two of the bank, two of the centre
        raise FourEyesError(f"version {version.id} was decided on by {len(people)} people")


def _current(uow: UnitOfWork, product_id: str) -> ProductVersion | None:
    return uow.session.scalar(
        select(ProductVersion)
        .where(
            ProductVersion.product_id == product_id, ProductVersion.state == ProductState.EFFECTIVE
        )
        .with_for_update()
    )


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
