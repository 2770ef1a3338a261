"""The bank's duties on pages and by API: sign an erasure, keep by law, lift, dispute, receipts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

import bank_portal
import gov_portal
from tests.bank_portal.builders import Banker, a_banker, words
from tests.enterprise_portal.builders import visitor
from tests.packets.builders import Story, a_story
from yidaitong.app import create_app
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date, wall
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.packets import attesting
from yidaitong.packets.attesting import Erasure, Method
from yidaitong.packets.models import PacketCopy
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import PASSWORD, hire

HEX = "ab" * 32


@pytest.fixture
def keyed(runtime: Runtime, tmp_path: Path) -> Iterator[Runtime]:
    folder = tmp_path / "bank-keys"
    folder.mkdir()
    made = Runtime(replace(runtime.settings, bank_keys_dir=folder))
    yield made
    made.close()


@pytest.fixture
def story(keyed: Runtime) -> Story:
    made = a_story(keyed)
    folder = keyed.settings.bank_keys_dir
    assert folder is not None
    for use, jwk in (("enc", made.enc), ("ack", made.ack)):
        (folder / f"{made.bank_id}.{use}.jwk.json").write_text(json.dumps(jwk))
    return made


@pytest.fixture
def app(keyed: Runtime) -> Flask:
    return create_app(keyed, [bank_portal, gov_portal])


@pytest.fixture
def checker(app: Flask, keyed: Runtime) -> Banker:
    return a_banker(app, keyed, "checker")


@pytest.fixture
def packet_id(story: Story) -> UUID:
    made = story.sealed()
    story.fetch(made)
    return made


def copy_of(story: Story, packet_id: UUID) -> PacketCopy:
    with story.runtime.transaction(SYSTEM) as uow:
        return uow.session.get_one(PacketCopy, packet_id)


class TestErasing:
    def test_the_ticked_copies_are_signed_for(
        self, story: Story, packet_id: UUID, checker: Banker
    ) -> None:
        digest = copy_of(story, packet_id).packet_sha256
        assert digest in checker.get("/bank/duties")
        nothing = checker.post("/bank/duties/erasure", method="OVERWRITE", operator="A7")
        form = {"packets": digest, "method": "OVERWRITE", "operator": "A7"}
        done = checker.post("/bank/duties/erasure", **form)

        assert (nothing.status_code, done.status_code) == (400, 303)
        assert copy_of(story, packet_id).state == "ERASED"
        assert "已删除" in words(checker.get("/bank/duties?group=ERASED"))

    def test_by_api_with_the_banks_own_signature(
        self, story: Story, packet_id: UUID, checker: Banker
    ) -> None:
        said = Erasure(
            packets=(copy_of(story, packet_id).packet_sha256,),
            method=Method.CRYPTO_ERASE,
            operator="A7",
            at=wall(),
        )
        text = attesting.statement(PrivateKey.read(story.ack), story.bank_id, said)
        answers = [checker.api("POST", "/erasures", {"attestation": text}) for _ in range(2)]
        bad = checker.api("POST", "/erasures", {"attestation": "a.b.c"})

        assert [one.get_json()[0]["state"] for one in answers] == ["ERASED", "ERASED"]
        assert 400 <= bad.status_code < 500


class TestHolding:
    def test_keep_by_law_and_end_it(self, story: Story, packet_id: UUID, checker: Banker) -> None:
        page = f"/bank/duties/{packet_id}"
        until = business_date(wall()) + timedelta(days=30)
        form = {"basis": "AML", "scope": "客户档案", "until": str(until), "evidence_sha256": HEX}
        wrong = checker.post(f"{page}/hold", **(form | {"evidence_sha256": "x"}))
        held = checker.post(f"{page}/hold", **form)
        shown = words(checker.get(page))
        lifted = checker.api("POST", f"/copies/{packet_id}/lifting", {})

        assert (wrong.status_code, held.status_code) == (400, 303)
        assert "反洗钱义务" in shown
        assert lifted.get_json()["state"] == "ERASE_DUE"

    @pytest.mark.promise("T5")
    def test_another_bank_finds_no_copy(self, app: Flask, keyed: Runtime, packet_id: UUID) -> None:
        other = a_banker(app, keyed, "product", "bank-other")
        assert other.api("GET", f"/copies/{packet_id}").status_code in {403, 404}


class TestWatching:
    def test_officials_see_and_decide(
        self, app: Flask, keyed: Runtime, story: Story, packet_id: UUID, checker: Banker
    ) -> None:
        hire(keyed)
        assert checker.post(f"/bank/packets/{packet_id}/dispute").status_code == 303
        until = str(business_date(wall()) + timedelta(days=30))
        body = {"basis": "DISPUTE", "scope": "诉讼", "until": until, "evidence_sha256": HEX}
        assert checker.api("POST", f"/copies/{packet_id}/hold", body).status_code == 200
        official = visitor(app)
        official.post("/login", {"login": "centre.checker", "password": PASSWORD})
        page = words(official.get("/gov/duties"))
        rejected = official.post(f"/gov/duties/{packet_id}/rejection", {}, "/gov/duties")
        resolved = official.post(
            f"/gov/duties/{packet_id}/outcome", {"fault": "PLATFORM"}, "/gov/duties"
        )

        assert "争议或诉讼" in page
        assert (rejected.status_code, resolved.status_code) == (303, 303)
        assert copy_of(story, packet_id).state == "ERASE_DUE"
        assert "没有待处理的异议" in words(official.get("/gov/duties"))


class TestReceipts:
    def test_the_bank_has_its_own_view(
        self, keyed: Runtime, story: Story, packet_id: UUID, checker: Banker
    ) -> None:
        ledger.step(keyed)
        chain_id = story.case.chain_id
        page = words(checker.get(f"/bank/consents/{chain_id}/receipts"))
        found = checker.api("GET", f"/consents/{chain_id}/receipts").get_json()
        paper = checker.client.get(f"/bank/consents/{chain_id}/receipts/RELEASE/pdf")

        assert "您" not in "".join(one["text_zh"] for one in found)
        assert {one["view"]["for"] for one in found} == {"BANK"}
        assert {one["receipt_type"] for one in found} >= {"RELEASE"}
        assert all(one["withdrawal"] is None for one in found)
        assert "签发数据包" in page
        assert paper.data.startswith(b"%PDF")
        assert packet_id
