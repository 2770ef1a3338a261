"""The packet inbox: open with the bank's key, verify, show, acknowledge, download."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

import bank_portal
from tests.bank_portal.builders import Banker, a_banker, words
from tests.packets.builders import Story, a_story
from yidaitong.app import create_app
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto import jwe
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.packets.queries import packet_of
from yidaitong.runtime import Runtime


@pytest.fixture
def keyed(runtime: Runtime, tmp_path: Path) -> Iterator[Runtime]:
    """The same database, with a folder for the bank's keys."""
    folder = tmp_path / "bank-keys"
    folder.mkdir()
    made = Runtime(replace(runtime.settings, bank_keys_dir=folder))
    yield made
    made.close()


@pytest.fixture
def story(keyed: Runtime) -> Story:
    """A consent, departments, and a bank whose keys the portal may use."""
    made = a_story(keyed)
    folder = keyed.settings.bank_keys_dir
    assert folder is not None
    for use, jwk in (("enc", made.enc), ("ack", made.ack)):
        (folder / f"{made.bank_id}.{use}.jwk.json").write_text(json.dumps(jwk))
    return made


@pytest.fixture
def app(keyed: Runtime) -> Flask:
    """The application with the bank's keys at hand."""
    return create_app(keyed, [bank_portal])


@pytest.fixture
def maker(app: Flask, keyed: Runtime) -> Banker:
    """A loan officer."""
    return a_banker(app, keyed, "maker")


def state_of(rt: Runtime, packet_id: object) -> str:
    with rt.transaction(SYSTEM) as uow:
        return packet_of(uow, packet_id).state.value  # type: ignore[arg-type]  # an id


class TestPackets:
    def test_open_verify_show_and_acknowledge(
        self, story: Story, keyed: Runtime, maker: Banker
    ) -> None:
        packet_id = story.sealed()
        page = f"/bank/packets/{packet_id}"
        assert str(packet_id) in maker.get("/bank/packets")
        assert maker.post(f"{page}/acknowledgement").status_code == 409

        opened = maker.post(f"{page}/opening")

        assert opened.status_code == 200
        assert "全部校验通过" in opened.text
        assert "近12个月缴税" in words(opened.text)
        assert state_of(keyed, packet_id) == "FETCHED"
        assert "近12个月缴税" not in words(maker.get(page))
        assert maker.post(f"{page}/acknowledgement").status_code == 303
        assert state_of(keyed, packet_id) == "ACKED"

    def test_download_gives_what_only_the_bank_opens(self, story: Story, maker: Banker) -> None:
        packet_id = story.sealed()

        page = maker.post(f"/bank/packets/{packet_id}/download")
        api = maker.api("GET", f"/packets/{packet_id}/sealed")

        assert page.headers["Content-Type"].startswith("application/jose")
        assert page.text == api.text
        key = PrivateKey.read(story.enc, use="enc")
        assert jwe.decrypt(key, page.text, typ="ydt-delivery+jwe", cty="ydt-delivery+json")

    def test_a_packet_waits_for_its_proof(self, story: Story, maker: Banker) -> None:
        packet_id = story.release(story.collect())
        page = f"/bank/packets/{packet_id}"
        assert "正在存证" in maker.get(page)

        refused = maker.post(f"{page}/opening")

        assert refused.status_code == 503
        assert maker.api("GET", f"/packets/{packet_id}/sealed").status_code == 503

    def test_without_a_key_the_portal_says_how(
        self, story: Story, keyed: Runtime, maker: Banker
    ) -> None:
        packet_id = story.sealed()
        folder = keyed.settings.bank_keys_dir
        assert folder is not None
        (folder / f"{story.bank_id}.enc.jwk.json").unlink()

        refused = maker.post(f"/bank/packets/{packet_id}/opening")

        assert refused.status_code == 409
        assert "通过接口领取" in refused.text
        assert state_of(keyed, packet_id) == "SEALED"
