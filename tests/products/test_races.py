"""Decisions at once: one counts, whoever comes first; what was decided on never changes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.products.builders import Team, a_team, content, shown
from tests.products.people import a_banker
from yidaitong.audit.models import AuditEvent
from yidaitong.kernel.actor import SYSTEM, Actor
from yidaitong.kernel.errors import ConflictError, InvalidStateError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import approving, editing
from yidaitong.products.commands import Confirm
from yidaitong.products.errors import ProductTakenError
from yidaitong.products.kinds import Repayment
from yidaitong.products.models import ProductVersion
from yidaitong.runtime import Runtime

CROWD = 5


def at_once(runtime: Runtime, act: Callable[[UnitOfWork], object], actors: list[Actor]) -> int:
    """How many of the acts went through."""

    def run(actor: Actor) -> bool:
        try:
            with runtime.transaction(actor) as uow:
                act(uow)
        except (InvalidStateError, ConflictError):
            return False
        return True

    with ThreadPoolExecutor(CROWD) as pool:
        return sum(pool.map(run, actors))


def acts(runtime: Runtime, action: str, version_id: UUID) -> int:
    query = select(AuditEvent.id).where(
        AuditEvent.action == action, AuditEvent.object_id == str(version_id)
    )
    with runtime.transaction(SYSTEM) as uow:
        return len(uow.session.scalars(query).all())


@pytest.mark.promise("T2")
class TestAtOnce:
    def test_one_check_counts(self, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            version = a_team(uow).until(1)
            confirm: Confirm = shown(version)
        checkers = [a_banker("bank_checker") for _ in range(CROWD)]

        done = at_once(runtime, lambda uow: approving.check(uow, confirm), checkers)

        assert done == 1
        assert acts(runtime, "product.check", version.id) == 1

    def test_one_draft_is_started(self, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            a_team(uow)
        makers = [a_banker("bank_product") for _ in range(CROWD)]

        done = at_once(runtime, lambda uow: editing.draft(uow, content()), makers)

        assert done == 1
        assert issubclass(ProductTakenError, ConflictError)


class TestContent:
    @pytest.fixture
    def team(self, uow: UnitOfWork) -> Team:
        return a_team(uow)

    @pytest.mark.parametrize("steps", [1, 5])
    @pytest.mark.parametrize(
        ("name", "value"),
        [("cap_fen", 1), ("policy", {}), ("repayment", Repayment.AT_ONCE), ("version", 9)],
    )
    def test_it_is_fixed_after_the_draft(
        self, uow: UnitOfWork, team: Team, steps: int, name: str, value: Any
    ) -> None:
        version: ProductVersion = team.until(steps)
        setattr(version, name, value)

        with pytest.raises(InvalidStateError):
            uow.session.flush()
