"""A world to act in; everything is rolled back."""

import pytest

from tests.consent.desks import World, a_world
from yidaitong.kernel.uow import UnitOfWork


@pytest.fixture
def world(uow: UnitOfWork) -> World:
    return a_world(uow.session)
