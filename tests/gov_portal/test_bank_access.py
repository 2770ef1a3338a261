"""Keys and machines of banks on the pages: a bank proposes, the centre decides, either stops."""

import json
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

import bank_portal
import gov_portal
from tests.enterprise_portal.builders import text_of
from tests.gov_portal.test_pages import entered
from tests.signing import a_key
from yidaitong.app import create_app
from yidaitong.banks.models import ApiClient, BankKey, ClientState, KeyState
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.keys import generate, public_of
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import hire

OURS, THEIRS = "/bank/api-access", "/gov/bank-access"


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    hire(runtime)
    a_key(runtime, "bank-qilu")
    return create_app(runtime, [bank_portal, gov_portal])


def key_by(rt: Runtime, kid: str) -> BankKey:
    with rt.transaction(SYSTEM) as uow:
        return uow.session.scalars(select(BankKey).where(BankKey.kid == kid)).one()


def client_of(rt: Runtime) -> ApiClient:
    with rt.transaction(SYSTEM) as uow:
        return uow.session.scalars(select(ApiClient)).one()


def propose_key(app: Flask, rt: Runtime) -> tuple[str, UUID]:
    manager = entered(app, "qilu.product")
    jwk = public_of(generate("Ed25519"))
    form = {"use": "msg", "jwk": json.dumps(jwk, indent=1)}
    assert manager.post(f"{OURS}/keys", form).status_code == 303
    return jwk["kid"], key_by(rt, jwk["kid"]).id


class TestKeys:
    @pytest.mark.promise("T2")
    def test_the_bank_proposes_and_a_second_person_pins(self, app: Flask, runtime: Runtime) -> None:
        kid, key_id = propose_key(app, runtime)
        manager, checker = entered(app, "qilu.product"), entered(app, "centre.checker")
        shown = text_of(manager.get(OURS))
        assert kid in shown
        assert "待复核" in shown
        assert "接口报文签名" in shown

        pin = f"{THEIRS}/keys/{key_id}/pin"
        assert entered(app, "centre.officer").post(pin, {}).status_code == 403
        assert checker.post(pin, {}).status_code == 303
        assert key_by(runtime, kid).state is KeyState.ACTIVE

        assert manager.post(f"{OURS}/keys/{key_id}/revocation", {}).status_code == 303
        assert key_by(runtime, kid).state is KeyState.REVOKED
        assert "已吊销" in text_of(checker.get(THEIRS))

    def test_the_centre_may_turn_it_down(self, app: Flask, runtime: Runtime) -> None:
        kid, key_id = propose_key(app, runtime)
        checker = entered(app, "centre.checker")

        assert checker.post(f"{THEIRS}/keys/{key_id}/refusal", {}).status_code == 303
        assert checker.post(f"{THEIRS}/keys/{key_id}/pin", {}).status_code == 409
        assert checker.post(f"{THEIRS}/keys/{key_id}/revocation", {}).status_code == 409
        assert key_by(runtime, kid).state is KeyState.REFUSED

    @pytest.mark.promise("T2")
    def test_on_a_letter_an_officer_proposes(self, app: Flask, runtime: Runtime) -> None:
        jwk = public_of(generate("X25519"))
        form = {"bank_id": "bank-qilu", "use": "enc", "jwk": json.dumps(jwk)}
        officer = entered(app, "centre.officer")

        assert officer.post(f"{THEIRS}/keys", form).status_code == 303
        assert key_by(runtime, jwk["kid"]).state is KeyState.PROPOSED

    @pytest.mark.parametrize("jwk", ["x", "[]", "{}", '{"kty":"OKP","crv":"Ed25519","x":"AA"}'])
    def test_what_is_no_key_is_shown_again_with_what_is_wrong(self, app: Flask, jwk: str) -> None:
        answer = entered(app, "qilu.product").post(f"{OURS}/keys", {"use": "msg", "jwk": jwk})

        assert answer.status_code == 400
        assert "提交密钥" in answer.text

    def test_a_private_key_is_refused_and_not_shown_again_in_words(self, app: Flask) -> None:
        private = json.dumps(generate("Ed25519"))
        answer = entered(app, "qilu.product").post(f"{OURS}/keys", {"use": "msg", "jwk": private})

        assert answer.status_code == 400


class TestMachines:
    @pytest.mark.promise("T2")
    def test_a_machine_from_proposal_to_suspension_and_back(
        self, app: Flask, runtime: Runtime
    ) -> None:
        manager, checker = entered(app, "qilu.product"), entered(app, "centre.checker")
        with runtime.transaction(SYSTEM) as uow:
            kid = uow.session.scalars(select(BankKey.kid)).one()
        form = {"name": "核心系统", "kid": kid, "permissions": ["pull.start", "loan.report"]}
        assert manager.post(f"{OURS}/clients", form).status_code == 303
        client = client_of(runtime)
        assert sorted(client.permissions) == ["loan.report", "pull.start"]
        shown = text_of(checker.get(THEIRS))
        assert "核心系统" in shown
        assert "发起调取" in shown

        ours, theirs = (f"{base}/clients/{client.id}" for base in (OURS, THEIRS))
        officer = entered(app, "centre.officer")
        assert officer.post(f"{theirs}/admission", {}).status_code == 403
        for path, person, state in (
            (f"{theirs}/admission", checker, ClientState.ACTIVE),
            (f"{ours}/suspension", manager, ClientState.SUSPENDED),
            (f"{ours}/resumption", manager, ClientState.PROPOSED),
            (f"{theirs}/admission", checker, ClientState.ACTIVE),
            (f"{theirs}/suspension", checker, ClientState.SUSPENDED),
            (f"{ours}/resumption", manager, ClientState.PROPOSED),
            (f"{theirs}/refusal", checker, ClientState.REFUSED),
        ):
            assert person.post(path, {}).status_code == 303, path
            assert client_of(runtime).state is state
        english = text_of(entered(app, "qilu.product", "en").get(OURS))
        assert "Turned down" in english
        assert "Start pulls" in english

    def test_nothing_ticked_is_no_machine(self, app: Flask, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            kid = uow.session.scalars(select(BankKey.kid)).one()
        form = {"name": "x", "kid": kid}

        answer = entered(app, "qilu.product").post(f"{OURS}/clients", form)

        assert answer.status_code == 400

    def test_not_everybody_looks(self, app: Flask) -> None:
        entered(app, "qilu.maker").get(OURS, 403)
        entered(app, "gov.viewer").get(THEIRS, 403)
        assert "核心" not in entered(app, "gov.operator").get(THEIRS)
