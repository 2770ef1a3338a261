"""The verifier on exported logs: tiles, leaves, and the promises any reader can judge."""

import json
from pathlib import Path

import pytest

from consent.encoding import b64u
from consent.events import PUBLIC, EventType
from consent.ledger.checkpoint import Checkpoint
from consent.ledger.folders import verify_folder
from consent.ledger.leaves import Leaf
from consent.ledger.merkle import EMPTY_ROOT
from consent.ledger.policy import policy_of
from tests.consent.ledger.builders import a_leaf, bodies, files_of, head_of, opened
from tests.consent.ledger.judging import SIGNER, VKEY, judged, put
from yidaitong.kernel.ids import uuid7


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

    def test_a_bundle_with_too_few_entries_is_refused(self, tmp_path: Path) -> None:
        files = files_of(bodies(3))
        files["tile/entries/000.p/3"] = files_of(bodies(2))["tile/entries/000.p/2"]

        assert judged(put(tmp_path, files))["code"] == "log.tile"

    def test_a_head_over_other_entries_is_refused(self, tmp_path: Path) -> None:
        files = files_of(bodies(3)) | {"checkpoint": files_of(bodies(3, seed=2))["checkpoint"]}

        assert judged(put(tmp_path, files))["code"] == "proof.inclusion"

    def test_a_head_of_another_log_says_nothing_about_this_one(self) -> None:
        read, policy = files_of(bodies(3)).get, policy_of(VKEY)
        empty = Checkpoint(SIGNER.name, 0, EMPTY_ROOT)

        assert verify_folder(read, policy, empty).ok
        other = verify_folder(read, policy, head_of(bodies(3), "log.other.example"))
        assert other.code == "proof.consistency"

    def test_without_a_checkpoint_it_is_refused(self, tmp_path: Path) -> None:
        assert judged(tmp_path)["code"] == "log.tile"
