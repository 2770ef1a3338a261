"""Versions of the key-encryption key: taking a new one, and when two persons may destroy an old."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import func, select, update

from yidaitong import audit
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.crypto.keks.keyring import Version
from yidaitong.kernel.crypto.keks.models import Kek
from yidaitong.kernel.crypto.keks.rewrapping import rests
from yidaitong.kernel.errors import ForbiddenError, InvalidStateError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork

REWRAP: Final = "keys.rewrap"
FORGET: Final = "keys.forget"
# After the last key left it: older backups are gone by then, or die with it.
KEEP: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the active version stands: ``due`` when another should take over, ``held`` by us."""

    version: int
    age_days: int
    due: bool
    held: bool


def kek_id(version: int) -> UUID:
    """What orders call a version."""
    return uuid5(NAMESPACE_URL, f"yidaitong:kek:{version}")


def versions(uow: UnitOfWork) -> list[Version]:
    """Every version there was, oldest first."""
    return uow.crypto.keyring.versions(uow.session)


def kek_of(uow: UnitOfWork, target_id: UUID) -> Version | None:
    """The version an order is about."""
    return next((one for one in versions(uow) if kek_id(one.version) == target_id), None)


def left_behind(uow: UnitOfWork) -> dict[UUID, Version]:
    """Versions two persons may destroy now, by what orders call them."""
    since = uow.now - KEEP
    return {
        kek_id(one.version): one
        for one in versions(uow)
        if one.destroyed_at is None
        and one.rewrapped_at is not None
        and one.rewrapped_at <= since
        and not rests(uow.session, one.version)
    }


def standing(uow: UnitOfWork) -> Standing | None:
    """The active version and its age; None before an installation's first use."""
    row = uow.session.execute(
        select(Kek.version, func.clock_timestamp() - Kek.created_at).where(Kek.retired_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    version, age = row
    return Standing(
        version=version,
        age_days=age.days,
        due=age > timedelta(days=uow.settings.kek_days),
        held=version in uow.crypto.keyring.provider.versions(),
    )


def begin_next(uow: UnitOfWork, version: int) -> int:
    """Wrap under ``version`` from now on; a job moves what is there. The version of before.

    Raises:
        ForbiddenError: not the system itself.
        InvalidStateError: it is not newer than the active one.
        KekUnavailableError: it is not held here.
    """
    if uow.actor.realm is not Realm.SYSTEM:
        raise ForbiddenError("keys are changed by the system")
    old = uow.crypto.keyring.begin_next(uow.session, version)
    audit.record(uow, "keys.new_kek", object_type="kek", object_id=version, before=old)
    # The ticker's own promise has this key: one at a time.
    uow.defer(REWRAP, key="")
    return old


def destroyable(uow: UnitOfWork, version: int) -> Kek:
    """The row of a version that may be destroyed now.

    Raises:
        NotFoundError: there was no such version.
        InvalidStateError: it wraps, something rests under it, or did so in the last seven days.
    """
    kek = uow.session.get(Kek, version, with_for_update=True, populate_existing=True)
    if kek is None:
        raise NotFoundError(f"KEK version {version}")
    if kek.destroyed_at is not None:
        raise InvalidStateError(f"KEK version {version} is destroyed")
    if kek.retired_at is None or kek.rewrapped_at is None or rests(uow.session, version):
        raise InvalidStateError(f"KEK version {version} is in use")
    if kek.rewrapped_at > uow.now - KEEP:
        raise InvalidStateError(f"KEK version {version} was in use less than seven days ago")
    return kek


def destroy(uow: UnitOfWork, version: int, order_id: UUID) -> None:
    """Strike a version off for ever; a job then has its holder destroy it.

    Raises:
        NotFoundError: there was no such version.
        InvalidStateError: see :func:`destroyable`.
    """
    destroyable(uow, version)
    uow.session.execute(
        update(Kek)
        .where(Kek.version == version)
        .values(check_value=None, destroyed_at=func.clock_timestamp())
    )
    audit.record(uow, "keys.destroy_kek", object_type="kek", object_id=version, order_id=order_id)
    uow.defer(FORGET, key=str(version), version=version)
