"""The app with this portal on a database of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

import bank_portal
from tests.bank_portal.builders import Banker, a_banker
from yidaitong.app import create_app
from yidaitong.runtime import Runtime


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    """The application of this test's runtime."""
    made = create_app(runtime, [bank_portal])
    made.testing = True
    return made


@pytest.fixture
def maker(app: Flask, runtime: Runtime) -> Banker:
    """A loan officer."""
    return a_banker(app, runtime, "maker")


@pytest.fixture
def checker(app: Flask, runtime: Runtime) -> Banker:
    """An approver."""
    return a_banker(app, runtime, "checker")


@pytest.fixture
def statements(runtime: Runtime) -> Iterator[list[str]]:
    """Statements the application sends, as they go."""
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(str(arguments[2]))

    event.listen(runtime.engine, "before_cursor_execute", note)
    yield seen
    event.remove(runtime.engine, "before_cursor_execute", note)
