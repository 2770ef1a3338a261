"""A client of the app without a browser: forms with their tokens, JSON, firms with accounts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.enterprises.test_registration import FIRM
from tests.enterprises.test_registry import a_record
from tests.signing import signed
from yidaitong.accounts import registering
from yidaitong.accounts.commands import NewAccount
from yidaitong.accounts.models import OrgKind
from yidaitong.departments import catalogue
from yidaitong.enterprises import registration
from yidaitong.enterprises.commands import BeginRegistration
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.queries import enterprise_of
from yidaitong.kernel.actor import PUBLIC, SYSTEM
from yidaitong.runtime import Runtime
from yidaitong.sandbox.story.signing import Signer

PASSWORD = "correct horse battery"
REP_ID = "370199197403150015"
AGENT_ID = "370199198001010014"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Person:
    """Somebody with a browser and, once signed in by API, a bearer token.

    Of a bank, with the key their calls are signed by.
    """

    client: FlaskClient
    login: str = ""
    token: str = ""
    enterprise_id: UUID | None = None
    headers: dict[str, str] = field(default_factory=dict)
    signer: Signer | None = None

    def signed(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> dict[str, str]:
        """The headers as this person's own system sends them."""
        if self.signer is None:
            return dict(headers)
        return signed(self.signer, method, path, body, headers)

    def get(self, path: str, status: int = 200) -> str:
        """The text of one page."""
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, text_of(answer.text))
        return answer.text

    def post(self, path: str, form: Mapping[str, Any], page: str | None = None) -> TestResponse:
        """Send a form with the token of ``page`` (default: of the sign-in or account page)."""
        shown = self.client.get(page or ("/account" if self.login else "/login")).text
        found = _TOKEN.search(shown)
        assert found is not None, page
        return self.client.post(path, data={"csrf_token": unescape(found[1]), **form})

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Call the API with this person's bearer token."""
        given = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.client.open(
            f"/api/enterprise/v1{path}",
            method=method,
            json=body,
            headers={**given, **self.headers, **headers},
        )

    def step_up(self, digest: str) -> str:
        """A single-use proof bound to ``digest``."""
        answer = self.client.post(
            "/api/session/v1/step-ups",
            json={"password": PASSWORD, "digest": digest},
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["token"])


def visitor(app: Flask, language: str = "zh-CN") -> Person:
    """Somebody who is not signed in."""
    client = app.test_client()
    client.set_cookie("ydt_language", language)
    return Person(client, headers={"Accept-Language": language})


def signed_in(app: Flask, login: str, language: str = "zh-CN") -> Person:
    """Somebody signed in on pages and by API."""
    person = visitor(app, language)
    answer = person.post("/login", {"login": login, "password": PASSWORD})
    assert answer.status_code == 303, text_of(answer.text)
    person.login = login
    opened = person.client.post(
        "/api/session/v1/sessions", json={"login": login, "password": PASSWORD}
    )
    person.token = opened.get_json()["token"]
    return person


def a_firm(rt: Runtime, login: str = "13805310000", uscc: str = FIRM, **changes: Any) -> UUID:
    """A registered enterprise whose representative signs in by ``login``."""
    with rt.transaction(SYSTEM) as uow:
        catalogue.seed(uow)
    record = a_record(**changes)
    with rt.transaction(PUBLIC) as uow:
        command = BeginRegistration(uscc=uscc, name=record.name)
        _, ticket = registration.begin(uow, command)
    with rt.transaction(PUBLIC) as uow:
        registration.record_registry(uow, ticket, record)
    with rt.transaction(SYSTEM) as uow:
        enterprise = enterprise_of(uow, ticket.enterprise_id)
        account = registering.create(
            uow, _account(str(enterprise.id), record.name, login, ("ent_rep",), REP_ID)
        )
        enterprise.state = EnterpriseState.ACTIVE
        enterprise.registered_at = uow.now
        enterprise.rep_person_id = account.person_id
        enterprise.resume_sha256 = None
    return ticket.enterprise_id


def an_agent(rt: Runtime, enterprise_id: UUID, login: str = "agent.one") -> str:
    """A colleague who may prepare but not sign; the login name."""
    with rt.transaction(SYSTEM) as uow:
        registering.create(uow, _account(str(enterprise_id), "", login, ("ent_agent",), AGENT_ID))
    return login


def _account(
    org_id: str, org_name: str, login: str, roles: tuple[str, ...], id_number: str
) -> NewAccount:
    return NewAccount(
        org_id=org_id,
        org_kind=OrgKind.ENTERPRISE,
        org_name=org_name or org_id,
        name="王建国",
        id_number=id_number,
        login=login,
        password=PASSWORD,
        roles=roles,
    )


def text_of(page: str) -> str:
    """The words of a page without its tags."""
    body = re.sub(r"(?s)<(script|style|head)\b.*?</\1>", " ", page)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()
