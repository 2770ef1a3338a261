"""Prove it yourself: from an event or a receipt to files that a verifier takes without us."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from consent.ledger.prooftext import read_proof
from consent.ledger.verify import run
from tests.browser import DESKTOP, PHONE, Visit, chromium, serving, visit
from tests.enterprise_portal.builders import PASSWORD, Person, text_of
from tests.enterprise_portal.world import World, another, registered, submitted
from yidaitong.jobs import ledger

__all__ = ["chromium", "visit"]
SIZES = [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop")]


@pytest.fixture
def story(world: World) -> tuple[Person, str, int]:
    """A firm, its authorization, and the entry of a look at its data."""
    person = registered(world, another())
    _, chains = submitted(world, person)
    world.work()
    page = person.get(f"/enterprise/authorizations/{chains[0]}")
    found = re.search(r"/events/(\d+)", page)
    assert found is not None
    return person, chains[0], int(found[1])


class TestEvent:
    def test_its_files_verify_offline(
        self, world: World, story: tuple[Person, str, int], tmp_path: Path
    ) -> None:
        person, chain, entry = story
        path = f"/enterprise/authorizations/{chain}/events/{entry}"

        page = text_of(person.get(path))
        file = person.client.get(f"{path}/file")
        proof = person.client.get(f"{path}/proof")

        assert "自己核验" in page
        (tmp_path / "vkey.txt").write_text(ledger.vkey(world.runtime), encoding="utf-8")
        (tmp_path / "event.json").write_text(file.text, encoding="utf-8")
        code, said = run([str(tmp_path / "event.json"), "--vkey", str(tmp_path / "vkey.txt")])
        assert code == 0, said
        assert read_proof(proof.text).index == read_proof(json.loads(file.text)["proof"]).index
        told = person.api("GET", f"/consents/{chain}/events/{entry}").get_json()
        assert told["opening"] == json.loads(file.text)["opening"]

        # One byte of what the event says, and the verifier refuses it.
        event = json.loads(file.text)
        event["opening"]["event"]["actor_role"] = "SOMEBODY"
        (tmp_path / "event.json").write_text(json.dumps(event), encoding="utf-8")
        assert run([str(tmp_path / "event.json"), "--vkey", str(tmp_path / "vkey.txt")])[0] == 1

    @pytest.mark.promise("T5")
    def test_a_strangers_event_is_not_found(
        self, world: World, story: tuple[Person, str, int]
    ) -> None:
        person, chain, entry = story
        other = registered(world, another())
        for tail in ("", "/file", "/proof"):
            other.get(f"/enterprise/authorizations/{chain}/events/{entry}{tail}", 404)
        person.get(f"/enterprise/authorizations/{chain}/events/999999999", 404)

    def test_a_receipt_leads_to_its_proof(
        self, world: World, story: tuple[Person, str, int]
    ) -> None:
        person, chain, _ = story
        page = person.get(f"/enterprise/authorizations/{chain}/receipts/GRANT")
        found = re.search(r"/enterprise/authorizations/[^\"]+/events/\d+", page)

        assert "python -m consent.ledger.verify receipt-" in page
        assert found is not None
        assert "consent.granted" in text_of(person.get(found[0]))


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
def test_the_page_is_seen_whole(
    world: World,
    story: tuple[Person, str, int],
    visit: Callable[..., Visit],
    size: tuple[int, int],
) -> None:
    person, chain, entry = story
    with serving(world.app) as address:
        seen = visit(address, size)
        page = seen.go("/login")
        page.fill("[name=login]", person.login)
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        page.wait_for_url("**/enterprise/")
        for name, path in {
            "proof": f"/enterprise/authorizations/{chain}/events/{entry}",
            "receipt-proof": f"/enterprise/authorizations/{chain}/receipts/GRANT",
        }.items():
            seen.noises.clear()
            seen.go(path)
            seen.shoot(name)
            assert seen.problems() == [], name
