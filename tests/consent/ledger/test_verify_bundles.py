"""The verifier on receipts and deliveries: what was changed is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from consent.encoding import b64u
from consent.events import EventType, commitment
from consent.ledger.bundles import sha256_of
from consent.ledger.leaves import Leaf
from consent.ledger.merkle import Tree
from consent.ledger.prooftext import write_proof
from consent.ledger.verify import run
from tests.consent.ledger.builders import a_leaf, bodies, head_of, opened
from tests.consent.ledger.judging import EXAMPLE_VKEY, SIGNER, VKEY, judged, saved
from tests.consent.test_artefact import vector
from yidaitong.kernel.ids import uuid7


def altered(**changes: Any) -> dict[str, Any]:
    return vector("revocation_receipt") | changes


class TestReceipt:
    def test_the_worked_example_verifies(self, tmp_path: Path) -> None:
        found = judged(saved(tmp_path / "r", vector("revocation_receipt")), vkey=EXAMPLE_VKEY)

        assert found["ok"], found
        assert (found["index"], found["size"]) == (37, 40)
        assert found["log"] == "log.ydt.example/ledger"

    def test_another_key_refuses_it(self, tmp_path: Path) -> None:
        found = judged(saved(tmp_path / "r", vector("revocation_receipt")))

        assert found["code"] == "note.signature"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"leaf": "AAAA"}, "leaf.format"),
            ({"leaf": 5}, "leaf.format"),
            ({"leaf": "AA=="}, "leaf.format"),
            ({"proof": None}, "proof.format"),
            ({"proof": "x"}, "proof.format"),
            ({"opening": None}, "leaf.commitment"),
            ({"opening": {"salt": "x", "event": {}}}, "leaf.commitment"),
            ({"digest": "x"}, "leaf.binding"),
            ({"revocation": {"effective_at": "2026-03-05T08:30:21.419Z"}}, "leaf.binding"),
            (
                {"revocation": {"effective_at": "2026-03-05T08:30:21.418Z", "index": 36}},
                "leaf.binding",
            ),
        ],
    )
    def test_what_was_changed_is_named(
        self, tmp_path: Path, changes: dict[str, Any], code: str
    ) -> None:
        found = judged(saved(tmp_path / "r", altered(**changes)), vkey=EXAMPLE_VKEY)

        assert found["code"] == code

    @pytest.mark.parametrize(
        "change",
        [
            ('"reason": "SUBJECT_WISH"}', '"reason": "OTHER"}', "leaf.commitment"),
            ("index 37", "index 36", "proof.inclusion"),
            ("index 37", "index 40", "proof.inclusion"),
            ("Lmr26K5f", "Lmr26K5g", "proof.inclusion"),
            ("ledger\\n40", "ledger\\n41", "note.signature"),
            ('"issuer"', '"issuer": 1, "issuer"', "delivery.format"),
        ],
    )
    def test_a_changed_word_is_refused(self, tmp_path: Path, change: tuple[str, str, str]) -> None:
        text = json.dumps(vector("revocation_receipt"), ensure_ascii=False)
        assert change[0] in text
        (tmp_path / "r").write_text(text.replace(*change[:2]), encoding="utf-8")

        assert judged(tmp_path / "r", vkey=EXAMPLE_VKEY)["code"] == change[2]


def a_delivery(**changes: Any) -> dict[str, Any]:
    """A packet and its grant in one log, in the shape banks get."""
    chain, packet, artefact = uuid7(), "packet.jws.text", "artefact.jws.text"
    salt = bytes(range(32))
    granted = a_leaf(
        EventType.CONSENT_GRANTED,
        ref=chain,
        consent=changes.pop("consent_of_grant", chain),
        public={"artefact_sha256": sha256_of(artefact)},
    )
    event = {"type": "packet.issued", "ref": str(uuid7()), "n": 1, "consent": str(chain)}
    event["t"] = granted.t
    issued = a_leaf(
        EventType.PACKET_ISSUED,
        ref=event["ref"],
        consent=chain,
        commit=commitment(salt, event),
        public={"packet_sha256": sha256_of(packet)},
    )
    return in_one_log([opened(), granted, issued]) | {
        "v": "ydt-delivery/1",
        "packet": packet,
        "opening": {"salt": b64u(salt), "event": event},
        **changes,
    }


def in_one_log(leaves: list[Leaf]) -> dict[str, Any]:
    entries = [leaf.body() for leaf in leaves]
    tree = Tree()
    tree.extend(entries)
    note = SIGNER.note(head_of(entries).text)
    proofs = [write_proof(at, tree.inclusion_proof(at), note) for at in range(len(entries))]
    return {
        "leaf": b64u(entries[-1]),
        "proof": proofs[-1],
        "consent": {"artefact": "artefact.jws.text", "leaf": b64u(entries[1]), "proof": proofs[1]},
    }


def old_head(entries: list[bytes], path: Path) -> str:
    path.write_text(SIGNER.note(head_of(entries).text), encoding="utf-8")
    return str(path)


class TestOldHead:
    def test_one_size_has_one_root(self, tmp_path: Path) -> None:
        delivery = saved(tmp_path / "d", a_delivery())

        found = judged(delivery, "--old", old_head(bodies(3), tmp_path / "old"))

        assert found["code"] == "proof.consistency"

    def test_a_proof_cannot_say_that_it_continues_another_size(self, tmp_path: Path) -> None:
        delivery = saved(tmp_path / "d", a_delivery())
        words = ["--vkey", VKEY, "--old", old_head(bodies(2), tmp_path / "old")]

        code, said = run([str(delivery), *words])

        assert code == 3
        assert "exported log" in said


class TestForm:
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"[" * 33 + b"]" * 33, "delivery.format"),
            (b"[]", "delivery.format"),
            (b'{"a": NaN}', "delivery.format"),
            (b"\xff", "delivery.format"),
            (b" " * (8 * 1024 * 1024 + 1), "size"),
        ],
    )
    def test_it_is_one_json_object_not_too_deep_nor_too_long(
        self, tmp_path: Path, data: bytes, code: str
    ) -> None:
        (tmp_path / "d").write_bytes(data)

        assert judged(tmp_path / "d")["code"] == code


class TestDelivery:
    def test_a_packet_with_its_grant_verifies(self, tmp_path: Path) -> None:
        found = judged(saved(tmp_path / "d", a_delivery()))

        assert found["ok"], found
        assert found["packet_id"] is not None

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"packet": "another text"}, "leaf.binding"),
            ({"packet": 5}, "leaf.binding"),
            ({"consent": None}, "consent.binding"),
            ({"consent": {"artefact": "x", "leaf": "AAAA", "proof": "x"}}, "leaf.format"),
            ({"consent_of_grant": uuid7()}, "consent.binding"),
        ],
    )
    def test_what_was_changed_is_named(
        self, tmp_path: Path, changes: dict[str, Any], code: str
    ) -> None:
        found = judged(saved(tmp_path / "d", a_delivery(**changes)))

        assert (found["code"] or found["checks"][-1]["name"]) == code

    def test_another_artefact_is_refused(self, tmp_path: Path) -> None:
        delivery = a_delivery()
        delivery["consent"]["artefact"] = "another"

        assert judged(saved(tmp_path / "d", delivery))["code"] == "consent.binding"
