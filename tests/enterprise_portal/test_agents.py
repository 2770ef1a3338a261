"""Agents, quorum and succession through pages and the API, as people and machines meet them."""

import re
from datetime import date, timedelta
from uuid import UUID

import pytest
import requests

from enterprise_portal.agents import last_second
from tests.authorizations.people import an_identity
from tests.enterprise_portal.builders import PASSWORD, Person, signed_in, text_of, visitor
from tests.enterprise_portal.world import World, another, applied, authorized, registered
from yidaitong.authorizations import invitations, quorums
from yidaitong.authorizations.invitations import Invite
from yidaitong.enterprises.mandate_lifecycle import MandateRight
from yidaitong.enterprises.models import Enterprise
from yidaitong.jobs import tasks
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date, wall

_CODE = re.compile(r'class="ydt-code">([A-Za-z0-9_-]{20,})<')
ENDS_ON = (business_date(wall()) + timedelta(days=60)).isoformat()


@pytest.fixture
def person(world: World) -> Person:
    return registered(world, another())


def facts(name: str, day: int) -> dict[str, str]:
    identity = an_identity(name, day)
    return {
        "name": identity.name,
        "id_number": identity.id_number,
        "mobile": identity.mobile,
        "password": PASSWORD,
    }


def invited(person: Person, name: str, *rights: str) -> str:
    """The code of an invitation made on the page."""
    form = {
        "name": name,
        "rights": list(rights or ("fill", "authorise_data")),
        "ends_on": ENDS_ON,
        "password": PASSWORD,
    }
    answer = person.post("/enterprise/agents/invitations", form, "/enterprise/agents")
    assert answer.status_code == 200, text_of(answer.text)
    found = _CODE.search(answer.text)
    assert found is not None
    return found[1]


def an_agent(world: World, person: Person, name: str, day: int, *rights: str) -> Person:
    """An agent who took up an invitation on the page, signed in."""
    given = facts(name, day)
    answer = visitor(world.app).post(
        "/enterprise/invitation",
        {"code": invited(person, name, *rights), **given},
        "/enterprise/invitation",
    )
    assert answer.status_code == 303, text_of(answer.text)
    return signed_in(world.app, given["mobile"])


class TestPages:
    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    @pytest.mark.parametrize("path", ["/enterprise/invitation", "/enterprise/succession"])
    def test_anybody_may_read_how_to_join(self, world: World, path: str, language: str) -> None:
        assert "<form" in visitor(world.app, language).get(path)

    def test_nothing_is_chosen_beforehand(self, world: World, person: Person) -> None:
        page = person.get("/enterprise/agents")

        assert page.count('type="checkbox"') == len(MandateRight)
        assert " checked" not in page

    def test_an_agent_joins_signs_and_is_sent_away(self, world: World, person: Person) -> None:
        agent = an_agent(world, person, "李明", 11)
        _, asks = applied(person)
        ask = asks[0]

        page = agent.get(f"/enterprise/asks/{ask['request_id']}")
        assert "同意并签署" in text_of(page)
        person.api("POST", "/quorum", {"m": 1, "digest": "x"})
        signed = agent.post(
            f"/enterprise/asks/{ask['request_id']}/signature",
            {"digest": self.digest(agent, ask["request_id"]), "password": PASSWORD},
            f"/enterprise/asks/{ask['request_id']}",
        )
        assert signed.status_code == 303, text_of(signed.text)
        (mandate,) = person.api("GET", "/mandates").get_json()["mandates"]
        page = text_of(person.get(f"/enterprise/agents/{mandate['id']}/revocation"))
        assert "立即生效" in page
        gone = person.post(f"/enterprise/agents/{mandate['id']}/revocation", {})
        assert gone.status_code == 303
        assert agent.client.get("/enterprise/").status_code in {302, 303, 401, 403}

    def digest(self, person: Person, request_id: str) -> str:
        return str(person.api("GET", f"/asks/{request_id}").get_json()["digest"])

    def test_a_wrong_password_invites_nobody(self, world: World, person: Person) -> None:
        form = {"name": "李明", "rights": ["fill"], "ends_on": ENDS_ON, "password": "wrong one 1"}

        answer = person.post("/enterprise/agents/invitations", form, "/enterprise/agents")

        assert answer.status_code == 401
        assert person.api("GET", "/mandates").get_json()["mandates"] == []

    def test_another_person_does_not_take_it_up(self, world: World, person: Person) -> None:
        code = invited(person, "李明")

        answer = visitor(world.app).post(
            "/enterprise/invitation", {"code": code, **facts("王芳", 12)}, "/enterprise/invitation"
        )

        assert answer.status_code == 400
        assert "不一致" in text_of(answer.text)

    def test_another_firm_reads_nothing(self, world: World, person: Person) -> None:
        an_agent(world, person, "李明", 13)
        (mandate,) = person.api("GET", "/mandates").get_json()["mandates"]
        stranger = registered(world, another())

        assert stranger.api("GET", "/mandates").get_json()["mandates"] == []
        path = f"/enterprise/agents/{mandate['id']}/revocation"
        assert stranger.client.get(path).status_code == 404
        answer = stranger.api("POST", f"/mandates/{mandate['id']}/revocation", {})
        assert answer.status_code == 404


class TestApi:
    def test_a_machine_invites_by_a_digest_it_can_compute(
        self, world: World, person: Person
    ) -> None:
        assert person.enterprise_id is not None
        terms = Invite(
            name="周亮",
            rights=frozenset({MandateRight.FILL}),
            ends_at=last_second(date.fromisoformat(ENDS_ON)),
        )
        digest = invitations.digest_of(person.enterprise_id, terms)
        body = {"name": "周亮", "rights": ["fill"], "ends_on": ENDS_ON, "digest": digest}

        refused = person.api("POST", "/mandate-invitations", body)
        made = person.api(
            "POST", "/mandate-invitations", body, **{"Step-Up-Token": person.step_up(digest)}
        )

        assert refused.status_code == 401
        assert made.status_code == 201
        taken = visitor(world.app).api(
            "POST",
            "/invitations/acceptance",
            {"code": made.get_json()["code"], **facts("周亮", 14)},
        )
        assert taken.status_code == 201, taken.text
        assert taken.get_json()["login_hint"].count("*") == 4

    def test_the_quorum_is_raised_and_lowered(self, world: World, person: Person) -> None:
        agent = an_agent(world, person, "李明", 15)
        assert person.enterprise_id is not None

        def to(who: Person, m: int) -> dict[str, object]:
            digest = quorums.digest_of(person.enterprise_id or UUID(int=0), m)
            answer = who.api(
                "POST",
                "/quorum",
                {"m": m, "digest": digest},
                **{"Step-Up-Token": who.step_up(digest)},
            )
            assert answer.status_code == 200, answer.text
            found: dict[str, object] = answer.get_json()
            return found

        assert to(person, 2)["m"] == 2
        assert to(person, 1)["proposed"] == 1
        assert "有人提议改为1人" in text_of(agent.get("/enterprise/agents"))
        assert to(agent, 1)["m"] == 1
        assert person.api("POST", "/quorum/keeping", {}).status_code == 409


class TestLess:
    def test_fewer_calls_are_asked_and_signed(self, world: World, person: Person) -> None:
        _, asks = applied(person)
        path = f"/enterprise/asks/{asks[0]['request_id']}"

        answer = person.post(f"{path}/narrowing", {"calls": "1"}, path)

        assert answer.status_code == 303, text_of(answer.text)
        told = person.api("GET", f"/asks/{asks[0]['request_id']}").get_json()
        assert told["body"]["frequency"]["n"] == 1
        assert told["digest"] != asks[0]["digest"]

    def test_more_calls_are_refused_on_the_page(self, world: World, person: Person) -> None:
        _, asks = applied(person)
        path = f"/enterprise/asks/{asks[0]['request_id']}"

        assert person.post(f"{path}/narrowing", {"calls": "9"}, path).status_code == 400

    def test_what_was_granted_is_narrowed_with_its_difference_shown(
        self, world: World, person: Person
    ) -> None:
        _, asks = applied(person)
        chain = authorized(person, asks)[0]
        path = f"/enterprise/authorizations/{chain}"

        answer = person.post(f"{path}/narrowing", {"calls": "1"}, f"{path}/narrowing")
        assert answer.status_code == 303, text_of(answer.text)
        page = person.get(answer.headers["Location"])
        words = text_of(page)
        assert "变更内容" in words
        assert "查询次数上限：由3改为1" in words
        request_id = answer.headers["Location"].rsplit("/", 1)[1]
        digest = person.api("GET", f"/asks/{request_id}").get_json()["digest"]
        signed = person.api(
            "POST",
            f"/asks/{request_id}/signature",
            {"digest": digest},
            **{"Step-Up-Token": person.step_up(digest)},
        )

        assert signed.get_json()["chain_id"] == chain
        assert signed.get_json()["receipt"]["receipt_type"] == "AMEND"
        words = text_of(person.get(path))
        assert "最多1次" in words
        told = person.api("GET", f"/consents/{chain}").get_json()
        assert told["state"] == "ACTIVE"

    def test_nothing_new_to_agree_to_is_said(self, world: World, person: Person) -> None:
        _, asks = applied(person)
        chain = authorized(person, asks)[0]

        made = person.api("POST", f"/consents/{chain}/amendment", {})
        renewed = person.api("POST", f"/consents/{chain}/renewal", {})

        assert made.status_code == 409
        assert renewed.status_code == 409


class TestSuccession:
    def test_a_new_representative_decides_about_what_waits(
        self, world: World, person: Person
    ) -> None:
        _, asks = applied(person)
        chain = authorized(person, asks)[0]
        with world.runtime.transaction(SYSTEM) as uow:
            firm = uow.session.get_one(Enterprise, person.enterprise_id)
            firm.watched_at, uscc = None, firm.uscc
        changed = requests.put(
            f"{world.sandbox.url}/_firms/{uscc}", json={"rep_name": "赵新"}, timeout=5
        )
        assert changed.status_code == 200

        tasks.watch_registry(world.runtime)

        assert person.client.get("/enterprise/").status_code in {302, 303, 401}
        given = facts("赵新", 21)
        taken = visitor(world.app).post(
            "/enterprise/succession", {"uscc": uscc, **given}, "/enterprise/succession"
        )
        assert taken.status_code == 303, text_of(taken.text)
        successor = signed_in(world.app, given["mobile"])
        path = f"/enterprise/authorizations/{chain}"
        words = text_of(successor.get(path))
        assert "新法定代表人确认" in words
        digest = successor.api("GET", f"/consents/{chain}").get_json()["digest"]
        kept = successor.post(f"{path}/keeping", {"digest": digest, "password": PASSWORD}, path)
        assert kept.status_code == 303, text_of(kept.text)
        assert successor.api("GET", f"/consents/{chain}").get_json()["state"] == "ACTIVE"

    def test_nobody_takes_over_a_firm_that_has_its_representative(
        self, world: World, person: Person
    ) -> None:
        with world.runtime.transaction(SYSTEM) as uow:
            uscc = uow.session.get_one(Enterprise, person.enterprise_id).uscc

        answer = visitor(world.app).api("POST", "/successions", {"uscc": uscc, **facts("赵新", 22)})

        assert answer.status_code == 401
