"""One app with two signed-in firms for the tests of this folder."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

import bank_portal
import enterprise_portal
import gov_portal
from tests.conftest import Server, settings_for
from tests.enterprise_portal.builders import Person, a_firm, signed_in, visitor
from tests.web.city import City, a_city
from yidaitong.app import create_app
from yidaitong.kernel.settings import Settings
from yidaitong.runtime import Runtime

PORTALS = [enterprise_portal, bank_portal, gov_portal]


@dataclass
class Site:
    """A running app on its own database."""

    runtime: Runtime
    app: Flask
    login: str

    def visitor(self, language: str = "zh-CN") -> Person:
        """Somebody who is not signed in."""
        return visitor(self.app, language)

    def rep(self, language: str = "zh-CN") -> Person:
        """The representative, freshly signed in."""
        return signed_in(self.app, self.login, language)


@pytest.fixture(scope="module")
def site(
    server: Server, base_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """One database and app for a module: its tests leave nothing that others count."""
    name = server.create(server.template)
    settings = settings_for(base_settings, server, name, tmp_path_factory.mktemp("site"))
    runtime = Runtime(settings)
    login = "13805310000"
    a_firm(runtime, login)
    app = create_app(runtime, PORTALS)
    # Keys are made at their first use, even by a reader of the public keys.
    for path in ("/.well-known/jwks.json", "/ledger/vkey"):
        app.test_client().get(path)
    yield Site(runtime, app, login)
    runtime.close()
    server.drop(name)


@pytest.fixture(scope="module")
def city(
    server: Server, base_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[City]:
    """A whole city for a module: firms with loans at two banks, officials, all signed in."""
    name = server.create(server.template)
    settings = settings_for(base_settings, server, name, tmp_path_factory.mktemp("city"))
    runtime = Runtime(settings, pool_size=10)
    runtime.redis.flushdb()
    with a_city(runtime) as made:
        yield made
    runtime.close()
    server.drop(name)
