"""Statements on pages: put forward by one person, taken over by another, seen in both languages."""

import pytest
from flask import Flask

import gov_portal
from tests.gov_portal.test_pages import entered
from tests.packets.builders import Story, a_story
from tests.packets.test_keychanges import bundle_of
from tests.packets.test_reconciling import ONE
from yidaitong.app import create_app
from yidaitong.departments.pins import Pins
from yidaitong.kernel.clock import iso_ms, wall
from yidaitong.kernel.crypto.keys import generate
from yidaitong.kernel.crypto.statements import Plan, write_bundle
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import hire

PAGE = "/gov/key-statements"


@pytest.fixture
def story(runtime: Runtime) -> Story:
    hire(runtime)
    return a_story(runtime, ONE)


@pytest.fixture
def app(story: Story) -> Flask:
    return create_app(story.runtime, [gov_portal])


def put(app: Flask, owner: str, bundle: str) -> int:
    officer = entered(app, "centre.officer")
    return officer.post(PAGE, {"owner": owner, "bundle": bundle}, PAGE).status_code


def take(app: Flask) -> int:
    checker = entered(app, "centre.checker")
    page = checker.get(PAGE)
    action = page.split("/confirmation")[0].rsplit('"', 1)[-1]
    return checker.post(f"{action}/confirmation", {}, PAGE).status_code


@pytest.mark.promise("T22")
def test_a_bank_and_a_department(app: Flask, story: Story) -> None:
    enc, new = generate("X25519"), generate("Ed25519")
    old = story.departments.keys["SAMR"]
    plan = Plan(owner="SAMR", retire=(old.kid,), from_at=iso_ms(wall()), reason="YEARLY")

    assert put(app, story.bank_id, bundle_of(story, enc)) == 303
    assert take(app) == 303
    assert put(app, "SAMR", write_bundle(old, [new], plan)) == 303
    assert take(app) == 303

    page = entered(app, "centre.officer", "en").get(PAGE)
    assert page.count("Taken over") == 2
    assert enc["kid"] in page
    pins = Pins(story.runtime.settings.gateway_keys_file)
    assert set(pins.keys_of("SAMR", wall())) == {new["kid"]}


@pytest.mark.parametrize("bundle", ["", "{}", "x" * 70_000, "\u0000"])
def test_what_is_no_statement_is_told_on_the_page(app: Flask, story: Story, bundle: str) -> None:
    assert put(app, story.bank_id, bundle) == 400
    assert "尚无声明" in entered(app, "centre.officer").get(PAGE)


@pytest.mark.parametrize("login", ["gov.viewer", "gov.auditor", "qilu.maker"])
def test_others_do_not_open_it(app: Flask, login: str) -> None:
    entered(app, login).get(PAGE, 403)
