"""Callback addresses: four eyes, checked where they lie when proposed and at every call."""

from dataclasses import replace
from uuid import uuid4

import pytest
from flask import Flask

import bank_portal
from tests.authorizations.builders import BANK
from tests.bank_portal.builders import a_banker
from tests.notices.builders import World, call_back
from tests.pulls.builders import revoke
from tests.sandboxes import served
from yidaitong.accounts.roles import permissions_of
from yidaitong.app import create_app
from yidaitong.banks.models import Bank
from yidaitong.kernel.actor import SYSTEM, Actor, AuthLevel, Realm
from yidaitong.kernel.errors import (
    FourEyesError,
    InvalidRequestError,
    InvalidStateError,
    NotFoundError,
)
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices import endpoints
from yidaitong.notices.commands import ProposeEndpoint
from yidaitong.notices.lifecycle import EndpointState
from yidaitong.runtime import Runtime

URL = "https://93.184.215.14/notices"


def somebody(realm: Realm, role: str, org_id: str = "centre") -> Actor:
    return Actor(
        realm=realm,
        org_id=org_id,
        person_id=uuid7(),
        account_id=uuid7(),
        roles=frozenset({role}),
        permissions=permissions_of([role]),
        auth_level=AuthLevel.SESSION,
    )


CHECKER = somebody(Realm.GOV, "centre_checker")
PRODUCT = somebody(Realm.BANK, "bank_product", BANK)


@pytest.fixture
def bank(uow: UnitOfWork) -> str:
    uow.session.add(
        Bank(id=BANK, name_zh="示例", name_en="Example", contact="-", registered_at=uow.now)
    )
    uow.session.flush()
    return BANK


class TestPin:
    def test_a_bank_proposes_the_centre_puts_into_use(self, uow: UnitOfWork, bank: str) -> None:
        made = []
        for _ in range(2):
            command = ProposeEndpoint(bank_id=bank, url=URL)
            made.append(endpoints.propose(uow.acting(PRODUCT), command))
            endpoints.pin(uow.acting(CHECKER), made[-1].id)

        assert [one.state for one in made] == [EndpointState.RETIRED, EndpointState.ACTIVE]
        with pytest.raises(InvalidStateError):
            endpoints.pin(uow.acting(CHECKER), made[1].id)
        endpoints.revoke(uow.acting(PRODUCT), made[1].id)
        assert made[1].state is EndpointState.REVOKED

    def test_one_person_is_not_two(self, uow: UnitOfWork, bank: str) -> None:
        both = replace(CHECKER, permissions=CHECKER.permissions | {"callback.propose"})
        made = endpoints.propose(uow.acting(both), ProposeEndpoint(bank_id=bank, url=URL))

        with pytest.raises(FourEyesError):
            endpoints.pin(uow.acting(both), made.id)
        assert made.state is EndpointState.PROPOSED

    def test_what_is_refused_is_never_used(self, uow: UnitOfWork, bank: str) -> None:
        made = endpoints.propose(uow.acting(PRODUCT), ProposeEndpoint(bank_id=bank, url=URL))
        endpoints.refuse(uow.acting(CHECKER), made.id)

        with pytest.raises(InvalidStateError):
            endpoints.pin(uow.acting(CHECKER), made.id)

    def test_another_banks_is_not_found(self, uow: UnitOfWork, bank: str) -> None:
        other = somebody(Realm.BANK, "bank_product", "bank-other")
        with pytest.raises(NotFoundError):
            endpoints.propose(uow.acting(other), ProposeEndpoint(bank_id=bank, url=URL))
        made = endpoints.propose(uow.acting(PRODUCT), ProposeEndpoint(bank_id=bank, url=URL))
        endpoints.pin(uow.acting(CHECKER), made.id)
        for endpoint_id in (made.id, uuid4()):
            with pytest.raises(NotFoundError):
                endpoints.revoke(uow.acting(other), endpoint_id)
        assert made.state is EndpointState.ACTIVE


@pytest.mark.promise("T12")
class TestChecked:
    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("http://93.184.215.14/n", "NOT_HTTPS"),
            ("https://127.0.0.1/n", "ADDRESS"),
            ("https://localhost/n", "ADDRESS"),
            ("https://10.0.0.8/n", "ADDRESS"),
            ("https://169.254.169.254/latest/meta-data/", "ADDRESS"),
            ("https://0x7f000001/n", "ADDRESS"),
            ("https://2130706433/n", "ADDRESS"),
            ("https://[::1]/n", "ADDRESS"),
            ("https://[::ffff:10.0.0.1]/n", "ADDRESS"),
            ("https://[64:ff9b::7f00:1]/n", "ADDRESS"),
            ("https://user:pw@93.184.215.14/n", "PATTERN"),
            ("https://93.184.215.14\\@10.0.0.1/n", "PATTERN"),
            ("https://93.184.215.14/n#x", "PATTERN"),
            ("https://93.184.215.14:0x50/n", "PATTERN"),
            ("ftp://93.184.215.14/n", "PATTERN"),
            ("file:///etc/passwd", "PATTERN"),
            ("https:///n", "PATTERN"),
            ("https://a b/n", "PATTERN"),
            ("https://exämple.com/n", "PATTERN"),
            ("", "PATTERN"),
        ],
    )
    def test_an_address_inside_or_of_two_readings_is_refused(
        self, uow: UnitOfWork, url: str, why: str
    ) -> None:
        settings = replace(uow.settings, allow_private_addresses=False)
        with pytest.raises(InvalidRequestError) as refused:
            endpoints.checked(settings, BANK, url)
        assert refused.value.fields == {"url": why}

    def test_one_in_the_open_internet_is_taken(self, uow: UnitOfWork) -> None:
        settings = replace(uow.settings, allow_private_addresses=False)
        assert endpoints.checked(settings, BANK, URL) == ProposeEndpoint(bank_id=BANK, url=URL)

    def test_it_is_checked_again_at_every_call(self, world: World) -> None:
        """An address that moved inside after it was put into use is not called."""
        asked: list[str] = []

        def seen(name: str) -> str:
            asked.append(name)
            return ""

        app = Flask("inner")
        app.add_url_rule("/n", "n", lambda: seen("n"), methods=["POST"])
        with served(app) as url:
            call_back(world, f"{url}/n")
            world.runtime.settings = replace(world.runtime.settings, allow_private_addresses=False)
            revoke(world.runtime, world.case)
            world.carry()
        assert asked == []
        assert world.notice(world.bank_id).problem == "ADDRESS"

    def test_a_redirect_inside_is_not_followed(self, world: World) -> None:
        asked: list[str] = []

        def seen(name: str) -> str:
            asked.append(name)
            return ""

        app = Flask("bank")
        app.add_url_rule("/n", "n", lambda: ("", 307, {"Location": "/inner"}), methods=["POST"])
        app.add_url_rule("/inner", "inner", lambda: seen("inner"), methods=["POST"])
        with served(app) as url:
            call_back(world, f"{url}/n")
            revoke(world.runtime, world.case)
            world.carry()
        assert asked == []
        assert world.notice(world.bank_id).problem == "HTTP_307"


class TestPages:
    def test_a_bank_proposes_on_its_page(self, runtime: Runtime) -> None:
        runtime.settings = replace(runtime.settings, allow_private_addresses=False)
        with runtime.transaction(SYSTEM) as uow:
            uow.session.add(
                Bank(id=BANK, name_zh="示例", name_en="-", contact="-", registered_at=uow.now)
            )
        banker = a_banker(create_app(runtime, [bank_portal]), runtime, "product")

        refused = banker.post("/bank/notices/address", url="https://127.0.0.1/n")
        assert refused.status_code == 400
        assert "不在公网" in refused.text
        assert banker.post("/bank/notices/address", url=URL).status_code == 303
        assert URL in banker.get("/bank/notices")
        api = banker.api("POST", "/callback-address", {"url": URL})
        assert (api.status_code, api.get_json()["state"]) == (201, "PROPOSED")
