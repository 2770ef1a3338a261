"""Platforms whose key above all keys changes, what is sealed there, and time that passes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, text

from tests.kernel.crypto.test_box import PLAIN, a_place
from yidaitong.audit.models import AuditEvent
from yidaitong.jobs import keks as changing
from yidaitong.jobs import tasks
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.box import CryptoBox, Place
from yidaitong.kernel.crypto.keks.loading import provider_of
from yidaitong.kernel.crypto.keks.rewrapping import in_use
from yidaitong.runtime import Runtime

Sealed = list[tuple[Place, bytes]]


@contextmanager
def platform_of_files(runtime: Runtime, folder: Path) -> Iterator[Runtime]:
    """A platform whose KEKs are files in ``folder``, with version 1."""
    folder.mkdir(mode=0o700)
    tasks.load()
    made = Runtime(replace(runtime.settings, keks={}, kek_provider="file", kek_dir=folder))
    made.crypto.keyring.provider.make()
    with made.transaction(SYSTEM) as uow:
        uow.crypto.prepare(uow.session)
    yield made
    made.close()


def some_sealed(rt: Runtime, count: int) -> Sealed:
    with rt.transaction(SYSTEM) as uow:
        places = [a_place() for _ in range(count)]
        return [(place, uow.crypto.seal(uow.session, place, PLAIN)) for place in places]


def all_open(rt: Runtime, sealed: Sealed) -> bool:
    """By a process that remembers no key."""
    box = CryptoBox(provider_of(rt.settings))
    with rt.transaction(SYSTEM) as uow:
        return all(box.open(uow.session, place, one) == PLAIN for place, one in sealed)


def used(rt: Runtime) -> dict[int, int]:
    with rt.transaction(SYSTEM) as uow:
        return in_use(uow.session)


def actions(rt: Runtime) -> list[str]:
    with rt.transaction(SYSTEM) as uow:
        query = select(AuditEvent.action).where(AuditEvent.object_type == "kek")
        return list(uow.session.scalars(query.order_by(AuditEvent.id)))


def days_pass(rt: Runtime, days: int) -> None:
    """As if versions and signing keys had been made, and left, so much earlier."""
    with rt.transaction(SYSTEM) as uow:
        for statement in (
            "UPDATE kek SET created_at = created_at - :ago, rewrapped_at = rewrapped_at - :ago",
            "UPDATE signing_key SET created_at = created_at - :ago",
        ):
            uow.session.execute(text(statement), {"ago": timedelta(days=days)})


def rotated(rt: Runtime) -> Sealed:
    """Version 2 wraps everything; what was sealed under version 1."""
    sealed = some_sealed(rt, 3)
    changing.next_version(rt)
    assert changing.rewrap(rt).finished
    return sealed
