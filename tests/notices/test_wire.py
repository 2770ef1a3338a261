"""Known answers of the two messages, and the table of a notice's life."""

import json
import re
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest

import yidaitong
from consent.service import EventType
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import KeySet, PublicKey
from yidaitong.kernel.errors import InvalidStateError
from yidaitong.notices.lifecycle import LIFECYCLE, NoticeState, ReceiverKind, after, owes_answer
from yidaitong.notices.wire import (
    ACK_TYP,
    NOTICE_TYP,
    AckRefusedError,
    Message,
    ack_payload,
    check_ack,
    notice_payload,
    notice_sha256,
)

DOCS = Path(yidaitong.__file__).parent / "docs"
NOTICE = UUID("019cbd1e-8e10-7a41-b1de-6d5f3c1e90aa")
CHAIN = UUID("019cac10-fb40-7c51-aa00-4afce17edb2d")
EVENT = UUID("019cbd1e-8aea-7f15-83b7-23e7101fbaf8")
AT = datetime(2026, 3, 5, 8, 30, 21, 418_000, UTC)
EDGES = (EventType.NOTICE_SENT, EventType.NOTICE_ACKED, EventType.NOTICE_ESCALATED)


class TestMessages:
    def test_a_notice_has_these_bytes_for_ever(self) -> None:
        message = Message(
            notice_id=NOTICE,
            to="bank-a",
            event="consent.revoked",
            consent_id=CHAIN,
            chain_id=CHAIN,
            digest="kWFMgLAZTsdLWfZkN8_-cbYrN_FQK6W5RoPOUfIJE6E",
            effective_at=AT,
            entry_id=38,
            event_id=EVENT,
            must_ack=True,
        )
        assert notice_payload(message) == (
            b'{"chain_id":"019cac10-fb40-7c51-aa00-4afce17edb2d",'
            b'"consent_id":"019cac10-fb40-7c51-aa00-4afce17edb2d",'
            b'"digest":"kWFMgLAZTsdLWfZkN8_-cbYrN_FQK6W5RoPOUfIJE6E",'
            b'"effective_at":"2026-03-05T08:30:21.418Z","entry_id":38,'
            b'"event":"consent.revoked","event_id":"019cbd1e-8aea-7f15-83b7-23e7101fbaf8",'
            b'"must_ack":true,"notice_id":"019cbd1e-8e10-7a41-b1de-6d5f3c1e90aa",'
            b'"to":"bank-a","v":"ydt-notice/1"}'
        )
        assert NOTICE_TYP == "ydt-notice+jws"

    def test_an_answer_has_these_bytes_for_ever(self) -> None:
        assert notice_sha256("e30.e30.AA") == "Q1dGawLp7nmA0Dk05Sm7X6E0hbrlhM0rDiQ06vct0WE"
        assert ack_payload(str(NOTICE), "S" * 43, AT) == (
            b'{"at":"2026-03-05T08:30:21.418Z",'
            b'"notice_id":"019cbd1e-8e10-7a41-b1de-6d5f3c1e90aa",'
            b'"notice_sha256":"SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS","v":"ydt-notice-ack/1"}'
        )
        assert ACK_TYP == "ydt-notice-ack+jws"


class TestLifecycle:
    def test_the_edges_are_these_and_no_others(self) -> None:
        allowed = {
            ("PENDING", "notice.sent", "SENT"),
            ("PENDING", "notice.acked", "ACKED"),
            ("PENDING", "notice.escalated", "ESCALATED"),
            ("SENT", "notice.acked", "ACKED"),
            ("SENT", "notice.escalated", "ESCALATED"),
            ("ESCALATED", "notice.sent", "ESCALATED"),
            ("ESCALATED", "notice.acked", "ACKED"),
        }
        assert {(a.value, e.value, b.value) for (a, e), b in LIFECYCLE.items()} == allowed
        for state, event in product(NoticeState, EDGES):
            if (state, event) not in LIFECYCLE:
                with pytest.raises(InvalidStateError):
                    after(state, event)

    def test_an_enterprise_owes_no_answer(self) -> None:
        assert owes_answer(ReceiverKind.BANK, EventType.CONSENT_REVOKED)
        assert owes_answer(ReceiverKind.DEPARTMENT, EventType.CONSENT_VOIDED)
        assert not owes_answer(ReceiverKind.ENTERPRISE, EventType.CONSENT_REVOKED)
        assert not owes_answer(ReceiverKind.BANK, EventType.CONSENT_PAUSED)


class TestDocumentedExample:
    """What a bank builds against must verify for ever (public test keys of RFC 8032 §7.1)."""

    def test_it_verifies(self) -> None:
        document = (DOCS / "consent.md").read_text(encoding="utf-8")
        notice, ack = re.findall(r"^(eyJ\S+)$", document, re.MULTILINE)
        platform, bank = (
            PublicKey.read({"kty": "OKP", "crv": "Ed25519", "x": x}, use="sig")
            for x in (
                "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
                "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            )
        )
        said = jws.verify(notice, typ=NOTICE_TYP, keys=KeySet.of(platform))
        shown = re.search(r"```json\n(\{\"v\":\"ydt-notice/1\".*?)```", document, re.DOTALL)
        assert shown is not None
        assert json.loads(re.sub(r" +// .*", "", shown[1])) == json.loads(said.payload)

        check_ack(ack, NOTICE, notice_sha256(notice), KeySet.of(bank))
        with pytest.raises(AckRefusedError) as refused:
            check_ack(ack, NOTICE, notice_sha256(notice), KeySet.of(platform))
        assert refused.value.problem == "ACK_KEY"
