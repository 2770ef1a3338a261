"""The departments' server over real HTTP: what it gives, to whom, and how it is told to fail."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from consent.events import sha256_b64u
from tests.departments.gateways import FIRM, NAME, Platform, a_gateway
from tests.sandbox.requesting import forged, send
from tests.sandboxes import LiveSandbox, at, live_sandbox
from yidaitong.departments.answers import Answer, Outcome
from yidaitong.departments.identity import HttpVerifier
from yidaitong.departments.wire import TICKET_TYP
from yidaitong.enterprises.commands import BeginRegistration
from yidaitong.enterprises.identity import Identity, Verified
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.onboarding import Onboarding
from yidaitong.enterprises.registry import RegistryQuestion
from yidaitong.kernel.actor import PUBLIC, SYSTEM
from yidaitong.kernel.clock import business_date, wall
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.box import KeyUse
from yidaitong.kernel.crypto.keys import KeySet, PrivateKey, generate
from yidaitong.kernel.ids import uuid7
from yidaitong.runtime import Runtime
from yidaitong.sandbox import keys
from yidaitong.sandbox.data import candidates
from yidaitong.sandbox.server import create_app


def answer(live: LiveSandbox, platform: Platform, resource: str, **changes: Any) -> Answer:
    with a_gateway(live, platform, call_deadline_seconds=3.0) as gateway:
        fetched = gateway.fetch(platform.order(resource, **changes))
    if fetched.answer is None:
        raise AssertionError(fetched.problem)
    return fetched.answer


class TestRequests:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"fields": ["rep_id"]}, "REQUEST_FIELDS"),
            ({"fields": ["rep_mobile", "name"]}, "REQUEST_FIELDS"),
            ({"fields": []}, "REQUEST_FIELDS"),
            ({"fields": ["unknown"]}, "REQUEST_FIELDS"),
            ({"fields": "name"}, "REQUEST_FIELDS"),
            ({"filters": [["name", "like", "x"]]}, "REQUEST_FILTERS"),
            ({"filters": [["a.b", "eq"]]}, "REQUEST_FILTERS"),
            ({"filters": {}}, "REQUEST_FILTERS"),
            ({"from_on": "yesterday"}, "REQUEST_FORM"),
            ({"subject": "91"}, "REQUEST_FORM"),
            ({"resource": "SAMR.CHG"}, "REQUEST_RESOURCE"),
            ({"v": "ydt-request/9"}, "REQUEST_FORM"),
            ({"extra": 1}, "REQUEST_FORM"),
        ],
    )
    def test_a_request_out_of_form_is_refused(
        self, live: LiveSandbox, platform: Platform, change: dict[str, Any], code: str
    ) -> None:
        good = platform.order("SAMR.REG")
        body = json.dumps({**json.loads(good.body), **change}).encode()
        order = forged(replace(good, body=body), platform, request_sha256=sha256_b64u(body))

        reply = send(live, order, "/samr/resources/REG")

        assert (reply.status_code, reply.json()["code"]) == (400, code)

    @pytest.mark.parametrize(
        "path", ["/xyz/resources/PAY", "/tax/resources/NO", "/TAX/resources/PAY"]
    )
    def test_an_unknown_resource_is_not_there(
        self, live: LiveSandbox, platform: Platform, path: str
    ) -> None:
        assert send(live, platform.order("TAX.PAY"), path).status_code == 404


REGISTRY = "/samr/resources/REG"


class TestAnswers:
    def test_only_the_fields_asked_for_leave(self, live: LiveSandbox, platform: Platform) -> None:
        found = answer(live, platform, "SAMR.REG", fields=("name", "est_date"))

        assert set(found.items) == {"name", "est_date"}

    def test_the_age_leaves_only_when_asked_for(
        self, live: LiveSandbox, platform: Platform
    ) -> None:
        found = answer(live, platform, "SAMR.REG", fields=("rep_age",)).items

        # Whose age it is stands beside it; what is masked stays masked.
        assert set(found) == {"rep_age", "rep_id_masked"}
        assert str(found["rep_id_masked"])[4:14] == "*" * 10

    def test_what_stands_beside_a_field_cannot_be_asked_for(
        self, live: LiveSandbox, platform: Platform
    ) -> None:
        reply = send(live, platform.order("SAMR.REG", fields=("rep_id_masked",)), REGISTRY)

        assert (reply.status_code, reply.json()["code"]) == (400, "REQUEST_FIELDS")

    def test_only_the_months_asked_for_leave(self, live: LiveSandbox, platform: Platform) -> None:
        whole = answer(live, platform, "TAX.PAY").items["paid"]
        assert isinstance(whole, list)
        months = sorted({row["month"] for row in whole})[5:9]

        some = answer(
            live, platform, "TAX.PAY", from_on=f"{months[0]}-01", to_on=f"{months[3]}-01"
        ).items["paid"]

        assert isinstance(some, list)
        assert some == [row for row in whole if row["month"] in months[:3]]
        assert {row["month"] for row in some} == set(months[:3])

    def test_months_inside_an_account_too(self, live: LiveSandbox, platform: Platform) -> None:
        def months(**changes: Any) -> set[str]:
            found = answer(live, platform, "UTIL.ELE", fields=("accounts",), **changes)
            accounts = found.items["accounts"]
            assert isinstance(accounts, list)
            return {bill["month"] for one in accounts for bill in one["bills"]}

        one, following = sorted(months())[5:7]

        assert months(from_on=f"{one}-01", to_on=f"{following}-01") == {one}

    @pytest.mark.parametrize(("operator", "kept"), [("ne", False), ("eq", True)])
    def test_rows_filtered_at_the_source_stay_there(
        self, live: LiveSandbox, platform: Platform, operator: str, kept: bool
    ) -> None:
        found = answer(
            live, platform, "TAX.PAY", filters=(("paid.code", operator, "10106"),)
        ).items["paid"]

        assert isinstance(found, list)
        assert found
        assert all((row["code"] == "10106") is kept for row in found)

    def test_another_name_is_no_match(self, live: LiveSandbox, platform: Platform) -> None:
        found = answer(live, platform, "TAX.PAY", name="济南别的有限公司")

        assert (found.outcome, found.items) == (Outcome.SUBJECT_MISMATCH, {})

    def test_the_same_question_on_the_same_day_gets_the_same_facts(
        self, live: LiveSandbox, platform: Platform
    ) -> None:
        live.turn_clock(at(wall()))
        one = answer(live, platform, "TAX.PAY")
        two = answer(live, platform, "TAX.PAY")

        assert (one.items, one.as_of) == (two.items, two.as_of)
        assert one.serial != two.serial

    def test_every_call_is_on_the_departments_own_record(
        self, live: LiveSandbox, platform: Platform
    ) -> None:
        order = platform.order("TAX.PAY")
        send(live, order)

        (entry,) = live.log("TAX.PAY")
        assert (entry.outcome, entry.refused, entry.uscc) == ("DATA", None, FIRM)
        assert entry.claims["line"] == str(order.line_id)
        assert entry.claims["request_sha256"] == order.request_sha256
        assert entry.ticket == order.ticket
        shown = requests.get(f"{live.url}/_log", params={"resource": "TAX.PAY"}, timeout=3).json()
        assert [one["claims"]["pull"] for one in shown] == [str(order.pull_id)]
        assert requests.delete(f"{live.url}/_log", timeout=3).status_code == 204
        assert live.log() == []


class TestFaults:
    def put(self, live: LiveSandbox, body: Any) -> requests.Response:
        return requests.put(f"{live.url}/_faults", json=body, timeout=3)

    def test_a_fault_meets_whom_it_names_as_often_as_it_says(
        self, live: LiveSandbox, platform: Platform
    ) -> None:
        self.put(live, [{"kind": "http-500", "resource": "TAX.PAY", "uscc": FIRM, "times": 2}])

        def statuses() -> list[int]:
            return [send(live, platform.order("TAX.PAY")).status_code for _ in range(3)]

        other = platform.order("TAX.FILE", fields=("filings",))
        assert send(live, other, "/tax/resources/FILE").status_code == 200
        assert statuses() == [500, 500, 200]
        assert requests.get(f"{live.url}/_faults", timeout=3).json() == []

    @pytest.mark.parametrize(
        "body",
        [
            None,
            {},
            ["slow"],
            [{"kind": "none"}],
            [{}],
            [{"kind": "slow", "who": 1}],
            [{"kind": "slow", "times": "x"}],
            [{"kind": "slow", "department": 7}],
        ],
    )
    def test_what_is_no_list_of_faults_changes_nothing(self, live: LiveSandbox, body: Any) -> None:
        live.fault("slow", department="TAX")

        assert self.put(live, body).status_code == 400
        assert [one["department"] for one in live.sandbox.faults.shown()] == ["TAX"]

    def test_faults_may_come_from_the_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("YDT_SANDBOX_FAULTS", '[{"kind": "unavailable", "department": "HPF"}]')
        client = create_app(tmp_path).test_client()

        assert client.get("/_faults").get_json()[0]["department"] == "HPF"
        assert client.get("/health").get_json()["status"] == "ok"


class TestKeys:
    def test_keys_are_made_once_and_kept_private(self, tmp_path: Path) -> None:
        first = keys.ensure(tmp_path)
        again = keys.ensure(tmp_path)

        assert {code: key.kid for code, key in first.keys.items()} == {
            code: key.kid for code, key in again.keys.items()
        }
        pins = json.loads(keys.pins_path(tmp_path).read_text())["keys"]
        assert len({key["kid"] for key in pins}) == len(first.keys) == 8
        assert not any("d" in key for key in pins)
        private = list((tmp_path / "sandbox").glob("*.jwk.json"))
        assert len(private) == 8
        assert {path.stat().st_mode & 0o777 for path in private} == {0o600}

    def test_our_ticket_key_is_published_to_them(self, runtime: Runtime) -> None:
        path = keys.publish_platform_keys(runtime)

        found = json.loads(path.read_text())["keys"]
        with runtime.transaction(SYSTEM) as uow:
            kid = uow.crypto.kid(uow.session, KeyUse.TICKET)
        assert kid in {key["kid"] for key in found if key["ydt_use"] == "ticket"}
        assert not any("d" in key for key in found)


class TestRegistration:
    def test_a_made_up_firm_registers_through_the_real_interfaces(self, runtime: Runtime) -> None:
        with live_sandbox(runtime) as live:
            firm = candidates(7, business_date(wall()))[6]
            desk = Onboarding(runtime.transaction, runtime.gateway, HttpVerifier(runtime.settings))
            ticket, progress = desk.begin(PUBLIC, BeginRegistration(uscc=firm.uscc, name=firm.name))
            matched = progress.state
            rep = Identity(firm.rep.name, firm.rep.id_no, firm.rep.mobile)
            verified = desk.verify(PUBLIC, ticket, rep)
            log = live.log()

        assert matched is EnterpriseState.REGISTRY_MATCHED
        assert verified.state is EnterpriseState.REP_VERIFIED
        assert [(one.resource, one.outcome) for one in log] == [("SAMR.REG", "DATA")]

    def test_the_look_up_ticket_is_signed_by_the_platform(self, runtime: Runtime) -> None:
        with live_sandbox(runtime) as live:
            record = runtime.gateway.look_up(RegistryQuestion(uuid7(), uuid7(), FIRM))
            entry = live.log()[0]

        assert record.name == NAME
        with runtime.transaction(SYSTEM) as uow:
            known = KeySet.read(json.dumps(uow.crypto.public_jwks(uow.session)))
        assert jws.verify(entry.ticket, typ=TICKET_TYP, keys=known).payload

    def test_the_identity_provider_answers_a_made_up_person(
        self, live: LiveSandbox, platform: Platform
    ) -> None:
        rep = candidates(1, business_date(wall()))[0].rep
        with a_gateway(live, platform) as gateway:
            verifier = HttpVerifier(gateway._settings)
            found = verifier.verify(Identity(rep.name, rep.id_no, rep.mobile))
            other = verifier.verify(Identity(rep.name, rep.id_no, "13800000000"))

        assert isinstance(found, Verified)
        assert not isinstance(other, Verified)


def test_a_private_key_is_never_shown() -> None:
    made = keys.AnswerKeys({"TAX": PrivateKey.read(generate("Ed25519"))})

    assert repr(made) == "AnswerKeys()"
