"""Signed calls of banks: each edge of time, copies, and what is judged first."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from werkzeug.test import TestResponse

import bank_portal
from tests.bank_portal.builders import Banker, a_banker
from tests.bank_portal.calls import LIST, PULLS, bearer, get, nonces, told
from tests.lending.builders import submitted
from tests.signing import as_bytes, open_signed, signed
from yidaitong.app import create_app
from yidaitong.audit.models import RefusalCount
from yidaitong.banks import messages
from yidaitong.banks.models import MessageNonce
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.pulls.models import Pull
from yidaitong.runtime import Runtime

pytestmark = pytest.mark.promise("T11")
# A second's last moment: whole seconds are compared.
NOW: Final = datetime(2030, 1, 1, 12, 0, 0, 999_999, UTC)


def pulls(rt: Runtime) -> int:
    with rt.transaction(SYSTEM) as uow:
        return uow.session.scalar(select(func.count()).select_from(Pull)) or 0


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch, maker: Banker) -> None:
    """The database's clock stands still, after the maker signed in."""
    del maker
    monkeypatch.setattr(UnitOfWork, "clock", lambda _self: NOW)


class TestTime:
    @pytest.mark.usefixtures("standing")
    @pytest.mark.parametrize(
        ("ahead", "status", "warning"),
        [
            (-301, 401, None),
            (-300, 200, None),
            (0, 200, None),
            (10, 200, None),
            (11, 200, "11"),
            (60, 200, "60"),
            (61, 401, None),
        ],
    )
    def test_edges_of_the_window(
        self, maker: Banker, ahead: int, status: int, warning: str | None
    ) -> None:
        created = NOW + timedelta(seconds=ahead)
        made = signed(maker.signer, "GET", LIST, headers=bearer(maker), created=created)

        answer = get(maker, made)

        assert answer.status_code == status
        assert answer.headers.get("Ydt-Clock-Warning") == warning
        if status == 401:
            problem = answer.get_json()
            assert (problem["code"], problem["retryable"]) == ("MessageTimeInvalid", True)

    def test_it_is_the_databases_clock(self, maker: Banker, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            now = uow.clock()

        for ahead, status in ((-295, 200), (0, 200), (50, 200), (-310, 401), (120, 401)):
            created = now + timedelta(seconds=ahead)
            made = signed(maker.signer, "GET", LIST, headers=bearer(maker), created=created)
            assert get(maker, made).status_code == status, ahead

    def test_a_message_out_of_time_spends_no_nonce(self, maker: Banker, runtime: Runtime) -> None:
        before = nonces(runtime)
        made = signed(maker.signer, "GET", LIST, headers=bearer(maker), created=NOW)

        assert told(get(maker, made)) == (401, "MessageTimeInvalid")
        assert nonces(runtime) == before


class TestReplay:
    @pytest.mark.promise("R1")
    def test_twenty_copies_at_once_have_one_effect(self, runtime: Runtime, maker: Banker) -> None:
        runtime.pool_size = 20
        with runtime.transaction(SYSTEM) as uow:
            case = submitted(uow)
        body = as_bytes({"chain_id": str(case.chains[0])})
        head = bearer(maker, **{"Idempotency-Key": "k1"})
        made = signed(maker.signer, "POST", PULLS, body, head)

        def send(_: int) -> TestResponse:
            client = maker.client.application.test_client()
            return client.post(PULLS, data=body, headers=made, content_type="application/json")

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(send, range(20)))

        assert sorted(one.status_code for one in answers) == [202] + [401] * 19
        refused = [one for one in answers if one.status_code == 401]
        assert {told(one) for one in refused} == {(401, "ReplayDetected")}
        assert pulls(runtime) == 1
        runtime.redis.flushdb()
        restarted = Runtime(runtime.settings)
        fresh = create_app(restarted, [bank_portal]).test_client()
        later = fresh.post(PULLS, data=body, headers=made, content_type="application/json")
        restarted.close()
        assert told(later) == (401, "ReplayDetected")
        assert pulls(runtime) == 1

    def test_a_fresh_message_with_the_old_key_is_the_stored_answer(
        self, runtime: Runtime, maker: Banker
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = submitted(uow)
        body, key = {"chain_id": str(case.chains[0])}, {"Idempotency-Key": "k1"}

        first, again = (maker.api("POST", "/pulls", body, key) for _ in range(2))

        assert (first.status_code, again.status_code) == (202, 202)
        assert again.headers["Idempotency-Replayed"] == "true"

    def test_a_read_is_taken_once_too(self, maker: Banker) -> None:
        made = signed(maker.signer, "GET", LIST, headers=bearer(maker))

        assert get(maker, made).status_code == 200
        assert told(get(maker, made)) == (401, "ReplayDetected")

    def test_it_is_never_told_to_come_later(self, runtime: Runtime, maker: Banker) -> None:
        limited = Runtime(replace(runtime.settings, rate_limits=True))
        client = create_app(limited, [bank_portal]).test_client()
        made = signed(maker.signer, "GET", LIST, headers=bearer(maker))

        answers = [client.get(LIST, headers=made) for _ in range(70)]
        unsigned = [client.get(LIST) for _ in range(70)]

        assert [one.status_code for one in answers] == [200] + [401] * 69
        # Whoever signs nothing is held up by address, as every visitor is.
        assert {one.status_code for one in unsigned} == {401, 429}
        limited.close()

    def test_two_keys_may_use_one_nonce(self, app: Flask, runtime: Runtime, maker: Banker) -> None:
        checker = a_banker(app, runtime, "checker")
        nonce = "same-nonce-for-two"

        for banker in (maker, checker):
            made = signed(banker.signer, "GET", LIST, headers=bearer(banker), nonce=nonce)
            assert get(banker, made).status_code == 200

    def test_a_nonce_is_kept_a_day_beyond_its_window(self, runtime: Runtime, maker: Banker) -> None:
        made = signed(maker.signer, "GET", LIST, headers=bearer(maker))
        assert get(maker, made).status_code == 200
        before = nonces(runtime)

        for age, left in (("24 hours 5 minutes", before), ("24 hours 7 minutes", 0)):
            with runtime.transaction(SYSTEM) as uow:
                then = func.clock_timestamp() - text(f"interval '{age}'")
                uow.session.execute(update(MessageNonce).values(seen_at=then))
                messages.sweep(uow)
            assert nonces(runtime) == left


class TestOrder:
    def test_the_message_is_judged_before_its_content(self, maker: Banker) -> None:
        url = "/api/bank/v1/loan-events"
        head = bearer(maker)
        broken = b"{"

        unsigned = maker.client.post(
            url, data=broken, headers=head, content_type="application/json"
        )
        taken = open_signed(maker.client, maker.signer, "POST", url, broken, head)

        assert told(unsigned) == (401, "SignatureInvalid")
        assert told(taken) == (400, "InvalidRequest")

    def test_also_before_an_odd_query_and_an_unknown_address(self, maker: Banker) -> None:
        twice, nowhere = "/api/bank/v1/loans?page=1&page=2", "/api/bank/v1/nowhere"

        for path, code in ((twice, (400, "InvalidRequest")), (nowhere, (404, "NotFound"))):
            assert told(maker.client.get(path, headers=bearer(maker))) == (401, "SignatureInvalid")
            made = signed(maker.signer, "GET", path, headers=bearer(maker))
            assert told(maker.client.get(path, headers=made)) == code

    def test_refusals_of_messages_are_counted_by_the_hour(
        self, runtime: Runtime, maker: Banker
    ) -> None:
        made = signed(maker.signer, "GET", LIST, headers=bearer(maker))
        for headers in (made, made, bearer(maker)):
            get(maker, headers)

        with runtime.transaction(SYSTEM) as uow:
            rows = uow.session.execute(select(RefusalCount.code, RefusalCount.count)).all()
            assert {row[0]: row[1] for row in rows} == {"ReplayDetected": 1, "SignatureInvalid": 1}
