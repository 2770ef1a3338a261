"""The log explorer: one leaf and the way to its root, growth between heads, files to take home."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

import gov_portal
from consent.ledger.checkpoint import open_checkpoint
from consent.ledger.entries import submit
from consent.ledger.leaves import parse_leaf
from consent.ledger.merkle import leaf_hash, verify_inclusion
from consent.ledger.note import read_vkey
from consent.ledger.proofs import inclusion_at
from consent.ledger.prooftext import read_proof
from consent.ledger.signatures import verifier_of
from tests.browser import DESKTOP, PHONE, Visit, chromium, serving, visit
from tests.consent.ledger.builders import a_leaf
from tests.enterprise_portal.builders import Person, text_of, visitor
from yidaitong.app import create_app
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import PASSWORD, hire

__all__ = ["chromium", "visit"]
SIZES = [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop")]


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    hire(runtime)
    for count in (4, 300):
        with runtime.transaction(SYSTEM) as uow:
            for _ in range(count):
                submit(uow.session, a_leaf())
        ledger.step(runtime)
    return create_app(runtime, [gov_portal])


def entered(app: Flask, language: str = "zh-CN") -> Person:
    person = visitor(app, language)
    answer = person.post("/login", {"login": "gov.viewer", "password": PASSWORD})
    assert answer.status_code == 303
    return person


class TestEntry:
    def test_its_way_up_is_drawn_hash_by_hash(self, app: Flask, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            found = inclusion_at(uow.session, 137)
        for language in ("zh-CN", "en"):
            page = entered(app, language).get("/gov/ledger/entries/137")
            assert page.count("<rect") == 2 * len(found.steps) + 1 + page.count("ydt-mark")
            for step in found.steps:
                assert step.sibling.hex() in page
                assert step.result.hex() in page
            assert found.steps[-1].result == found.head.root

    def test_the_proof_file_is_checked_without_us(self, app: Flask, runtime: Runtime) -> None:
        person = entered(app)
        answer = person.client.get("/gov/ledger/entries/137/proof")
        told = person.client.get("/api/gov/v1/ledger/entries/137")

        proof = read_proof(answer.text)
        head = open_checkpoint(
            proof.note.encode(), [verifier_of(read_vkey(ledger.vkey(runtime)))]
        ).checkpoint
        with runtime.transaction(SYSTEM) as uow:
            body = inclusion_at(uow.session, 137).body
        verify_inclusion(137, head.size, leaf_hash(body), proof.hashes, head.root)
        assert "entry-137.tlog-proof" in answer.headers["Content-Disposition"]
        assert told.status_code == 401  # Pages' cookies open no API.
        assert str(parse_leaf(body).ref) in person.get("/gov/ledger/entries/137")

    @pytest.mark.parametrize("path", ["entries/305", "entries/99999999", "entries/305/proof"])
    def test_what_no_published_head_covers_is_not_found(self, app: Flask, path: str) -> None:
        entered(app).get(f"/gov/ledger/{path}", 404)

    def test_a_search_leads_to_it(self, app: Flask) -> None:
        answer = entered(app).client.get("/gov/ledger?index=7")
        assert answer.status_code == 303
        assert answer.location == "/gov/ledger/entries/7"


class TestWitnesses:
    def test_the_newest_head_of_each_is_shown(self, app: Flask, runtime: Runtime) -> None:
        with ledger.owner(runtime) as uow:
            for name, size in (("qilu", 5), ("qilu", 305), ("quancheng", 5)):
                uow.session.execute(
                    text(
                        "INSERT INTO ledger.cosignature (size, witness, line) VALUES (:s, :w, '-')"
                    ),
                    {"s": size, "w": name},
                )
            uow.session.commit()

        page = text_of(entered(app).get("/gov/ledger"))

        assert re.search(r"qilu 305 .* quancheng 5 ", page)


class TestGrowth:
    def test_both_roots_are_made_of_the_drawn_parts(self, app: Flask) -> None:
        page = entered(app, "en").get("/gov/ledger/growth?old=5&new=305")

        assert "Nothing was rewritten" in page
        assert page.count("ydt-old") >= 2
        assert page.count("ydt-new") >= 2

    @pytest.mark.parametrize("query", ["old=6&new=305", "old=305&new=5", "old=5&new=306"])
    def test_heads_that_were_never_shown_are_not_found(self, app: Flask, query: str) -> None:
        entered(app).get(f"/gov/ledger/growth?{query}", 404)

    @pytest.mark.parametrize("query", ["", "old=0&new=5", "old=x&new=5", "old=1"])
    def test_strange_queries_are_refused(self, app: Flask, query: str) -> None:
        entered(app).get(f"/gov/ledger/growth?{query}", 400)


@pytest.mark.browser
@pytest.mark.parametrize(
    "size", [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desk")]
)
def test_pages_are_seen_whole(
    app: Flask, visit: Callable[..., Visit], size: tuple[int, int], tmp_path: Path
) -> None:
    with serving(app) as address:
        seen = visit(address, size)
        page = seen.go("/login")
        page.fill("[name=login]", "gov.viewer")
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        page.wait_for_url("**/gov/")
        for name, path in {
            "ledger": "/gov/ledger",
            "ledger-entry": "/gov/ledger/entries/137",
            "ledger-growth": "/gov/ledger/growth?old=5&new=305",
        }.items():
            seen.noises.clear()
            seen.go(path)
            seen.shoot(name)
            assert seen.problems() == [], name
