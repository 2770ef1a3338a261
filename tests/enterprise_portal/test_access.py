"""Who saw my data, and every receipt: on pages, as files, by API, checked offline."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from consent.ledger.verify import run
from tests.enterprise_portal.builders import Person, text_of
from tests.enterprise_portal.world import World, another, registered, submitted
from yidaitong.authorizations.printing import receipt_pdf
from yidaitong.jobs import ledger
from yidaitong.kernel.ids import uuid7


@pytest.fixture
def seen(world: World) -> tuple[Person, list[str]]:
    """A firm whose departments have answered."""
    person = registered(world, another())
    _, chains = submitted(world, person)
    world.work()
    return person, chains


def printed(pdf: bytes) -> str:
    """The text of an uncompressed PDF, by the maps from glyphs to characters it carries."""
    glyphs: dict[str, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", pdf, re.DOTALL):
        for code, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            glyphs[code.decode().upper()] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for low, high, text in re.findall(
        rb"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>", pdf
    ):
        first = int(text, 16)
        for n in range(int(high, 16) - int(low, 16) + 1):
            glyphs.setdefault(f"{int(low, 16) + n:04X}", chr(first + n))
    return "".join(_shown(found, glyphs) for found in _strings(pdf))


def _strings(pdf: bytes) -> list[bytes]:
    plain = [_unescaped(one) for one in re.findall(rb"\(((?:\\.|[^\\()])*)\)", pdf, re.DOTALL)]
    return [one for one in plain if len(one) % 2 == 0]


def _unescaped(data: bytes) -> bytes:
    ends = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    return re.sub(rb"\\(.)", lambda found: ends.get(found[1], found[1]), data, flags=re.DOTALL)


def _shown(data: bytes, glyphs: dict[str, str]) -> str:
    return "".join(glyphs.get(data[n : n + 2].hex().upper(), "") for n in range(0, len(data), 2))


class TestAccess:
    def test_every_line_is_listed_with_a_proof_that_verifies(
        self, world: World, seen: tuple[Person, list[str]], tmp_path: Path
    ) -> None:
        person, chains = seen
        page = text_of(person.get("/enterprise/access"))
        rows = person.api("GET", "/access").get_json()

        for part in ("谁看过我的数据", "税务局", "授信"):
            assert part in page, part
        asked = [row for row in rows if row["type"] == "pull.line_closed"]
        assert {row["code"] for row in asked} <= {"DELIVERED", "NO_DATA"}
        assert all(row["fields"] and row["bank_id"] and row["purpose"] for row in asked)
        file = tmp_path / "access.json"
        file.write_text(person.client.get(f"/enterprise/access/{rows[0]['access_id']}/proof").text)
        code, said = run([str(file), "--vkey", ledger.vkey(world.runtime)])
        assert code == 0, said
        assert chains

    def test_pages_follow_each_other_and_the_file_holds_all(
        self, seen: tuple[Person, list[str]]
    ) -> None:
        person, _ = seen
        rows = person.api("GET", "/access").get_json()
        older = person.api("GET", f"/access?before={rows[2]['entry_id']}").get_json()
        file = person.client.get("/enterprise/access/file")
        table = list(csv.reader(io.StringIO(file.get_data().decode("utf-8-sig"))))

        assert [row["access_id"] for row in older] == [row["access_id"] for row in rows[3:]]
        assert len(table) == len(rows) + 1
        assert file.headers["Content-Disposition"].startswith("attachment")

    @pytest.mark.promise("T5")
    def test_another_firm_sees_none_of_it(
        self, world: World, seen: tuple[Person, list[str]]
    ) -> None:
        person, chains = seen
        stranger = registered(world, another())
        access_id = person.api("GET", "/access").get_json()[0]["access_id"]

        assert stranger.api("GET", f"/access?chain_id={chains[0]}").get_json() == []
        for found in (access_id, str(uuid7())):
            assert stranger.api("GET", f"/access/{found}/proof").status_code == 404


class TestReceipts:
    def test_each_act_has_its_own_and_each_verifies(
        self, world: World, seen: tuple[Person, list[str]], tmp_path: Path
    ) -> None:
        person, chains = seen
        person.post(f"/enterprise/authorizations/{chains[0]}/pause", {})
        person.post(f"/enterprise/authorizations/{chains[0]}/revocation", {"reason": ""})
        world.work()

        found = person.api("GET", f"/consents/{chains[0]}/receipts").get_json()

        kinds = {one["receipt_type"] for one in found}
        assert kinds >= {"GRANT", "RELEASE", "PAUSE", "REVOKE"}
        for one in found:
            file = tmp_path / f"{one['receipt_id']}.json"
            file.write_text(json.dumps(one), encoding="utf-8")
            code, said = run([str(file), "--vkey", ledger.vkey(world.runtime)])
            assert code == 0, (one["receipt_type"], said)
        own = person.api("GET", f"/consents/{chains[1]}/receipts").get_json()
        assert {one["receipt_type"] for one in own} >= {"GRANT", "REVOKE"}

    def test_on_paper_it_says_what_the_file_says(self, seen: tuple[Person, list[str]]) -> None:
        person, chains = seen
        path = f"/enterprise/authorizations/{chains[0]}/receipts/GRANT"
        receipt = json.loads(person.client.get(f"{path}/file").text)
        answer = person.client.get(f"{path}/pdf")

        assert answer.data.startswith(b"%PDF")
        text = printed(receipt_pdf(receipt, "https://ydt.example/r", compress=False))
        flat = "".join(text.split())
        names = ("receipt_id", "digest", "leaf", "signature", "text_zh", "consent_id", "issued_at")
        for name in names:
            assert "".join(str(receipt[name]).split()) in flat, name
