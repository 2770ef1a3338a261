"""Composing: every consented resource stands once with its reason, and nothing beyond them."""

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from consent.artefact import ConsentArtefact
from consent.encoding import b64u_decode
from consent.events import sha256_b64u
from tests.packets.offline import AT, Bench, a_case, an_artefact, no_answer
from yidaitong.departments import forms
from yidaitong.departments.answers import Outcome
from yidaitong.packets.composing import compose
from yidaitong.packets.contents import released_items
from yidaitong.packets.schema import PacketFormError, read_packet
from yidaitong.pulls.lifecycle import LineStatus
from yidaitong.pulls.results import LineResult

# (status, outcome, why an item that needs it is UNKNOWN)
SILENT = [
    (LineStatus.DENIED_BY_SOURCE, Outcome.NOT_AUTHORISED, "NO_CONSENT"),
    (LineStatus.TIMEOUT, Outcome.UNAVAILABLE, "UNAVAILABLE"),
    (LineStatus.TIMEOUT, Outcome.RATE_LIMITED, "UNAVAILABLE"),
    (LineStatus.TIMEOUT, None, "UNAVAILABLE"),
    (LineStatus.FAILED, Outcome.SUBJECT_MISMATCH, "MISMATCH"),
    (LineStatus.FAILED, None, "BAD_ANSWER"),
    (LineStatus.EXCLUDED_BY_SUBJECT, None, "NO_CONSENT"),
    (LineStatus.UNSUPPORTED, None, "UNAVAILABLE"),
]


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="module")
def artefact() -> ConsentArtefact:
    return an_artefact()


def decoded(text: str) -> bytes:
    """Every part of a compact text, decoded."""
    return b"".join(b64u_decode(part) for one in text.split("~") for part in one.split("."))


def composed(artefact: ConsentArtefact, lines: list[LineResult]) -> dict[str, Any]:
    return read_packet(compose(a_case(artefact, lines)).payload)


class TestManifest:
    @pytest.mark.promise("I4")
    @pytest.mark.parametrize(("status", "outcome", "why"), SILENT)
    def test_every_outcome_for_every_subset(
        self,
        bench: Bench,
        artefact: ConsentArtefact,
        status: LineStatus,
        outcome: Outcome | None,
        why: str,
    ) -> None:
        lines = bench.lines(artefact)
        for answered in itertools.product((True, False), repeat=len(lines)):
            given = [
                line if told else no_answer(line.resource, status, outcome)
                for line, told in zip(lines, answered, strict=True)
            ]
            body = composed(artefact, given)

            assert [one["resource"] for one in body["resources"]] == list(artefact.resources)
            assert [one["status"] for one in body["resources"]] == [one.status for one in given]
            assert body["complete"] is all(answered)
            silent = {line.resource for line, told in zip(lines, answered, strict=True) if not told}
            for one in body["derived"]:
                if set(one["resources"]) <= silent:
                    assert (one["value"], one["why"]) == (None, why)
            for entry in body["resources"]:
                if entry["resource"] in silent:
                    assert (entry["items"], entry["answer_sha256"]) == ([], None)

    def test_a_resource_nobody_asked_is_excluded(
        self, bench: Bench, artefact: ConsentArtefact
    ) -> None:
        body = composed(artefact, bench.lines(artefact)[1:])

        assert body["resources"][0]["status"] == "EXCLUDED_BY_SUBJECT"
        assert body["complete"] is False

    def test_no_record_is_a_fact(self, bench: Bench, artefact: ConsentArtefact) -> None:
        body = composed(artefact, bench.lines(artefact))
        entry = next(one for one in body["resources"] if one["resource"] == "COURT.DIS")

        assert (entry["status"], entry["outcome"], entry["items"]) == ("NO_DATA", "NO_RECORD", [])
        assert entry["as_of"] is not None
        dishonest = next(one for one in body["derived"] if one["name"] == "court.dishonest_open")
        assert dishonest["value"] == 0
        assert body["complete"] is True

    @pytest.mark.parametrize("outcome", [Outcome.PARTIAL, Outcome.STALE])
    def test_lesser_quality_is_not_complete(
        self, bench: Bench, artefact: ConsentArtefact, outcome: Outcome
    ) -> None:
        lines = [_with(bench, line, outcome=outcome) for line in bench.lines(artefact)]

        assert composed(artefact, lines)["complete"] is False

    def test_lines_beyond_the_artefact_are_refused(
        self, bench: Bench, artefact: ConsentArtefact
    ) -> None:
        lines = bench.lines(artefact)
        narrow = replace(artefact, datasets=artefact.datasets[1:])

        for bad in (a_case(narrow, lines), a_case(artefact, [*lines, lines[0]])):
            with pytest.raises(ValueError, match="beyond"):
                compose(bad)


class TestContents:
    @pytest.mark.promise("T1")
    def test_a_field_nobody_consented_to_stays_here(
        self, bench: Bench, artefact: ConsentArtefact
    ) -> None:
        first, second, *rest = bench.lines(artefact)
        more = _with(bench, first, items={"rep_name": "canary-9b2e"})
        whole = _with(bench, second, items={"refunds": "canary-9b2e"})
        made = compose(a_case(artefact, [more, whole, *rest]))

        narrowed, withheld = made.evidence[:2]
        assert (narrowed["kind"], withheld["kind"]) == ("sd-jwt", "withheld")
        assert withheld["answer"] is None
        assert narrowed["answer_sha256"] == more.answer_sha256
        assert withheld["answer_sha256"] == whole.answer_sha256
        told = made.payload + json.dumps(made.evidence).encode()
        assert b"canary-9b2e" not in told + decoded(narrowed["answer"])

    def test_whole_answers_travel(self, bench: Bench, artefact: ConsentArtefact) -> None:
        made = compose(a_case(artefact, bench.lines(artefact)))

        assert {one["kind"] for one in made.evidence} == {"jws", "sd-jwt"}
        assert len(made.evidence) == len(artefact.datasets)

    def test_raw_text_and_converted_value(self) -> None:
        rows = [{"month": "2026-01", "code": "10101", "amount_fen": "12.30"}]
        (item,) = released_items("TAX.PAY", {"paid": rows}, {"paid"})

        by_name = {one["name"]: one for one in item["rows"][0]}
        assert by_name["amount_fen"] == {
            "name": "amount_fen",
            "type": "f",
            "raw": "12.30",
            "value": 1230,
            "unit": "fen",
        }

    @pytest.mark.parametrize("raw", ["12.345", "x", "99999999999999.00", 5, True])
    def test_a_doubtful_amount_has_no_value(self, raw: object) -> None:
        rows = [{"amount_fen": raw}]
        (item,) = released_items("TAX.PAY", {"paid": rows}, {"paid"})

        assert item["rows"][0][0]["value"] is None

    def test_null_and_absent_are_two_things(self) -> None:
        fields = {"status", "open_to"}

        (only,) = released_items("SAMR.REG", {"open_to": None}, fields)
        assert (only["name"], only["raw"], only["value"]) == ("open_to", None, None)

    def test_what_is_only_compared_never_leaves(self) -> None:
        assert released_items("SAMR.REG", {"rep_id": "370"}, {"rep_id"}) == []


class TestSchema:
    @pytest.mark.parametrize(
        "payload", [b"", b"[]", b"{}", b'{"v":"ydt-packet/1"}', b"\xff", b'{"a":1,"a":1}']
    )
    def test_bytes_that_are_no_packet(self, payload: bytes) -> None:
        with pytest.raises(PacketFormError):
            read_packet(payload)

    def test_every_member_is_needed(self, bench: Bench, artefact: ConsentArtefact) -> None:
        body = json.loads(compose(a_case(artefact, bench.lines(artefact))).payload)
        for name in body:
            rest = {member: value for member, value in body.items() if member != name}
            with pytest.raises(PacketFormError):
                read_packet(json.dumps(rest).encode())


def _with(bench: Bench, line: LineResult, **changes: Any) -> LineResult:
    """The same line with another answer of its department."""
    assert line.answer_jws is not None
    told = forms.reopen(line.answer_jws).envelope
    items = {**told.items, **changes.pop("items", {})}
    envelope = replace(told, items=items, produced_at=AT, **changes)
    text = bench.sign_answer(envelope, forms.form_of(line.answer_jws))
    digest = sha256_b64u(text.encode())
    status = LineStatus.DELIVERED
    return replace(
        line, status=status, outcome=envelope.outcome, answer_jws=text, answer_sha256=digest
    )
