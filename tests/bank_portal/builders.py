"""A bank's people with a browser, a token and a key, and cases for them to work on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import unescape
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.authorizations.builders import BANK
from tests.signing import a_key, as_bytes, open_signed, token_for
from yidaitong.accounts import registering
from yidaitong.accounts.commands import NewAccount
from yidaitong.accounts.models import OrgKind
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime
from yidaitong.sandbox.story.signing import Signer

PASSWORD = "correct horse battery"
PEOPLE = {
    "maker": ("bank_maker", "370199197403150015"),
    "checker": ("bank_checker", "370199198001010014"),
    "product": ("bank_product", "37019919850505001X"),
}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_TAGS = re.compile(r"<[^>]+>")


@dataclass
class Banker:
    """Somebody of a bank, signed in on pages and by API."""

    client: FlaskClient
    token: str
    signer: Signer

    def get(self, path: str, status: int = 200) -> str:
        """The text of one page."""
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, words(answer.text)[:2000])
        return answer.text

    def post(self, path: str, **form: Any) -> TestResponse:
        """Send a form."""
        found = _TOKEN.search(self.client.get("/account").text)
        assert found is not None
        return self.client.post(path, data={"csrf_token": unescape(found[1]), **form})

    def api(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Call the API as the bank's own system does: signed."""
        return open_signed(
            self.client,
            self.signer,
            method,
            f"/api/bank/v1{path}",
            as_bytes(body),
            {"Authorization": f"Bearer {self.token}", **(headers or {})},
        )


def words(page: str) -> str:
    """The text of a page without tags."""
    return " ".join(_TAGS.sub(" ", page).split())


def a_banker(
    app: Flask, rt: Runtime, name: str, bank_id: str = BANK, language: str = "zh-CN"
) -> Banker:
    """Open the account of ``name`` (maker, checker, product) at a bank and sign in."""
    role, id_number = PEOPLE[name]
    login = f"{name}.{bank_id}"
    with rt.transaction(SYSTEM) as uow:
        registering.create(
            uow,
            NewAccount(
                org_id=bank_id,
                org_kind=OrgKind.BANK,
                org_name="齐鲁示例银行",
                name="测试",
                id_number=id_number,
                login=login,
                password=PASSWORD,
                roles=(role,),
            ),
        )
    client = app.test_client()
    client.set_cookie("ydt_language", language)
    shown = _TOKEN.search(client.get("/login").text)
    assert shown is not None
    form = {"csrf_token": unescape(shown[1]), "login": login, "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 303
    signer = a_key(rt, bank_id)
    return Banker(client, token_for(client, signer, login, PASSWORD), signer)


def colleague(banker: Banker) -> Banker:
    """The same token with no cookies."""
    return replace(banker)


def path(application_id: UUID, *more: str) -> str:
    """An address below a case."""
    return "/".join(["/bank/applications", str(application_id), *more])
