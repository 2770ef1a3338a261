"""Signed calls of banks: each part altered, keys of others, signing in."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from flask import Flask
from sqlalchemy import select

from tests.bank_portal.builders import PASSWORD, Banker, a_banker
from tests.bank_portal.calls import LIST, PULLS, bearer, get, nonces, told
from tests.enterprise_portal.builders import a_firm
from tests.lending.builders import submitted
from tests.signing import ORIGIN, a_key, as_bytes, open_signed, signed, token_for
from tests.web.calling import contents
from yidaitong.banks import keys
from yidaitong.banks.models import BankKey, KeyPurpose
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.keys import generate
from yidaitong.runtime import Runtime
from yidaitong.sandbox.story.signing import Signer

pytestmark = pytest.mark.promise("T11")
OTHER_BANK: Final = "bank-quancheng"


def revoke(rt: Runtime, signer: Signer) -> None:
    with rt.transaction(SYSTEM) as uow:
        key = uow.session.scalars(select(BankKey).where(BankKey.kid == signer.kid)).one()
        keys.revoke(uow, key.id)


Change = Callable[[dict[str, str], "Altered"], None]


class Altered:
    """A good pull, and what of it is changed after it was signed."""

    def __init__(self, body: bytes, other: Banker, key: Signer) -> None:
        self.method, self.path, self.body = "POST", f"{PULLS}?page=1", body
        self.other, self.key = other, key


def _header(name: str, value: str) -> Change:
    return lambda headers, _: headers.update({name: value})


def _input(old: str, new: str) -> Change:
    def change(headers: dict[str, str], _: Altered) -> None:
        assert old in headers["Signature-Input"]
        headers["Signature-Input"] = headers["Signature-Input"].replace(old, new)

    return change


def _set(name: str, value: Any) -> Change:
    return lambda _, message: setattr(message, name, value)


def _other_token(headers: dict[str, str], message: Altered) -> None:
    headers["Authorization"] = f"Bearer {message.other.token}"


def _other_key(headers: dict[str, str], message: Altered) -> None:
    was = message.other.signer.kid
    headers["Signature-Input"] = headers["Signature-Input"].replace(was, message.key.kid)


def _other_body(headers: dict[str, str], message: Altered) -> None:
    """Another body, with the digest it really has."""
    other = signed(message.other.signer, "POST", message.path, b"{}", headers)
    message.body = b"{}"
    headers["Content-Digest"] = other["Content-Digest"]


ALTERED: Final[dict[str, Change]] = {
    "method": _set("method", "PUT"),
    "path": _set("path", "/api/bank/v1/loan-events?page=1"),
    "path spelt otherwise": _set("path", "/api/bank/v1/pull%73?page=1"),
    "query": _set("path", f"{PULLS}?page=2"),
    "no query": _set("path", PULLS),
    "body": _set("body", b"{}"),
    "no body": _set("body", b""),
    "body and digest": _other_body,
    "digest": _header("Content-Digest", "sha-256=:" + "A" * 43 + "=:"),
    "token": _header("Authorization", "Bearer x"),
    "token of a colleague": _other_token,
    "idempotency key": _header("Idempotency-Key", "k2"),
    "nonce": _input('nonce="', 'nonce="x'),
    "created": _input("created=1", "created=2"),
    "key": _other_key,
    "unknown key": _input('keyid="', 'keyid="x'),
    "tag": _input("ydt-bank", "ydt-bonk"),
    "covered parts": _input('"@method" ', ""),
    "another order": _input('"@method" "@target-uri"', '"@target-uri" "@method"'),
    "signature": _header("Signature", "ydt=:" + "A" * 86 + "==:"),
    "no signature": _header("Signature", ""),
    "no signature input": _header("Signature-Input", ""),
}


class TestAltered:
    def test_each_part_is_bound_and_nothing_changes(
        self, app: Flask, runtime: Runtime, maker: Banker
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = submitted(uow)
        body = as_bytes({"chain_id": str(case.chains[0])})
        checker = a_banker(app, runtime, "checker")
        colleague = replace(checker, signer=maker.signer)
        colleague.token = token_for(
            checker.client, maker.signer, "checker.bank-qilu", PASSWORD
        )  # Bound to the same key.
        second = a_key(runtime, "bank-qilu")
        before, spent = contents(runtime), nonces(runtime)

        for name, change in ALTERED.items():
            message = Altered(body, colleague, second)
            head = bearer(maker, **{"Idempotency-Key": "k1"})
            made = signed(maker.signer, message.method, message.path, body, head)
            change(made, message)
            answer = maker.client.open(
                message.path,
                method=message.method,
                data=message.body,
                headers=made,
                content_type="application/json",
            )
            assert told(answer) == (401, "SignatureInvalid"), name

        assert contents(runtime) == before
        assert nonces(runtime) == spent
        assert maker.api("POST", "/pulls", {"chain_id": str(case.chains[0])}).status_code == 400

    def test_what_is_sent_must_be_covered(self, runtime: Runtime, maker: Banker) -> None:
        body = as_bytes({})
        head = bearer(maker, **{"Idempotency-Key": "k1"})
        parts = ("@method", "@target-uri", "authorization", "content-digest", "idempotency-key")
        spent = nonces(runtime)

        for missing in parts:
            covered = tuple(one for one in parts if one != missing)
            made = signed(maker.signer, "POST", PULLS, body, head, covered=covered)
            answer = maker.client.post(
                PULLS, data=body, headers=made, content_type="application/json"
            )
            assert told(answer) == (401, "SignatureInvalid"), missing
        bare = signed(maker.signer, "POST", PULLS, headers=bearer(maker))
        answer = maker.client.post(PULLS, data=body, headers=bare, content_type="application/json")
        assert told(answer) == (401, "SignatureInvalid")
        assert nonces(runtime) == spent

    def test_two_signatures_are_refused(self, maker: Banker) -> None:
        one, two = (signed(maker.signer, "GET", LIST, headers=bearer(maker)) for _ in range(2))
        for name in ("Signature", "Signature-Input"):
            one[name] = f"{one[name]}, b{two[name]}"

        assert told(get(maker, one)) == (401, "SignatureInvalid")

    def test_the_host_header_is_nobodys_word(self, maker: Banker) -> None:
        head = bearer(maker)
        ours = signed(maker.signer, "GET", LIST, headers=head)
        ours["Host"] = "localhost:9999"
        theirs = signed(
            Signer(maker.signer.jwk, "http://localhost:9999"), "GET", LIST, headers=head
        )
        theirs["Host"] = "localhost:9999"

        assert get(maker, ours).status_code == 200
        assert told(get(maker, theirs)) == (401, "SignatureInvalid")
        assert maker.signer.origin == ORIGIN

    def test_escapes_in_an_address_are_signed_as_they_are_written(self, maker: Banker) -> None:
        path = "/api/bank/v1/applications?state=SUBMITTE%44"
        made = signed(maker.signer, "GET", path, headers=bearer(maker))

        assert get(maker, made, path).status_code == 200

    @pytest.mark.parametrize("name", ["Signature-Input", "Signature", "Authorization"])
    def test_long_headers_are_not_looked_at(self, maker: Banker, name: str) -> None:
        made = signed(maker.signer, "GET", LIST, headers=bearer(maker))
        made[name] = made[name] + "x" * 5000

        assert told(get(maker, made)) == (401, "SignatureInvalid")


@pytest.fixture
def others(app: Flask, runtime: Runtime) -> dict[str, Signer]:
    """Keys that are no key of the maker's token."""
    stranger = a_banker(app, runtime, "checker", OTHER_BANK)
    revoked = a_key(runtime, "bank-qilu")
    revoke(runtime, revoked)
    return {
        "unknown": Signer(generate("Ed25519"), ORIGIN),
        "revoked": revoked,
        "another bank's": stranger.signer,
        "another of the same bank": a_key(runtime, "bank-qilu"),
        "for receipts": a_key(runtime, "bank-qilu", KeyPurpose.ACK),
    }


class TestKeys:
    def test_only_the_tokens_own_key_signs(self, maker: Banker, others: dict[str, Signer]) -> None:
        for name, signer in others.items():
            made = signed(signer, "GET", LIST, headers=bearer(maker))
            assert told(get(maker, made)) == (401, "SignatureInvalid"), name

        assert maker.api("GET", "/applications").status_code == 200

    def test_a_revoked_key_stops_its_tokens_at_once(self, runtime: Runtime, maker: Banker) -> None:
        assert maker.api("GET", "/applications").status_code == 200
        revoke(runtime, maker.signer)

        assert told(maker.api("GET", "/applications")) == (401, "SignatureInvalid")

    def test_es256_signs_as_well(self, runtime: Runtime, maker: Banker) -> None:
        signer = a_key(runtime, "bank-qilu", curve="P-256")
        token = token_for(maker.client, signer, "maker.bank-qilu", PASSWORD)

        answer = Banker(maker.client, token, signer).api("GET", "/applications")
        assert answer.status_code == 200

    def test_a_token_nobody_has_is_told_apart(self, maker: Banker) -> None:
        answer = replace(maker, token="nobodys").api("GET", "/applications")

        assert told(answer) == (401, "Unauthorised")


class TestSignIn:
    BODY: Final = as_bytes({"login": "maker.bank-qilu", "password": PASSWORD})
    PATH: Final = "/api/session/v1/sessions"

    def test_by_api_is_a_signed_message_for_a_banks_person(
        self, maker: Banker, others: dict[str, Signer]
    ) -> None:
        unsigned = maker.client.post(self.PATH, data=self.BODY, content_type="application/json")
        assert told(unsigned) == (401, "SignatureInvalid")
        for name in ("unknown", "revoked", "another bank's", "for receipts"):
            answer = open_signed(maker.client, others[name], "POST", self.PATH, self.BODY)
            assert told(answer) == (401, "SignatureInvalid"), name

    def test_a_wrong_password_is_told_as_such(self, maker: Banker) -> None:
        wrong = as_bytes({"login": "maker.bank-qilu", "password": "wrong wrong wrong"})
        for answer in (
            maker.client.post(self.PATH, data=wrong, content_type="application/json"),
            open_signed(maker.client, maker.signer, "POST", self.PATH, wrong),
        ):
            assert told(answer) == (401, "Unauthorised")

    def test_a_bank_signs_nobody_else_in(self, runtime: Runtime, maker: Banker) -> None:
        a_firm(runtime, "13805310000")
        body = as_bytes({"login": "13805310000", "password": PASSWORD})

        answer = open_signed(maker.client, maker.signer, "POST", self.PATH, body)
        own = maker.client.post(self.PATH, data=body, content_type="application/json")

        assert told(answer) == (401, "SignatureInvalid")
        assert own.status_code == 201

    def test_a_copy_of_a_sign_in_opens_nothing(self, maker: Banker) -> None:
        made = signed(maker.signer, "POST", self.PATH, self.BODY)
        first, again = (
            maker.client.post(
                self.PATH, data=self.BODY, headers=made, content_type="application/json"
            )
            for _ in range(2)
        )

        assert first.status_code == 201
        assert told(again) == (401, "ReplayDetected")

    def test_its_token_is_worth_nothing_unsigned_elsewhere(self, maker: Banker) -> None:
        path = "/api/session/v1/sessions/current"

        assert told(maker.client.delete(path, headers=bearer(maker))) == (401, "Unauthorised")
        left = open_signed(maker.client, maker.signer, "DELETE", path, headers=bearer(maker))
        assert left.status_code == 204
        assert told(maker.api("GET", "/applications")) == (401, "Unauthorised")
