"""The bank's API: the road of a case, loan events, refusals that change nothing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

import bank_portal
from tests.bank_portal.builders import Banker, a_banker
from tests.lending.builders import Case, accept, evaluated, submitted
from tests.signing import open_signed
from yidaitong.app import create_app
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date
from yidaitong.lending.models import Application, Offer
from yidaitong.pulls.models import Pull, PullSlot
from yidaitong.runtime import Runtime

TERMS = {
    "outcome": "APPROVE",
    "amount": "800000",
    "rate_bp": 540,
    "term_months": 12,
    "note": "同意",
}


def a_case(rt: Runtime) -> tuple[Case, str]:
    with rt.transaction(SYSTEM) as uow:
        return evaluated(uow), business_date(uow.now).isoformat()


def state_of(rt: Runtime, case_id: UUID) -> str:
    with rt.transaction(SYSTEM) as uow:
        return str(uow.session.get_one(Application, case_id).state.value)


def body(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.get_json()


class TestRoad:
    def test_a_case_from_list_to_settled_loan(
        self, runtime: Runtime, maker: Banker, checker: Banker
    ) -> None:
        case, today = a_case(runtime)
        listed = body(maker.api("GET", "/applications?state=SUBMITTED"), 200)
        assert [one["id"] for one in listed["applications"]] == [str(case.id)]
        path = f"/applications/{case.id}"
        shown = body(maker.api("GET", path), 200)
        assert shown["evaluation"]["limit_fen"] == 90_000_000
        assert shown["evaluation"]["trace"]["rules"][0]["id"] == "C2"
        assert body(maker.api("POST", f"{path}/acceptance", {}), 200)["state"] == "ACCEPTED"
        proposal = body(maker.api("POST", f"{path}/recommendation", TERMS), 201)
        verdict = {"outcome": "APPROVE", "note": "同意", "sha256": proposal["sha256"]}
        decided = body(checker.api("POST", f"{path}/decision", verdict), 200)
        assert decided["decision"]["command_sha256"] == proposal["sha256"]
        offer = body(maker.api("POST", f"{path}/offer", {}), 201)
        assert offer["amount"] == "800000.00"
        with runtime.transaction(SYSTEM) as uow:
            accept(uow, case, uow.session.scalars(select(Offer)).one())

        common = {"application_id": str(case.id), "business_date": today, "amount": "800000.00"}
        contract = common | {"serial": "C1", "kind": "CONTRACT"}
        body(maker.api("POST", "/loan-events", contract), 201)
        paid = common | {"serial": "D1", "kind": "DISBURSE"}
        first = body(maker.api("POST", "/loan-events", paid), 201)
        assert body(maker.api("POST", "/loan-events", paid), 200)["id"] == first["id"]
        other = paid | {"amount": "1"}
        assert body(maker.api("POST", "/loan-events", other), 409)["code"] == "IdempotencyConflict"
        loans = body(maker.api("GET", "/loans"), 200)
        assert loans[0]["balance_fen"] == 80_000_000
        loan = body(maker.api("GET", f"/loans/{loans[0]['id']}"), 200)
        assert [one["kind"] for one in loan["events"]] == ["CONTRACT", "DISBURSE"]
        repaid = {"loan_id": loan["id"], "business_date": today, "serial": "R1", "kind": "REPAY"}
        body(maker.api("POST", "/loan-events", repaid | {"amount": "800000"}), 201)
        settled = repaid | {"serial": "S1", "kind": "SETTLE"}
        body(maker.api("POST", "/loan-events", settled), 201)
        assert body(maker.api("GET", f"/loans/{loan['id']}"), 200)["state"] == "SETTLED"


RECOMMENDATIONS: list[tuple[Any, str]] = [
    ({}, "outcome"),
    (TERMS | {"outcome": 1}, "outcome"),
    (TERMS | {"outcome": ["APPROVE"]}, "outcome"),
    (TERMS | {"amount": 800000}, "amount"),
    (TERMS | {"amount": "NaN"}, "amount"),
    (TERMS | {"amount": "９００"}, "amount"),
    (TERMS | {"rate_bp": 540.5}, "rate_bp"),
    (TERMS | {"rate_bp": True}, "rate_bp"),
    (TERMS | {"rate_bp": "5e2"}, "rate_bp"),
    (TERMS | {"term_months": 10**30}, "term_months"),
    (TERMS | {"note": "\u202e"}, "note"),
    (TERMS | {"reasons": "MANUAL"}, "reasons"),
    (TERMS | {"reasons": ["'; DROP TABLE loan;--"]}, "reasons"),
    (TERMS | {"maker_person_id": str(uuid4())}, "maker_person_id"),
]
EVENTS: list[tuple[dict[str, Any], str]] = [
    ({"serial": ""}, "serial"),
    ({"serial": "x" * 65}, "serial"),
    ({"kind": "GIFT"}, "kind"),
    ({"business_date": "2026-02-30"}, "business_date"),
    ({"business_date": 20260101}, "business_date"),
    ({"application_id": "1"}, "application_id"),
    ({"amount": "-1"}, "amount"),
    ({"first_loan": "maybe"}, "first_loan"),
    ({"balance_fen": 1}, "balance_fen"),
]


class TestRefusals:
    @pytest.mark.promise("T19")
    def test_what_cannot_be_is_400_by_field_and_changes_nothing(
        self, runtime: Runtime, maker: Banker
    ) -> None:
        case, today = a_case(runtime)
        path = f"/applications/{case.id}"
        body(maker.api("POST", f"{path}/acceptance", {}), 200)

        for sent, field in RECOMMENDATIONS:
            told = body(maker.api("POST", f"{path}/recommendation", sent), 400)
            assert field in str(told["fields"]), (sent, told)
        event = {"serial": "C1", "kind": "CONTRACT", "business_date": today, "amount": "1"}
        for change, field in EVENTS:
            sent = event | {"application_id": str(case.id)} | change
            told = body(maker.api("POST", "/loan-events", sent), 400)
            assert field in str(told["fields"]), (sent, told)
        assert state_of(runtime, case.id) == "ACCEPTED"

    def test_a_body_that_is_no_json_is_400(self, runtime: Runtime, maker: Banker) -> None:
        case, _today = a_case(runtime)
        url = f"/api/bank/v1/applications/{case.id}/acceptance"
        head = {"Authorization": f"Bearer {maker.token}"}

        for raw in (b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff"):
            sent = open_signed(maker.client, maker.signer, "POST", url, raw, head)
            assert sent.status_code == 400, raw
        assert state_of(runtime, case.id) == "SUBMITTED"

    def test_each_role_does_its_own(self, runtime: Runtime, maker: Banker, checker: Banker) -> None:
        case, _today = a_case(runtime)
        path = f"/applications/{case.id}"

        for who, act, sent in (
            (checker, "acceptance", {}),
            (checker, "recommendation", TERMS),
            (maker, "decision", {"outcome": "APPROVE"}),
            (checker, "offer", {}),
        ):
            assert body(who.api("POST", f"{path}/{act}", sent), 403)["code"] == "Forbidden"

    def test_acts_out_of_order_are_409(
        self, runtime: Runtime, maker: Banker, checker: Banker
    ) -> None:
        case, _today = a_case(runtime)
        path = f"/applications/{case.id}"

        for who, act, sent in (
            (maker, "recommendation", TERMS),
            (checker, "decision", {"outcome": "APPROVE"}),
            (maker, "offer", {}),
        ):
            assert body(who.api("POST", f"{path}/{act}", sent), 409)["code"] == "InvalidState"


class TestForeign:
    @pytest.mark.promise("T5")
    def test_a_foreign_id_answers_as_an_unknown_one(self, app: Flask, runtime: Runtime) -> None:
        case, today = a_case(runtime)
        stranger = a_banker(app, runtime, "maker", "bank-quancheng")
        event = {"serial": "C1", "kind": "CONTRACT", "business_date": today, "amount": "1"}

        for method, template, sent in (
            ("GET", "/applications/{}", None),
            ("POST", "/applications/{}/acceptance", {}),
            ("POST", "/applications/{}/recommendation", TERMS),
            ("POST", "/applications/{}/offer", {}),
            ("GET", "/packets/{}", None),
            ("GET", "/packets/{}/sealed", None),
            ("GET", "/pulls/{}", None),
            ("GET", "/loans/{}", None),
        ):
            foreign = body(stranger.api(method, template.format(case.id), sent), 404)
            unknown = body(stranger.api(method, template.format(uuid4()), sent), 404)
            foreign.pop("trace_id")
            unknown.pop("trace_id")
            assert foreign == unknown
        reported = event | {"application_id": str(case.id)}
        body(stranger.api("POST", "/loan-events", reported), 404)
        pulled = {"chain_id": str(case.chains[0])}
        key = {"Idempotency-Key": "k1"}
        body(stranger.api("POST", "/pulls", pulled, key), 404)
        assert state_of(runtime, case.id) == "SUBMITTED"


class TestPulls:
    def test_one_key_is_one_pull(self, runtime: Runtime, maker: Banker) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = submitted(uow)
        wanted = {"chain_id": str(case.chains[0])}

        first = body(maker.api("POST", "/pulls", wanted, {"Idempotency-Key": "k1"}), 202)
        again = maker.api("POST", "/pulls", wanted, {"Idempotency-Key": "k1"})

        assert body(again, 202)["id"] == first["id"]
        assert again.headers["Idempotency-Replayed"] == "true"
        shown = body(maker.api("GET", f"/pulls/{first['id']}"), 200)
        assert {line["status"] for line in shown["lines"]} == {"PENDING"}
        body(maker.api("POST", "/pulls", wanted), 400)
        maker.get("/bank/packets")

    @pytest.mark.promise("R1", "I9")
    def test_twenty_at_once_with_one_key_and_after_a_restart(
        self, runtime: Runtime, maker: Banker
    ) -> None:
        runtime.pool_size = 20
        with runtime.transaction(SYSTEM) as uow:
            case = submitted(uow)
        wanted, key = {"chain_id": str(case.chains[0])}, {"Idempotency-Key": "k1"}
        other = {"chain_id": str(case.chains[1])}

        def send(app: Flask, sent: dict[str, Any]) -> Any:
            # A client of its own, as another machine of the bank is.
            return Banker(app.test_client(), maker.token, maker.signer).api(
                "POST", "/pulls", sent, key
            )

        app = maker.client.application
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: send(app, wanted), range(20)))
        restarted = Runtime(runtime.settings)
        fresh = create_app(restarted, [bank_portal])
        later = send(fresh, wanted)

        told = [body(one, 202) for one in [*answers, later]]
        assert all(one == told[0] for one in told)
        assert sum("Idempotency-Replayed" in one.headers for one in answers) == 19
        assert later.headers["Idempotency-Replayed"] == "true"
        for each in (app, fresh):
            assert body(send(each, other), 409)["code"] == "IdempotencyConflict"
        restarted.close()
        assert pulls_and_slots(runtime) == (1, len(told[0]["lines"]))


def pulls_and_slots(runtime: Runtime) -> tuple[int, int]:
    with runtime.transaction(SYSTEM) as uow:
        pulls, slots = (
            uow.session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Pull, PullSlot)
        )
        return pulls, slots
