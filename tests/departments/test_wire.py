"""The exact bytes that travel, for ever."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from consent.events import canonical, sha256_b64u
from tests.departments.gateways import FIRM, question
from yidaitong.departments.answers import Outcome
from yidaitong.departments.wire import (
    Envelope,
    Order,
    WireError,
    make_order,
    read_envelope,
    request_body,
    ticket_payload,
    write_envelope,
)
from yidaitong.kernel.strictjson import StrictJsonError

ENDS = datetime(2026, 3, 5, 8, 30, 21, 418_999, tzinfo=UTC)
ASKED = question(
    "TAX.PAY",
    pull_id=UUID("01950000-0000-7000-8000-000000000001"),
    line_id=UUID("01950000-0000-7000-8000-000000000002"),
    attempt=2,
    from_on="2024-01-01",
    to_on="2026-03-01",
    filters=(("paid.code", "ne", "10106"),),
)
REQUEST = (
    '{"attempt":2,"bank_id":"bank-qilu","consent_digest":"' + "D" * 43 + '",'
    '"fields":["paid"],"filters":[["paid.code","ne","10106"]],"from_on":"2024-01-01",'
    '"line_id":"01950000-0000-7000-8000-000000000002",'
    '"pull_id":"01950000-0000-7000-8000-000000000001","purpose":"ORIGINATION",'
    '"resource":"TAX.PAY","subject":{"name":"济南鑫源达机电有限公司","uscc":"91370199MA31U2DL73"},'
    '"to_on":"2026-03-01","v":"ydt-request/1"}'
)
ENVELOPE = Envelope(
    resource="TAX.PAY",
    subject_code=FIRM,
    outcome=Outcome.DATA,
    as_of=date(2026, 2, 28),
    produced_at=datetime(2026, 3, 5, 8, 30, 20, tzinfo=UTC),
    serial="TAX.PAY-1",
    items={"paid": [{"month": "2026-02", "code": "10101", "fen": "12.30"}]},
    request_sha256="R" * 43,
)


class TestRequest:
    def test_the_bytes_of_a_request_never_change(self) -> None:
        assert request_body(ASKED).decode() == REQUEST

    def test_an_order_binds_body_hash_and_ticket(self) -> None:
        signed: list[bytes] = []

        def sign(payload: bytes) -> str:
            signed.append(payload)
            return "ticket"

        order = make_order(ASKED, ENDS, sign)

        assert isinstance(order, Order)
        assert order.request_sha256 == sha256_b64u(REQUEST.encode())
        assert json.loads(signed[0])["request_sha256"] == order.request_sha256
        assert (order.ticket, order.department) == ("ticket", "TAX")
        assert FIRM not in repr(order)
        assert "济南" not in repr(order)


class TestTicket:
    def test_a_ticket_says_who_what_once_and_until_when(self) -> None:
        said = json.loads(ticket_payload(ASKED, "R" * 43, ENDS))
        again = json.loads(ticket_payload(ASKED, "R" * 43, ENDS))

        assert len(said["nonce"]) == 22
        assert said.pop("nonce") != again.pop("nonce")
        assert said == again
        assert said == {
            "v": "ydt-ticket/1",
            "digest": "D" * 43,
            "pull": "01950000-0000-7000-8000-000000000001",
            "line": "01950000-0000-7000-8000-000000000002",
            "attempt": 2,
            "department": "TAX",
            "resources": ["TAX.PAY"],
            "request_sha256": "R" * 43,
            # Cut, not rounded: never later than promised.
            "not_after": "2026-03-05T08:30:21.418Z",
        }


class TestEnvelope:
    def test_the_bytes_of_an_answer_never_change(self) -> None:
        assert (
            sha256_b64u(write_envelope(ENVELOPE)) == "zCH15i2g19XcBcfjuNXk_WLz7Yz8dJ7oR0ZEyHZIG4o"
        )

    def test_it_reads_back(self) -> None:
        assert read_envelope(write_envelope(ENVELOPE)) == ENVELOPE

    @pytest.mark.parametrize(
        "change",
        [
            {"v": "ydt-answer/2"},
            {"department": "SAMR"},
            {"resource": "TAX.NONE"},
            {"resource": ["TAX.PAY"]},
            {"subject_code": ""},
            {"subject_code": 7},
            {"outcome": "MAYBE"},
            {"as_of": "2026-02-30"},
            {"as_of": None},
            {"produced_at": "2026-03-05T08:30:20"},
            {"produced_at": "today"},
            {"source_serial": "S" * 129},
            {"items": []},
            {"items": {}},
            {"sha256": "A" * 43},
            {"request_sha256": None},
            {"more": 1},
        ],
    )
    def test_an_odd_member_is_refused(self, change: dict[str, Any]) -> None:
        body = json.loads(write_envelope(ENVELOPE))

        with pytest.raises(WireError):
            read_envelope(canonical({**body, **change}))

    @pytest.mark.parametrize("name", sorted(json.loads(write_envelope(ENVELOPE))))
    def test_a_missing_member_is_refused(self, name: str) -> None:
        body = json.loads(write_envelope(ENVELOPE))
        del body[name]

        with pytest.raises(WireError):
            read_envelope(canonical(body))

    @pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{}"[:1]])
    def test_no_object_is_refused(self, raw: bytes) -> None:
        with pytest.raises(StrictJsonError):
            read_envelope(raw)

    def test_items_may_be_empty_where_there_is_nothing(self) -> None:
        nothing = replace(ENVELOPE, outcome=Outcome.NO_RECORD, items={})

        assert read_envelope(write_envelope(nothing)) == nothing
