"""The identity provider over real HTTP."""

from dataclasses import replace

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from yidaitong.departments.identity import HttpVerifier
from yidaitong.enterprises.errors import VerifierUnavailableError
from yidaitong.enterprises.identity import Identity, RefusalReason, Refused, Verified
from yidaitong.kernel.settings import Settings

REP = Identity("王建国", "370199197403150015", "13805310000")


@pytest.fixture
def verifier(httpserver: HTTPServer) -> HttpVerifier:
    settings = Settings(
        env="test",
        database_url="",
        owner_database_url="",
        ledger_database_url="",
        redis_url="",
        secret_key="",
        keks={},
        identity_provider_url=httpserver.url_for("/identity"),
        call_deadline_seconds=0.3,
        allow_private_addresses=True,
    )
    return HttpVerifier(replace(settings))


class TestVerify:
    def test_one_persons_facts_are_verified(
        self, httpserver: HTTPServer, verifier: HttpVerifier
    ) -> None:
        httpserver.expect_request(
            "/identity/verify",
            method="POST",
            json={"name": REP.name, "id_number": REP.id_number, "mobile": REP.mobile},
        ).respond_with_json({"result": "VERIFIED", "serial": "V-1"})

        assert verifier.verify(REP) == Verified("V-1")

    @pytest.mark.parametrize("reason", [RefusalReason.MISMATCH, RefusalReason.NO_RECORD])
    def test_a_refusal_carries_its_reason(
        self, httpserver: HTTPServer, verifier: HttpVerifier, reason: RefusalReason
    ) -> None:
        httpserver.expect_request("/identity/verify").respond_with_json(
            {"result": reason.value, "serial": "V-2"}
        )

        assert verifier.verify(REP) == Refused(reason, "V-2")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"[]",
            b"{",
            b"\xff\xfe",
            b'{"result": "VERIFIED"}',
            b'{"result": "VERIFIED", "serial": ""}',
            b'{"result": "VERIFIED", "serial": 7}',
            b'{"result": "YES", "serial": "V"}',
            b'{"result": ["VERIFIED"], "serial": "V"}',
            b'{"result": "NOT_REPRESENTATIVE", "serial": "V"}',
            b'{"result": "VERIFIED", "serial": "' + b"V" * 129 + b'"}',
            b"[" * 4000,
            b" " * 5000,
        ],
    )
    def test_an_unreadable_answer_verifies_nobody(
        self, httpserver: HTTPServer, verifier: HttpVerifier, body: bytes
    ) -> None:
        httpserver.expect_request("/identity/verify").respond_with_data(body)

        with pytest.raises(VerifierUnavailableError):
            verifier.verify(REP)

    @pytest.mark.parametrize("status", [204, 302, 400, 404, 429, 500, 503])
    def test_any_other_status_verifies_nobody(
        self, httpserver: HTTPServer, verifier: HttpVerifier, status: int
    ) -> None:
        answer = Response('{"result": "VERIFIED", "serial": "V"}', status)
        answer.headers["Location"] = httpserver.url_for("/elsewhere")
        httpserver.expect_request("/identity/verify").respond_with_response(answer)

        with pytest.raises(VerifierUnavailableError):
            verifier.verify(REP)

    def test_a_provider_that_is_away_verifies_nobody(self, verifier: HttpVerifier) -> None:
        away = replace(verifier.settings, identity_provider_url="http://127.0.0.1:1/identity")

        with pytest.raises(VerifierUnavailableError) as caught:
            HttpVerifier(away).verify(REP)

        assert REP.id_number not in str(caught.value)
