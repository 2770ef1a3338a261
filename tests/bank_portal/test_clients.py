"""Machines of banks over HTTP: a token for a signed assertion, calls signed by the same key."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.bank_portal.builders import Banker
from tests.lending.builders import evaluated, submitted
from tests.signing import ORIGIN, a_key, as_bytes, open_signed
from yidaitong.accounts.models import UserSession
from yidaitong.audit.models import AuditEvent
from yidaitong.banks import clients, keys
from yidaitong.banks.models import ApiClient, BankKey, ClientState
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto.keys import PrivateKey, generate
from yidaitong.pulls.models import Pull
from yidaitong.runtime import Runtime
from yidaitong.sandbox.story.signing import Signer

pytestmark = pytest.mark.promise("T11", "T23")
PATH: Final = "/api/oauth/token"
ENDPOINT: Final = f"{ORIGIN}{PATH}"
BANK: Final = "bank-qilu"
MAY: Final = ["application.read", "loan.read", "pull.read", "pull.start"]


@dataclass
class Machine:
    """An admitted client, its key and a plain HTTP client."""

    runtime: Runtime
    http: FlaskClient
    signer: Signer
    id: UUID

    def assertion(self, alg: str = "EdDSA", **changes: Any) -> str:
        """Made by the library a bank would use."""
        given = {"expires_in": 300, "header": {"typ": "JWT", "kid": self.signer.kid}} | changes
        client_id = given.pop("client_id", str(self.id))
        audience = given.pop("audience", ENDPOINT)
        key = given.pop("key", _bare(self.signer.jwk))
        made = private_key_jwt_sign(key, client_id, audience, alg=alg, **given)
        return made.decode() if isinstance(made, bytes) else str(made)

    def ask(self, assertion: str, **more: str) -> TestResponse:
        """Ask for a token."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
            **more,
        }
        return self.http.post(PATH, data=form)

    def token(self, **more: str) -> str:
        """A token."""
        answer = self.ask(self.assertion(), **more)
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["access_token"])

    def call(self, token: str, method: str, path: str, body: Any = None) -> TestResponse:
        """Call the API as the machine does."""
        return Banker(self.http, token, self.signer).api(
            method, path, body, {"Idempotency-Key": "k1"} if method == "POST" else None
        )


def _bare(jwk: Mapping[str, Any]) -> dict[str, Any]:
    return {name: jwk[name] for name in ("kty", "crv", "x", "d")}


def _raw(header: Mapping[str, Any], claims: Mapping[str, Any], proof: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), proof]
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts)


@pytest.fixture
def machine(app: Flask, runtime: Runtime) -> Machine:
    """A machine that may read and start pulls."""
    signer = a_key(runtime, BANK)
    with runtime.transaction(SYSTEM) as uow:
        client = ApiClient(
            bank_id=BANK,
            name="核心系统",
            permissions=MAY,
            kid=signer.kid,
            state=ClientState.ACTIVE,
            maker_person_id=None,
            proposed_at=uow.now,
        )
        uow.session.add(client)
    return Machine(runtime, app.test_client(), signer, client.id)


def told(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, str(answer.get_json()["code"])


def tokens(rt: Runtime) -> int:
    with rt.transaction(SYSTEM) as uow:
        query = select(UserSession.id).where(UserSession.client_id.is_not(None))
        return len(uow.session.scalars(query).all())


class TestToken:
    def test_a_foreign_library_gets_one_and_calls_with_it(self, machine: Machine) -> None:
        answer = machine.ask(machine.assertion())
        given = answer.get_json()

        assert answer.status_code == 200, answer.text
        assert (given["token_type"], given["expires_in"]) == ("Bearer", 600)
        assert given["scope"] == " ".join(MAY)
        assert answer.headers["Cache-Control"] == "no-store"
        assert machine.call(given["access_token"], "GET", "/applications").status_code == 200

    def test_es256_as_well(self, machine: Machine, runtime: Runtime) -> None:
        signer = a_key(runtime, BANK, curve="P-256")
        with runtime.transaction(SYSTEM) as uow:
            uow.session.execute(update(ApiClient).values(kid=signer.kid))
        jwk = {name: signer.jwk[name] for name in ("kty", "crv", "x", "y", "d")}
        header = {"typ": "JWT", "kid": signer.kid}
        other = replace(machine, signer=signer)

        answer = other.ask(other.assertion("ES256", key=jwk, header=header))

        token = answer.get_json()["access_token"]
        assert other.call(token, "GET", "/applications").status_code == 200

    def test_only_its_hash_is_kept_with_the_key_it_is_bound_to(self, machine: Machine) -> None:
        token = machine.token()

        with machine.runtime.transaction(SYSTEM) as uow:
            row = uow.session.scalars(
                select(UserSession).where(UserSession.client_id == machine.id)
            ).one()
            assert (row.account_id, row.msg_kid) == (None, machine.signer.kid)
            assert token.encode() not in row.token_sha256
            assert row.ends_at - row.started_at == timedelta(minutes=10)

    def test_it_ends_after_ten_minutes(self, machine: Machine) -> None:
        token = machine.token()
        with machine.runtime.transaction(SYSTEM) as uow:
            uow.session.execute(
                update(UserSession)
                .where(UserSession.client_id == machine.id)
                .values(ends_at=uow.now - timedelta(seconds=1))
            )

        assert told(machine.call(token, "GET", "/applications")) == (401, "Unauthorised")

    def test_a_scope_is_a_part_of_what_it_may(self, machine: Machine) -> None:
        token = machine.token(scope="loan.read")
        assert machine.call(token, "GET", "/loans").status_code == 200
        assert told(machine.call(token, "GET", "/applications")) == (403, "Forbidden")

        more = machine.ask(machine.assertion(), scope="loan.read notice.read")
        assert told(more) == (400, "InvalidRequest")
        assert more.get_json()["error"] == "invalid_scope"

    def test_it_starts_a_pull_with_no_person_behind_it(self, machine: Machine) -> None:
        with machine.runtime.transaction(SYSTEM) as uow:
            case = submitted(uow)
        wanted = {"chain_id": str(case.chains[0])}

        answer = machine.call(machine.token(), "POST", "/pulls", wanted)

        assert answer.status_code == 202, answer.text
        with machine.runtime.transaction(SYSTEM) as uow:
            assert len(uow.session.scalars(select(Pull)).all()) == 1
            rows = uow.session.scalars(select(AuditEvent).where(AuditEvent.org_id == BANK)).all()
            acts = [row for row in rows if row.ids.get("client_id") == str(machine.id)]
            assert acts
            assert {row.person_id for row in acts} == {None}


def _claims(machine: Machine, **changes: Any) -> dict[str, Any]:
    now = int(wall().timestamp())
    claims = {
        "iss": str(machine.id),
        "sub": str(machine.id),
        "aud": ENDPOINT,
        "exp": now + 60,
        "jti": "j" * 20,
    }
    return {name: one for name, one in {**claims, **changes}.items() if one is not None}


class TestAttacks:
    def test_an_assertion_is_taken_once_also_by_an_emptied_queue(self, machine: Machine) -> None:
        assertion = machine.assertion()
        assert machine.ask(assertion).status_code == 200
        machine.runtime.redis.flushdb()

        assert told(machine.ask(assertion)) == (401, "ReplayDetected")
        assert tokens(machine.runtime) == 1

    def test_what_is_not_valid_here_and_now_gets_nothing(self, machine: Machine) -> None:
        now = int(wall().timestamp())
        stranger = _bare(generate("Ed25519"))
        refused = {
            "wrong audience": machine.assertion(audience="https://elsewhere.example/token"),
            "our origin only": machine.assertion(audience=ORIGIN),
            "two audiences": machine.assertion(audience=[ENDPOINT, "https://elsewhere.example"]),
            "expired": machine.assertion(issued_at=now - 600, expires_at=now - 1),
            "valid for an hour": machine.assertion(expires_in=3600),
            "issued tomorrow": machine.assertion(issued_at=now + 86_400, expires_at=now + 200),
            "another key": machine.assertion(key=stranger),
            "nobody's client": machine.assertion(client_id=str(uuid4())),
            "no client": machine.assertion(client_id="core"),
            "no kid": machine.assertion(header={"typ": "JWT"}),
            "another type": machine.assertion(header={"typ": "at+jwt", "kid": machine.signer.kid}),
            "a short jti": machine.assertion(claims={"jti": "x"}),
            "a strange claim": machine.assertion(claims={"role": "admin"}),
            "no text": "x.y.z",
            "nothing": ".",
            "too long": "x" * 5000,
        }
        for name, assertion in refused.items():
            answer = machine.ask(assertion)
            assert told(answer) == (401, "InvalidClient"), name
            assert answer.get_json()["error"] == "invalid_client"
        assert tokens(machine.runtime) == 0

    def test_the_algorithm_is_the_keys_whatever_the_header_says(self, machine: Machine) -> None:
        kid = machine.signer.kid
        good = machine.assertion()
        _, body, proof = good.split(".")
        for alg in ("none", "None", "HS256", "ES256", "RS256", "EdDSA2", ""):
            head = {"alg": alg, "typ": "JWT", "kid": kid}
            for text in (
                _raw(head, _claims(machine)),
                f"{_raw(head, {}).split('.')[0]}.{body}.{proof}",
            ):
                assert told(machine.ask(text)) == (401, "InvalidClient"), alg
        secret = {"kty": "oct", "k": machine.signer.jwk["x"]}
        mac = machine.assertion("HS256", key=secret)
        assert told(machine.ask(mac)) == (401, "InvalidClient")
        for member in ("jku", "jwk", "x5u", "crit"):
            head = {"alg": "EdDSA", "typ": "JWT", "kid": kid, member: "x"}
            assert told(machine.ask(_raw(head, _claims(machine), bytes(64)))) == (
                401,
                "InvalidClient",
            ), member
        assert tokens(machine.runtime) == 0

    @pytest.mark.parametrize("missing", ["iss", "sub", "aud", "exp", "jti"])
    def test_each_claim_is_needed(self, machine: Machine, missing: str) -> None:
        head = {"alg": "EdDSA", "typ": "JWT", "kid": machine.signer.kid}
        text = _raw(head, _claims(machine, **{missing: None}))
        head_and_body = text.rsplit(".", 1)[0]
        key = machine_key(machine)
        proof = base64.urlsafe_b64encode(key.sign(head_and_body.encode())).rstrip(b"=").decode()

        assert told(machine.ask(f"{head_and_body}.{proof}")) == (401, "InvalidClient")

    def test_another_grant_is_malformed(self, machine: Machine) -> None:
        for name in ("grant_type", "client_assertion_type"):
            answer = machine.ask(machine.assertion(), **{name: "password"})
            assert told(answer) == (400, "InvalidRequest")

    def test_a_client_id_beside_it_must_be_the_same(self, machine: Machine) -> None:
        assert machine.ask(machine.assertion(), client_id=str(machine.id)).status_code == 200
        answer = machine.ask(machine.assertion(), client_id=str(uuid4()))
        assert told(answer) == (401, "InvalidClient")


def machine_key(machine: Machine) -> Any:
    """The private key as the cryptography library has it."""
    return PrivateKey.read(machine.signer.jwk).key.raw_value


class TestBound:
    def test_only_the_machines_key_signs_with_its_token(self, machine: Machine) -> None:
        token = machine.token()
        other = a_key(machine.runtime, BANK)

        answer = Banker(machine.http, token, other).api("GET", "/applications")
        assert told(answer) == (401, "SignatureInvalid")
        path, head = "/api/bank/v1/applications", {"Authorization": f"Bearer {token}"}
        assert told(machine.http.get(path, headers=head)) == (401, "SignatureInvalid")

    def test_suspended_it_is_out_at_once(self, machine: Machine) -> None:
        token = machine.token()
        with machine.runtime.transaction(SYSTEM) as uow:
            clients.suspend(uow, machine.id)

        assert told(machine.call(token, "GET", "/applications")) == (401, "Unauthorised")
        assert told(machine.ask(machine.assertion())) == (401, "InvalidClient")

    def test_a_revoked_key_stops_it_at_once(self, machine: Machine) -> None:
        token = machine.token()
        with machine.runtime.transaction(SYSTEM) as uow:
            key = select(BankKey.id).where(BankKey.kid == machine.signer.kid)
            keys.revoke(uow, uow.session.scalars(key).one())

        assert told(machine.call(token, "GET", "/applications")) == (401, "SignatureInvalid")
        assert told(machine.ask(machine.assertion())) == (401, "InvalidClient")

    @pytest.mark.promise("T2")
    def test_what_a_person_answers_for_it_may_not(self, machine: Machine) -> None:
        with machine.runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow)
        token, path = machine.token(), f"/applications/{case.id}"

        for act in ("acceptance", "recommendation", "decision", "offer"):
            answer = machine.call(token, "POST", f"{path}/{act}", {})
            assert told(answer) == (403, "PersonRequired"), act
        steps = open_signed(
            machine.http,
            machine.signer,
            "POST",
            "/api/session/v1/step-ups",
            as_bytes({"password": "x", "digest": "A"}),
            {"Authorization": f"Bearer {token}"},
        )
        assert told(steps) == (403, "PersonRequired")
