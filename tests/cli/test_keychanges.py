"""A department's and a bank's keys change on the command line; what a key touched is listed."""

import json
from pathlib import Path

import pytest

from tests.cli.test_commands import _run, installed
from tests.packets.builders import Story, a_story
from tests.packets.test_reconciling import ONE, taken
from yidaitong.departments.pins import Pins
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto.keys import generate
from yidaitong.kernel.errors import InvalidRequestError, NotFoundError
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import PASSWORD, hire

__all__ = ["installed"]

pytestmark = pytest.mark.promise("T22")
SECRET = ("--password", PASSWORD, "--json")


@pytest.fixture
def story(installed: Runtime, monkeypatch: pytest.MonkeyPatch) -> Story:
    hire(installed)
    story = a_story(installed, ONE)
    monkeypatch.setenv("YDT_GATEWAY_KEYS_FILE", str(installed.settings.gateway_keys_file))
    return story


def written(folder: Path, name: str, jwk: dict[str, str]) -> str:
    path = folder / name
    path.write_text(json.dumps(jwk), encoding="utf-8")
    return str(path)


def announced(folder: Path, *words: str) -> str:
    done = _run("keys", "announce", *words)
    assert done.exit_code == 0, done.output
    path = folder / "statement.json"
    path.write_text(done.stdout, encoding="utf-8")
    return str(path)


def taken_over(statement: str, owner: str) -> dict[str, object]:
    proposed = _run(
        "keys", "propose", statement, "--owner", owner, "--login", "centre.officer", *SECRET
    )
    statement_id = json.loads(proposed.stdout)["statement_id"]
    assert statement_id in _run("keys", "waiting").stdout
    done = _run("keys", "take-over", statement_id, "--login", "centre.checker", *SECRET)
    told: dict[str, object] = json.loads(done.stdout)
    assert _run("keys", "waiting").stdout == "none\n"
    return {**told, "statement_id": statement_id}


def test_a_department_changes_its_key_and_lost_pins_are_written_again(
    story: Story, tmp_path: Path
) -> None:
    file = story.runtime.settings.gateway_keys_file
    before = file.read_bytes()
    folder = story.runtime.settings.home / "sandbox"
    new = generate("Ed25519", ydt_owner="SAMR")
    statement = announced(
        tmp_path, "SAMR", "--old", str(folder / "SAMR.jwk.json"),
        "--new", written(tmp_path, "new.jwk", new),
        "--retire", story.departments.keys["SAMR"].kid,
    )  # fmt: skip
    assert new["d"] not in Path(statement).read_text(encoding="utf-8")

    told = taken_over(statement, "SAMR")

    assert told["added"] == [new["kid"]]
    assert set(Pins(file).keys_of("SAMR", wall())) == {new["kid"]}
    file.write_bytes(before)
    again = ("--again", "--login", "centre.checker", *SECRET)
    assert _run("keys", "take-over", str(told["statement_id"]), *again).exit_code == 0
    assert set(Pins(file).keys_of("SAMR", wall())) == {new["kid"]}


def test_a_bank_changes_the_key_packets_go_to(story: Story, tmp_path: Path) -> None:
    enc = generate("X25519")
    statement = announced(
        tmp_path, story.bank_id, "--old", written(tmp_path, "ack.jwk", story.ack),
        "--new", written(tmp_path, "enc.jwk", enc), "--retire", story.enc["kid"],
    )  # fmt: skip

    assert taken_over(statement, story.bank_id)["retired"] == [story.enc["kid"]]
    taken_by = json.loads(_run("keys", "touched", enc["kid"], "--json").stdout)
    assert (taken_by["key"]["owner"], taken_by["touched"]) == (story.bank_id, [])


def test_what_a_key_touched_is_listed(story: Story) -> None:
    taken(story, "one")

    text = _run("keys", "touched", story.enc["kid"]).stdout

    assert text.splitlines()[0].startswith("enc key of bank-qilu since")
    assert text.splitlines()[1].split() == ["1", "packet", "bank-qilu"]
    with pytest.raises(NotFoundError):
        _run("keys", "touched", "nobody")


def test_what_is_no_statement_is_refused(story: Story, tmp_path: Path) -> None:
    rubbish = tmp_path / "x.json"
    rubbish.write_text("{}", encoding="utf-8")
    who = ("--owner", story.bank_id, "--login", "centre.officer", *SECRET)

    with pytest.raises(InvalidRequestError):
        _run("keys", "propose", str(rubbish), *who)
    public = {name: value for name, value in story.ack.items() if name != "d"}
    words = ("--old", written(tmp_path, "a", public), "--new", written(tmp_path, "b", story.enc))
    assert _run("keys", "announce", story.bank_id, *words).exit_code == 2
    rubbish.write_text("{" + " " * 70_000, encoding="utf-8")
    assert _run("keys", "propose", str(rubbish), *who).exit_code == 2
