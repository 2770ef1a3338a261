"""The verifier as an auditor runs it: bundles, receipts, exported logs, exit codes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consent.encoding import b64u
from consent.events import PUBLIC, EventType, commitment
from consent.ledger.bundles import sha256_of
from consent.ledger.leaves import Leaf
from consent.ledger.merkle import Tree
from consent.ledger.note import KeyKind, VKey
from consent.ledger.prooftext import write_proof
from consent.ledger.verify import run
from tests.consent.ledger.builders import a_leaf, a_signer, bodies, files_of, head_of, opened
from tests.consent.test_artefact import vector
from yidaitong.kernel.ids import uuid7

SIGNER = a_signer()
VKEY = str(SIGNER.vkey)
# Key 3 of RFC 8032 §7.1, with which the worked example is signed.
EXAMPLE_VKEY = str(
    VKey(
        "log.ydt.example/ledger",
        KeyKind.ED25519,
        bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
    )
)


def judged(path: Path, *words: str, vkey: str = VKEY) -> dict[str, Any]:
    code, said = run([str(path), "--vkey", vkey, "--json", *words])
    found: dict[str, Any] = json.loads(said)
    assert found["ok"] is (code == 0)
    assert found["code"] == next((c["name"] for c in found["checks"] if not c["ok"]), None)
    return found


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def saved(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


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


def a_log(*leaves: Leaf) -> dict[str, bytes]:
    return files_of([leaf.body() for leaf in (opened(), *leaves)])


CHAIN = uuid7()


def of_chain(kind: EventType, n: int = 1) -> Leaf:
    public = {name: b64u(bytes(32)) for name in PUBLIC.get(kind, ()) if name != "packet_sm3"}
    return a_leaf(kind, n=n, consent=CHAIN, public=public)


class TestFolder:
    @pytest.mark.parametrize("size", [1, 255, 256, 257, 700])
    def test_an_exported_log_verifies(self, tmp_path: Path, size: int) -> None:
        found = judged(put(tmp_path, files_of(bodies(size))))

        assert found["ok"], found
        assert found["size"] == size

    @pytest.mark.parametrize("old", [1, 2, 256, 299, 300])
    def test_it_continues_every_earlier_head(self, tmp_path: Path, old: int) -> None:
        entries = bodies(300)
        put(tmp_path / "log", files_of(entries))
        note = tmp_path / "old"
        note.write_bytes(files_of(entries[:old])["checkpoint"])

        assert judged(tmp_path / "log", "--old", str(note))["ok"]

    def test_a_full_bundle_may_stand_for_its_partial_one(self, tmp_path: Path) -> None:
        entries = bodies(300)
        files = files_of(entries[:200]) | files_of(entries)
        files["checkpoint"] = files_of(entries[:200])["checkpoint"]
        del files["tile/entries/000.p/200"], files["tile/0/000.p/200"]

        assert judged(put(tmp_path, files))["ok"]

    @pytest.mark.parametrize("end", [
        EventType.CONSENT_REVOKED,
        EventType.CONSENT_VOIDED,
        EventType.CONSENT_USE_WITHDRAWN,
        EventType.CONSENT_VOID_FOUND,
        EventType.CONSENT_EXPIRED,
        EventType.CONSENT_EXHAUSTED,
    ])  # fmt: skip
    @pytest.mark.promise("I5")
    def test_a_release_after_the_end_of_its_consent_is_refused(
        self, tmp_path: Path, end: EventType
    ) -> None:
        issued, fetched = of_chain(EventType.PACKET_ISSUED), of_chain(EventType.PACKET_FETCHED)
        final = end not in {EventType.CONSENT_EXPIRED, EventType.CONSENT_EXHAUSTED}

        good = judged(put(tmp_path / "good", a_log(issued, fetched, of_chain(end))))
        late = judged(put(tmp_path / "late", a_log(of_chain(end), issued)))
        late_fetch = judged(put(tmp_path / "fetch", a_log(issued, of_chain(end), fetched)))

        assert good["ok"]
        assert late["code"] == "log.order"
        assert late_fetch["code"] == ("log.order" if final else None)

    @pytest.mark.promise("I1")
    def test_a_leaf_that_stands_twice_is_refused(self, tmp_path: Path) -> None:
        leaf = a_leaf()
        again = a_leaf(ref=leaf.ref)

        assert judged(put(tmp_path, a_log(leaf, again)))["code"] == "log.duplicate"

    def test_a_leaf_of_another_form_is_refused(self, tmp_path: Path) -> None:
        files = files_of([opened().body(), b'{"name":"secret"}'])

        found = judged(put(tmp_path, files))

        assert found["code"] == "leaf.format"
        assert "secret" not in json.dumps(found)

    def test_the_first_leaf_opens_the_log(self, tmp_path: Path) -> None:
        assert judged(put(tmp_path / "a", files_of([a_leaf().body()])))["code"] == "log.order"
        assert judged(put(tmp_path / "b", a_log(opened())))["code"] == "log.order"

    @pytest.mark.parametrize(
        "name", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"]
    )
    def test_a_missing_or_changed_tile_is_refused(self, tmp_path: Path, name: str) -> None:
        files = files_of(bodies(300))
        missing = {one: data for one, data in files.items() if one != name}
        changed = files | {name: files[name][:-1] + bytes([files[name][-1] ^ 1])}

        assert judged(put(tmp_path / "missing", missing))["code"] == "log.tile"
        assert judged(put(tmp_path / "changed", changed))["code"] in {"log.tile", "leaf.format"}

    def test_without_a_checkpoint_it_is_refused(self, tmp_path: Path) -> None:
        assert judged(tmp_path)["code"] == "log.tile"


class TestRun:
    def test_the_module_runs_without_the_platform(self, tmp_path: Path) -> None:
        put(tmp_path, files_of(bodies(3)))
        program = (
            "import sys; sys.argv[1:] = sys.argv[1:]\n"
            "from consent.ledger import verify\n"
            "code, _ = verify.run()\n"
            "loaded = {name.partition('.')[0] for name in sys.modules}\n"
            "assert not loaded & {'yidaitong', 'sqlalchemy', 'flask', 'psycopg'}, loaded\n"
            "sys.exit(code)"
        )

        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path), "--vkey", VKEY], check=False
        )

        assert done.returncode == 0

    def test_a_key_may_be_in_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text(VKEY + "\n", encoding="utf-8")
        put(tmp_path / "log", files_of(bodies(3)))

        assert judged(tmp_path / "log", vkey=str(tmp_path / "key"))["ok"]

    def test_a_policy_file_is_used(self, tmp_path: Path) -> None:
        put(tmp_path / "log", files_of(bodies(3)))
        witness = VKey("w", KeyKind.COSIGNATURE, bytes(32))
        policy = tmp_path / "policy"
        policy.write_text(f"log {VKEY}\nwitness w {witness}\nquorum w\n", encoding="utf-8")

        code, said = run([str(tmp_path / "log"), "--policy", str(policy), "--json"])

        assert code == 1
        assert json.loads(said)["code"] == "policy.quorum"

    def test_exit_codes_say_why(self, tmp_path: Path) -> None:
        put(tmp_path / "log", files_of(bodies(3)))
        receipt = saved(tmp_path / "r", vector("revocation_receipt"))
        (tmp_path / "bad").write_text("rubbish", encoding="utf-8")

        assert run([str(tmp_path / "none"), "--vkey", VKEY])[0] == 2
        assert run([str(tmp_path / "log"), "--vkey", str(tmp_path / "none")])[0] == 2
        assert run([str(tmp_path / "log"), "--policy", str(tmp_path / "bad")])[0] == 1
        assert run([str(tmp_path / "log"), "--vkey", str(tmp_path / "bad")])[0] == 1
        assert run([str(tmp_path / "log")])[0] == 3
        log_head = str(tmp_path / "log" / "checkpoint")
        words = [str(receipt), "--vkey", EXAMPLE_VKEY, "--old"]
        assert run([*words, log_head])[0] == 1
        assert run([*words, str(receipt)])[0] == 0
        with pytest.raises(SystemExit) as usage:
            run(["--vkey"])
        assert usage.value.code == 2

    def test_a_person_reads_a_line_a_check(self, tmp_path: Path) -> None:
        put(tmp_path, files_of(bodies(3)))

        _, said = run([str(tmp_path), "--vkey", VKEY])

        assert said.splitlines()[-1] == f"verified: {SIGNER.name}, size 3"
        assert "ok      log.order" in said
