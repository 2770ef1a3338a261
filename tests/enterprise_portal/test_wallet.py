"""The wallet: who saw what, receipts, pause, resume, and one button that ends it."""

import json

import pytest

from tests.enterprise_portal.builders import PASSWORD, Person, text_of
from tests.enterprise_portal.world import (
    World,
    another,
    applied,
    authorized,
    registered,
    submitted,
)
from yidaitong.kernel.ids import uuid7


@pytest.fixture
def signed(world: World) -> tuple[Person, list[str]]:
    """A firm that authorized one application, and its two chains."""
    person = registered(world, another())
    _, asks = applied(person)
    return person, authorized(person, asks)


def state_of(person: Person, chain: str) -> str:
    return str(person.api("GET", f"/consents/{chain}").get_json()["state"])


class TestReading:
    def test_it_shows_who_saw_what_and_when(self, world: World) -> None:
        person = registered(world, another())
        _, chains = submitted(world, person)

        words = text_of(person.get(f"/enterprise/authorizations/{chains[0]}"))

        for part in ("向部门查询", "税务局", "数据包签发给银行", "授权生效"):
            assert part in words, part

    def test_a_receipt_can_be_read_printed_and_downloaded(
        self, world: World, signed: tuple[Person, list[str]]
    ) -> None:
        person, chains = signed
        world.work()
        path = f"/enterprise/authorizations/{chains[0]}/receipts/GRANT"

        page = text_of(person.get(path))
        file = person.client.get(f"{path}/file")
        told = person.api("GET", f"/consents/{chains[0]}/receipts/GRANT").get_json()

        assert "您已于" in page
        assert file.headers["Content-Disposition"].startswith("attachment")
        assert json.loads(file.text)["consent_id"] == told["consent_id"]
        assert told["proof"] is not None

    @pytest.mark.parametrize("kind", ["REVOKE", "NONE", "x" * 300, "GRANT'--"])
    def test_a_receipt_that_is_not_there_is_not_found(
        self, world: World, signed: tuple[Person, list[str]], kind: str
    ) -> None:
        person, chains = signed

        assert (
            person.client.get(f"/enterprise/authorizations/{chains[0]}/receipts/{kind}").status_code
            == 404
        )

    def test_another_firm_finds_nothing_of_it(
        self, world: World, signed: tuple[Person, list[str]]
    ) -> None:
        _, chains = signed
        stranger = registered(world, another())
        paths = [f"/enterprise/authorizations/{chains[0]}{rest}" for rest in ("", "/revocation")]

        for path in paths:
            foreign = text_of(stranger.get(path, 404))
            unknown = text_of(stranger.get(path.replace(chains[0], str(uuid7())), 404))
            assert foreign[:60] == unknown[:60]
        for act in ("revocation", "pause"):
            assert stranger.api("POST", f"/consents/{chains[0]}/{act}", {}).status_code == 404
        assert stranger.api("GET", f"/consents/{chains[0]}").status_code == 404


class TestRevoking:
    def test_one_page_tells_what_happens_and_one_what_happened(
        self, world: World, signed: tuple[Person, list[str]]
    ) -> None:
        person, chains = signed
        page = f"/enterprise/authorizations/{chains[0]}/revocation"
        assert "不可恢复" in person.get(page)

        answer = person.post(page, {"reason": "不需要了"})
        after = text_of(person.get(answer.headers["Location"]))

        assert "撤回完成" in after
        assert "没有途中的查询" in after
        assert [state_of(person, chain) for chain in chains] == ["REVOKED", "REVOKED"]
        assert "撤回授权" in text_of(person.get(f"/enterprise/authorizations/{chains[0]}"))

    def test_by_api_twice_gives_the_first_receipt(
        self, world: World, signed: tuple[Person, list[str]]
    ) -> None:
        person, chains = signed
        path = f"/consents/{chains[0]}/revocation"

        first, second = (person.api("POST", path, {}).get_json() for _ in range(2))

        assert (first["first"], second["first"]) == (True, False)
        assert first["entry_id"] == second["entry_id"]
        assert first["on_the_wire"] == []
        assert first["companions"] == [chains[1]]

    @pytest.mark.parametrize(
        ("form", "zh", "en"),
        [
            ({"reason": "x" * 201}, "内容过长", "Too long"),
            ({"reason": "a\u202eb"}, "不允许的字符", "not allowed"),
            ({"until": "2030-01-01"}, "不支持的字段", "Unknown field"),
        ],
    )
    def test_a_bad_reason_stops_nothing(
        self,
        world: World,
        signed: tuple[Person, list[str]],
        form: dict[str, str],
        zh: str,
        en: str,
    ) -> None:
        person, chains = signed
        page = f"/enterprise/authorizations/{chains[0]}/revocation"
        for language, words in (("zh-CN", zh), ("en", en)):
            person.client.set_cookie("ydt_language", language)
            answer = person.post(page, form)
            assert answer.status_code == 400
            assert words in answer.text
        assert state_of(person, chains[0]) == "ACTIVE"


class TestPausing:
    def test_pause_and_resume(self, world: World, signed: tuple[Person, list[str]]) -> None:
        person, chains = signed
        page = f"/enterprise/authorizations/{chains[0]}"

        person.post(f"{page}/pause", {})
        paused = person.get(page)
        digest = paused.split('name="digest" value="')[1].split('"')[0]
        wrong = person.post(f"{page}/resumption", {"password": "wrong wrong", "digest": digest})
        halted = state_of(person, chains[0])
        person.post(f"{page}/resumption", {"password": PASSWORD, "digest": digest})

        assert halted == "PAUSED"
        assert wrong.status_code == 401
        assert "密码不正确" in wrong.text
        assert state_of(person, chains[0]) == "ACTIVE"

    @pytest.mark.parametrize("until", ["2020-01-01", "9999-12-31", "yesterday", "2030-13-01"])
    def test_a_date_that_cannot_be_is_refused(
        self, world: World, signed: tuple[Person, list[str]], until: str
    ) -> None:
        person, chains = signed

        page = person.post(f"/enterprise/authorizations/{chains[0]}/pause", {"until": until})
        answer = person.api("POST", f"/consents/{chains[0]}/pause", {"until": until})

        assert page.status_code >= 400 or until == "9999-12-31"
        assert page.status_code < 500
        assert answer.status_code < 500

    def test_resuming_what_runs_is_refused(
        self, world: World, signed: tuple[Person, list[str]]
    ) -> None:
        person, chains = signed
        digest = person.api("GET", f"/consents/{chains[0]}").get_json()["digest"]

        answer = person.api(
            "POST",
            f"/consents/{chains[0]}/resumption",
            {"digest": digest},
            **{"Step-Up-Token": person.step_up(digest)},
        )

        assert (answer.status_code, answer.get_json()["code"]) == (409, "InvalidState")
