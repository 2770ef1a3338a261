"""Every address says who may use it."""

import pytest
from flask import Flask

import bank_portal
import enterprise_portal
import gov_portal
from yidaitong.accounts.roles import OWN_ACCOUNT, ROLES
from yidaitong.app import create_app
from yidaitong.kernel.settings import Settings
from yidaitong.runtime import Runtime
from yidaitong.web.views import PUBLIC

_FLASKS_OWN = {"static"}


@pytest.fixture(scope="module")
def app(base_settings: Settings) -> Flask:
    return create_app(Runtime(base_settings), [enterprise_portal, bank_portal, gov_portal])


class TestRoutes:
    @pytest.mark.promise("T6")
    def test_name_a_permission_that_a_role_grants(self, app: Flask) -> None:
        granted = {permission for role in ROLES.values() for permission in role.permissions}
        known = granted | {OWN_ACCOUNT, PUBLIC}
        unknown = {
            rule.endpoint: permission
            for rule in app.url_map.iter_rules()
            if rule.endpoint not in _FLASKS_OWN
            and (permission := getattr(app.view_functions[rule.endpoint], "__permission__", None))
            not in known
        }

        assert unknown == {}, "no role grants it: the address is dead, or open by mistake"

    def test_change_nothing_by_get(self, app: Flask) -> None:
        mixed = [
            rule.rule
            for rule in app.url_map.iter_rules()
            if {"GET", "POST"} <= (rule.methods or set())
        ]

        assert mixed == [], "one function reads, another one acts"

    def test_no_address_hides_another(self, app: Flask) -> None:
        seen: set[tuple[str, str]] = set()
        twice = []
        for rule in app.url_map.iter_rules():
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                if (method, rule.rule) in seen:
                    twice.append(f"{method} {rule.rule}")
                seen.add((method, rule.rule))

        assert twice == [], "two functions answer one address: the second is never reached"

    def test_belong_to_a_portal_or_the_site(self, app: Flask) -> None:
        known = {"enterprise", "bank", "gov", "api", "static", "ledger", "account", ".well-known"}
        alone = {"", "login", "logout", "language", "health", "ready", "favicon.ico", "metrics"}
        strange = [
            rule.rule
            for rule in app.url_map.iter_rules()
            if rule.rule.split("/")[1] not in known | alone
        ]

        assert strange == []
