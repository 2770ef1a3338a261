"""Asking as a bank does, and what ends or halts its consent."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from consent import service
from tests.pulls.builders import (
    Case,
)
from yidaitong.authorizations.desk import desk_of
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.authorising import authorise
from yidaitong.pulls.models import Pull, PullLine, PullSlot


def ask(uow: UnitOfWork, case: Case, key: str = "key-1", **changes: Any) -> Pull:
    made = authorise(uow.acting(case.banker), case.order(key, **changes))
    uow.acting(SYSTEM)
    return made


def counted(uow: UnitOfWork) -> tuple[int, int, int]:
    uow.acting(SYSTEM)
    found = [
        uow.session.scalar(select(func.count()).select_from(table)) or 0
        for table in (Pull, PullLine, PullSlot)
    ]
    return found[0], found[1], found[2]


def stopped_by(name: str) -> Callable[[UnitOfWork, UUID], object]:
    def act(uow: UnitOfWork, chain_id: UUID) -> object:
        desk = desk_of(uow.acting(SYSTEM), job="test")
        match name:
            case "revoke":
                return service.revoke(desk, chain_id)
            case "pause":
                return service.pause(desk, chain_id)
            case "suspend":
                return service.suspend(desk, chain_id, service.Order(reason_class="ORDER"))
            case "close":
                return service.close(desk, chain_id, "DECISION")
            case _:
                return service.exhaust(desk, chain_id)

    return act
