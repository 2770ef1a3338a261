"""Known answers of the worked artefact, and what a strict reader refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from consent.artefact import (
    ConsentArtefact,
    Signature,
    artefact_payload,
    artefact_sha256,
    attach,
    detach,
    parse_at,
    write_at,
)
from consent.encoding import b64u_decode
from consent.errors import InvalidArtefactError
from consent.events import canonical, commitment

VECTORS = Path(__file__).parents[1] / "vectors" / "consent"


def vector(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def example() -> dict[str, Any]:
    return vector("artefact")


class TestParse:
    def test_the_worked_example_reads_and_writes_back_the_same_object(
        self, example: dict[str, Any]
    ) -> None:
        assert ConsentArtefact.parse(example["body"]).body == example["body"]

    @pytest.mark.parametrize("member", sorted(vector("artefact")["body"]))
    def test_every_member_is_required(self, example: dict[str, Any], member: str) -> None:
        del example["body"][member]

        with pytest.raises(InvalidArtefactError):
            ConsentArtefact.parse(example["body"])

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("extra", 1),
            ("version", "1"),
            ("version", True),
            ("preview", 0),
            ("datasets", {}),
            ("subject", []),
            ("total_quota", 3.0),
        ],
    )
    def test_an_unknown_or_mistyped_member_is_refused(
        self, example: dict[str, Any], member: str, value: object
    ) -> None:
        example["body"][member] = value

        with pytest.raises(InvalidArtefactError):
            ConsentArtefact.parse(example["body"])

    def test_an_enterprise_carries_no_person(self, example: dict[str, Any]) -> None:
        example["body"]["subject"]["person_id"] = "019bafee-7900-7a05-9416-e207aa8ae8b9"

        with pytest.raises(InvalidArtefactError):
            ConsentArtefact.parse(example["body"])


class TestDigest:
    def test_known_answer(self, example: dict[str, Any]) -> None:
        artefact = ConsentArtefact.parse(example["body"])

        assert artefact.digest == "kWFMgLAZTsdLWfZkN8_-cbYrN_FQK6W5RoPOUfIJE6E"

    def test_any_change_changes_it(self, example: dict[str, Any]) -> None:
        example["body"]["frequency"]["n"] = 4

        assert ConsentArtefact.parse(example["body"]).digest != example["digest"]


class TestArtefactText:
    def test_known_answer(self, example: dict[str, Any]) -> None:
        artefact = ConsentArtefact.parse(example["body"])
        signatures = [Signature(**given) for given in example["signatures"]]

        payload = artefact_payload(artefact.canonical, example["granted_at"], signatures)
        text = attach(example["platform_jws"], payload)

        assert artefact_sha256(text) == "n3J90DrzJXmnVYg4dn74cUxBWM1Bq9cUcqVSCRrtr2E"
        assert detach(text) == example["platform_jws"]


class TestCommitment:
    def test_known_answer_of_the_revocation(self) -> None:
        receipt = vector("revocation_receipt")
        opening = receipt["opening"]

        commit = commitment(b64u_decode(opening["salt"]), opening["event"])

        leaf = json.loads(b64u_decode(receipt["leaf"]))
        assert leaf["commit"] == commit
        assert canonical(leaf) == b64u_decode(receipt["leaf"])


class TestParseAt:
    @pytest.mark.parametrize("text", ["2026-03-02", "2026-03-02T01:02:00", "x", "2026-03-02T01+01"])
    def test_anything_but_utc_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidArtefactError):
            parse_at(text)

    def test_it_is_the_inverse_of_writing(self) -> None:
        assert write_at(parse_at("2026-03-02T01:02:00Z")) == "2026-03-02T01:02:00Z"
