"""Every kind of key changes while firms apply: no request fails, and every packet verifies."""

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from consent.encoding import b64u_decode
from tests.journeys.stacks import Stack, command, running
from tests.journeys.test_kill import hand_in, settled
from yidaitong.kernel.crypto.keys import generate
from yidaitong.sandbox import bankkeys
from yidaitong.sandbox.bankkeys import BankKeys
from yidaitong.sandbox.demo import BANKS
from yidaitong.sandbox.staff import PASSWORD
from yidaitong.sandbox.story import StoryError, checking
from yidaitong.sandbox.story.bank import API, Lender
from yidaitong.sandbox.story.checking import Checker, Pinned
from yidaitong.sandbox.story.client import Party, wait_for
from yidaitong.sandbox.story.plan import stories
from yidaitong.sandbox.story.running import lender
from yidaitong.sandbox.story.signing import Signer

pytestmark = [pytest.mark.xdist_group("kill"), pytest.mark.promise("T22"), pytest.mark.timeout(600)]
OURS = ("packet", "artefact", "receipt", "ticket", "notice")
WATCHED = ("/ready", "/.well-known/jwks.json", "/ledger/checkpoint", "/login")
BEFORE, DURING, AFTER = 1, 4, 2


def run(home: Path, *words: str) -> str:
    done = command(home, *words)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


@contextmanager
def watched(stack: Stack) -> Iterator[list[str]]:
    """Pages asked for without pause; what did not answer 200."""
    failed: list[str] = []
    stop = threading.Event()

    def loop() -> None:
        session = requests.Session()
        while not stop.is_set():
            for path in WATCHED:
                answer = session.get(f"{stack.base_url}{path}", timeout=10)
                if answer.status_code != 200:
                    failed.append(f"{path} {answer.status_code}")
            stop.wait(0.05)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield failed
    finally:
        stop.set()
        thread.join()


def written(folder: Path, name: str, jwk: dict[str, str]) -> str:
    path = folder / f"{name}.jwk"
    path.write_text(json.dumps(jwk), encoding="utf-8")
    return str(path)


def taken_over(home: Path, folder: Path, owner: str, *words: str) -> None:
    """A statement of ``owner``, written by him, put forward and taken over by two persons."""
    statement = folder / f"{owner}.json"
    statement.write_text(run(home, "keys", "announce", owner, *words), encoding="utf-8")
    secret = ("--password", PASSWORD, "--json")
    officer = ("--owner", owner, "--login", "centre.officer", *secret)
    proposed = json.loads(run(home, "keys", "propose", str(statement), *officer))
    checker = ("--login", "centre.checker", *secret)
    run(home, "keys", "take-over", proposed["statement_id"], *checker)


def bank_changes(home: Path, folder: Path, bank_id: str) -> BankKeys:
    """All three keys of a bank; only one key may be sealed to at a time."""
    here = home / "sandbox" / "bank-keys"
    old = bankkeys.ensure(here, bank_id)
    new = BankKeys(
        enc=generate("X25519"), ack=generate("Ed25519"), msg=generate("Ed25519", ydt_use="msg")
    )
    words = ["--old", str(here / f"{bank_id}.ack.jwk.json"), "--retire", old.enc["kid"]]
    for name in ("enc", "ack", "msg"):
        words += ["--new", written(folder, f"{bank_id}.{name}", dict(getattr(new, name)))]
    taken_over(home, folder, bank_id, *words)
    return new


def change_everything(home: Path, folder: Path) -> dict[str, BankKeys]:
    """Every kind of key there is, once."""
    for use in OURS:
        run(home, "keys", "rotate", use)
    run(home, "ledger", "rotate-key")
    run(home, "keys", "new-kek")
    run(home, "keys", "rewrap")
    samr = home / "sandbox" / "SAMR.jwk.json"
    new = written(folder, "SAMR", generate("Ed25519", ydt_owner="SAMR"))
    taken_over(home, folder, "SAMR", "--old", str(samr), "--new", new)
    return {bank_id: bank_changes(home, folder, bank_id) for bank_id in BANKS}


def desk_of(stack: Stack, bank_id: str, keys: BankKeys, pinned: Pinned) -> Lender:
    """People sign with the new key; the machine was admitted under its own, which stays."""
    folder = stack.home / "sandbox" / "bank-keys"
    desk = Checker(bank_id=bank_id, keys=keys, pinned=pinned)
    client_id = bankkeys.client_id(folder, bank_id)
    signer = Signer(bankkeys.ensure(folder, bank_id).msg, stack.base_url)
    machine = Party(base_url=stack.base_url, signer=signer, client_id=client_id)
    return replace(lender(stack.base_url, desk, client_id), machine=machine)


def fetched(one: Lender, packet_id: str) -> str:
    def look() -> str | None:
        try:
            return one.machine.text(f"{API}/packets/{packet_id}/sealed")
        except StoryError as error:
            if error.code == "EvidenceUnavailable":
                return None
            raise

    return wait_for(f"packet {packet_id}", look)


def checked(one: Lender, old: BankKeys, case: dict[str, Any], heads: Sequence[str]) -> set[str]:
    """The keys a case's packets were sealed to; each opens, verifies, and is signed for.

    A proof stands under a head of its time: the bank has pinned the log's old key and its new one.
    """
    used = set()
    for packet in case["packets"]:
        text = fetched(one, packet["id"])
        kid = json.loads(b64u_decode(text.split(".")[0]))["kid"]
        new = one.desk.keys
        keys = new if kid == new.enc["kid"] else old
        reports = [
            replace(one.desk, keys=keys, pinned=replace(one.desk.pinned, vkey=vkey)).check(
                text, packet["pull_id"]
            )
            for vkey in heads
        ]
        report = next((one for one in reports if one.ok), reports[-1])
        assert report.ok, report.checks
        assert report.packet is not None
        rx = one.desk.sign_for(packet["id"], report.packet.packet_sha256)
        one.machine.post(f"{API}/packets/{packet['id']}/acknowledgement", {"rx": rx})
        used.add(kid)
    return used


def test_every_kind_of_key_changes_under_load(tmp_path: Path) -> None:
    home = tmp_path / "home"
    plan = list(zip(range(BEFORE + DURING + AFTER), stories(date.today(), 40), strict=False))  # noqa: DTZ011 - any day will do
    firms = [story for _, story in plan]
    with running(home) as stack, watched(stack) as failed, ThreadPoolExecutor(2) as pool:
        first = Pinned.fetch(Party(base_url=stack.base_url))
        handed = [hand_in(stack, story) for story in firms[:BEFORE]]
        meanwhile = [pool.submit(hand_in, stack, one) for one in firms[BEFORE : BEFORE + DURING]]
        new = change_everything(home, tmp_path)
        handed += [one.result() for one in meanwhile]
        handed += [hand_in(stack, story) for story in firms[BEFORE + DURING :]]

        pinned = Pinned.fetch(Party(base_url=stack.base_url))
        desks = {bank_id: desk_of(stack, bank_id, new[bank_id], pinned) for bank_id in BANKS}
        used: dict[str, set[str]] = {bank_id: set() for bank_id in BANKS}
        for application_id, bank_id, consents in handed:
            case = wait_for("case", settled(desks[bank_id], application_id))
            assert len(case["packets"]) == consents
            old = bankkeys.ensure(home / "sandbox" / "bank-keys", bank_id)
            used[bank_id] |= checked(desks[bank_id], old, case, (pinned.vkey, first.vkey))
        checking.mirror_log(Party(base_url=stack.base_url), tmp_path / "log")

        assert checking.log_holds(tmp_path / "log", pinned.vkey)
        assert {one.enc["kid"] for one in new.values()} & set().union(*used.values())
        assert failed == []
        check = command(home, "ops", "check", "--json")
        assert check.returncode == 0, check.stdout + check.stderr
