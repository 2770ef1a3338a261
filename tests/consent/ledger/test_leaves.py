"""The leaf's exact bytes: known members only, one spelling, nothing else."""

import json
from typing import Any

import pytest

from consent.encoding import b64u, b64u_decode
from consent.events import EventType
from consent.ledger.errors import LeafError
from consent.ledger.leaves import key_of, parse_leaf
from tests.consent.ledger.builders import a_leaf
from tests.consent.test_artefact import vector
from yidaitong.kernel.ids import uuid7


class TestBody:
    def test_the_worked_example_is_written_byte_for_byte(self) -> None:
        body = b64u_decode(vector("revocation_receipt")["leaf"])

        leaf = parse_leaf(body)

        assert leaf.body() == body
        assert leaf.type is EventType.CONSENT_REVOKED
        assert leaf.n == 2
        assert leaf.consent == leaf.ref

    def test_members_are_exactly_those_of_the_format(self) -> None:
        body = json.loads(a_leaf(EventType.PACKET_ISSUED, consent=uuid7()).body())

        assert set(body) == {
            "v", "type", "suite", "ref", "n", "consent", "id", "t", "commit", "packet_sha256",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "changes",
        [
            {"n": -1},
            {"n": True},
            {"n": 2**53},
            {"suite": "xx"},
            {"t": "2026-03-05T08:30:21Z"},
            {"t": "2026-03-05T08:30:21.418Z\n"},
            {"t": "٢٠٢٦-03-05T08:30:21.418Z"},
            {"commit": "short"},
            {"commit": b64u(bytes(32)) + "="},
            {"commit": "x" * 43},
            {"public": {"packet_sha256": b64u(bytes(32))}},
            {"public": {"name": "示例"}},
        ],
    )
    def test_a_member_not_of_its_form_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(LeafError):
            a_leaf(**changes).body()

    def test_plain_hashes_are_required_where_they_belong(self) -> None:
        with pytest.raises(LeafError):
            a_leaf(EventType.CONSENT_GRANTED, public={}).body()
        sm = {"packet_sha256": b64u(bytes(32)), "packet_sm3": b64u(bytes(32))}
        assert a_leaf(EventType.PACKET_ISSUED, suite="sm", public=sm).body()
        with pytest.raises(LeafError):
            a_leaf(EventType.PACKET_ISSUED, public=sm).body()

    def test_the_longest_leaf_fits(self) -> None:
        sm = {"packet_sha256": b64u(bytes(32)), "packet_sm3": b64u(bytes(32))}
        leaf = a_leaf(EventType.PACKET_ISSUED, suite="sm", public=sm, consent=uuid7(), n=2**53 - 1)

        assert len(leaf.body()) < 600


def changed(**changes: Any) -> bytes:
    value = json.loads(a_leaf().body()) | changes
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class TestParse:
    def test_any_leaf_is_read_back(self) -> None:
        for kind in EventType:
            leaf = a_leaf(kind, consent=uuid7())
            assert parse_leaf(leaf.body()) == leaf

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"[]",
            b"null",
            b"\xff\xfe",
            b"[" * 600,
            changed(bank="bank-a"),
            changed(v=2),
            changed(v=1.0),
            changed(type="consent.forgotten"),
            changed(n=1.0),
            changed(n="1"),
            changed(ref=5),
            changed(ref="ABCDEF00-0000-7000-8000-000000000000"),
            changed(consent=None),
            changed(t="x" * 1000),
            b" " + changed(),
            changed().replace(b'"v":1', b'"v":1,"v":1'),
            changed().replace(b'"n":1', b'"n":NaN'),
            changed().replace(b'"n":1', b'"n":1e0'),
            changed().replace(b'"intl"', b'"\\u0069ntl"'),
        ],
    )
    def test_other_bytes_are_refused(self, body: bytes) -> None:
        with pytest.raises(LeafError):
            parse_leaf(body)


class TestKey:
    def test_it_is_derived_as_written_down(self) -> None:
        """SHA-256 of ``ydt-event/1``, type, ref, n on a line each. Wire format."""
        leaf = parse_leaf(b64u_decode(vector("revocation_receipt")["leaf"]))

        assert leaf.key == key_of("consent.revoked", leaf.ref, 2)
        assert leaf.key.hex()[:16] == "a64069acb189d5ee"
