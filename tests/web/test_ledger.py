"""What anybody reads of the log over HTTP, and what a cache may keep."""

import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from consent.ledger.entries import submit
from consent.ledger.folders import verify_folder
from consent.ledger.policy import policy_of
from tests.consent.ledger.builders import a_leaf
from yidaitong.app import create_app
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.keks.local import Given, LocalKeks
from yidaitong.runtime import Runtime

FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    return create_app(runtime, []).test_client()


def grow(runtime: Runtime, count: int) -> None:
    with runtime.transaction(SYSTEM) as uow:
        for _ in range(count):
            submit(uow.session, a_leaf())
    ledger.step(runtime)


class TestTiles:
    @pytest.mark.promise("T4")
    def test_a_checker_verifies_the_log_from_what_is_served(
        self, runtime: Runtime, client: FlaskClient
    ) -> None:
        grow(runtime, 300)

        def read(name: str) -> bytes | None:
            answer = client.get(f"/ledger/{name}")
            return answer.data if answer.status_code == 200 else None

        vkey = client.get("/ledger/vkey").text.strip()
        report = verify_folder(read, policy_of(vkey))

        assert vkey == ledger.vkey(runtime)
        assert report.ok, report.as_json()
        assert report.size == 301

    def test_what_never_changes_is_kept_and_the_rest_is_not(
        self, runtime: Runtime, client: FlaskClient
    ) -> None:
        missing = client.get("/ledger/checkpoint")
        grow(runtime, 2)
        head = client.get("/ledger/checkpoint")
        tile = client.get("/ledger/tile/0/000.p/3")
        bundle = client.get("/ledger/tile/entries/000.p/3")

        assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store")
        assert head.headers["Cache-Control"] == "public, max-age=1"
        assert head.content_type == "text/plain; charset=utf-8"
        for answer in (tile, bundle):
            assert answer.headers["Cache-Control"] == FOR_EVER
            assert answer.content_type == "application/octet-stream"

    @pytest.mark.parametrize(
        "path", ["0/000.p/4", "0/000", "0/0", "0/x000/000", "1/000.p/1", "64/000", "data/000"]
    )
    def test_what_is_not_there_is_not_kept_as_missing(
        self, runtime: Runtime, client: FlaskClient, path: str
    ) -> None:
        grow(runtime, 2)

        answer = client.get(f"/ledger/tile/{path}")

        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


class TestKeys:
    def test_all_public_keys_are_there_and_no_private_one(
        self, runtime: Runtime, client: FlaskClient
    ) -> None:
        ledger.init(runtime)
        bare = json.loads(client.get("/.well-known/jwks.json").data)["keys"]
        pinned = {"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "k", "ydt_owner": "TAX"}
        runtime.settings.gateway_keys_file.write_text(
            json.dumps({"keys": [pinned]}), encoding="utf-8"
        )

        answer = client.get("/.well-known/jwks.json")
        again = client.get(
            "/.well-known/jwks.json", headers={"If-None-Match": answer.headers["ETag"]}
        )

        keys = json.loads(answer.data)["keys"]
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert again.status_code == 304
        assert {key.get("ydt_use") for key in keys} >= {"log", "packet", "artefact", "receipt"}
        assert keys == [*bare, pinned]
        assert all("d" not in key for key in keys)


class TestReady:
    def test_it_shows_how_far_the_log_is_behind(
        self, runtime: Runtime, client: FlaskClient
    ) -> None:
        grow(runtime, 1)

        told = client.get("/ready").get_json()

        assert told["ledger"] == {"state": "ok", "pending": 0, "oldest_seconds": 0.0}

    def test_it_shows_whether_the_key_above_all_keys_is_here_and_young(
        self, runtime: Runtime, client: FlaskClient
    ) -> None:
        def said() -> str:
            return str(client.get("/ready").get_json()["keys"])

        assert said() == "none yet"
        with runtime.transaction(SYSTEM) as uow:
            uow.crypto.prepare(uow.session)
        assert said() == "ok"
        with runtime.transaction(SYSTEM) as uow:
            uow.session.execute(text("UPDATE kek SET created_at = created_at - interval '31 d'"))
        assert said() == "due"
        runtime.crypto.keyring.provider = LocalKeks(Given({}))
        assert said() == "missing"
