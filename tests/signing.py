"""Keys of banks that sign calls, and calls signed by a public library that is not ours."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask.testing import FlaskClient
from sqlalchemy.dialects.postgresql import insert
from werkzeug.test import TestResponse

from yidaitong.banks.models import Bank, BankKey, KeyPurpose, KeyState
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.keys import generate, public_of
from yidaitong.runtime import Runtime
from yidaitong.sandbox.story.signing import Call, Signer

ORIGIN: Final = "http://127.0.0.1:8000"


def a_key(
    rt: Runtime, bank_id: str, use: KeyPurpose = KeyPurpose.MSG, curve: str = "Ed25519"
) -> Signer:
    """A pinned key of a bank that signs."""
    jwk = generate(curve, use="sig")
    with rt.transaction(SYSTEM) as uow:
        bank = {"id": bank_id, "name_zh": "示例银行", "name_en": "Example", "contact": "0531-1"}
        uow.session.execute(
            insert(Bank).values(registered_at=uow.now, **bank).on_conflict_do_nothing()
        )
        uow.session.add(
            BankKey(
                bank_id=bank_id,
                kid=jwk["kid"],
                use=use,
                jwk=public_of(jwk),
                state=KeyState.ACTIVE,
                maker_person_id=None,
                proposed_at=uow.now,
                from_at=uow.now,
            )
        )
    return Signer(jwk, ORIGIN)


def signed(
    signer: Signer,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    created: datetime | None = None,
    nonce: str | None = None,
    covered: tuple[str, ...] | None = None,
) -> dict[str, str]:
    """The headers of one signed call."""
    call = Call(method, f"{signer.origin}{path}", dict(headers or {}))
    signer.sign(call, body, covered=covered, created=created, nonce=nonce)
    return call.headers


def as_bytes(body: Any) -> bytes:
    """A JSON body as it goes over the wire; None is no body."""
    return b"" if body is None else json.dumps(body, ensure_ascii=False).encode()


def open_signed(
    client: FlaskClient,
    signer: Signer,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> TestResponse:
    """Send one signed call; a body is JSON."""
    made = signed(signer, method, path, body, headers)
    kind = "application/json" if body else None
    return client.open(
        path, method=method, data=body or None, headers=made, content_type=kind, buffered=True
    )


def token_for(client: FlaskClient, signer: Signer, login: str, password: str) -> str:
    """Sign somebody of a bank in by API."""
    body = as_bytes({"login": login, "password": password})
    answer = open_signed(client, signer, "POST", "/api/session/v1/sessions", body)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["token"])
