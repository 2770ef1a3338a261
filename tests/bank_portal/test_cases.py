"""The work list and the case, by page: the whole road, refusals, what is not shown."""

import csv
import io
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from tests.bank_portal.builders import Banker, a_banker, path, words
from tests.lending.builders import (
    GOOD,
    REFERRED,
    REJECTED,
    a_bank,
    a_draft,
    accept,
    application,
    evaluate,
    evaluated,
    submitted,
)
from yidaitong.kernel.actor import SYSTEM
from yidaitong.lending.models import Application, Offer
from yidaitong.runtime import Runtime


def state_of(rt: Runtime, case_id: object) -> str:
    with rt.transaction(SYSTEM) as uow:
        return str(uow.session.get_one(Application, case_id).state.value)


class TestWork:
    def test_an_empty_list_says_what_will_come(self, maker: Banker) -> None:
        assert "提交" in words(maker.get("/bank/applications"))

    def test_home_leads_where_the_role_works(self, app: Flask, runtime: Runtime) -> None:
        manager = a_banker(app, runtime, "product")

        assert manager.client.get("/bank/").location == "/bank/products"
        manager.get("/bank/products")
        manager.get("/bank/applications", status=403)

    def test_lists_filters_searches_and_counts(self, runtime: Runtime, maker: Banker) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow)
            name = application(uow, case).applicant_name

        assert name in maker.get("/bank/applications")
        assert name in maker.get("/bank/applications?group=take&sort=amount")
        assert name not in maker.get("/bank/applications?group=check")
        assert name in maker.get(f"/bank/applications?q={name[1:4]}")
        assert name not in maker.get("/bank/applications?q=%25")
        assert "1 " in words(maker.get("/bank/applications?page=9"))

    def test_a_query_that_cannot_be_is_told(self, maker: Banker) -> None:
        for query in ("group=x", "state=X", "sort=1;drop", "page=0", "page=x", "size=1000", "z=1"):
            maker.get(f"/bank/applications?{query}", status=400)

    def test_a_case_says_what_is_due(self, runtime: Runtime, maker: Banker) -> None:
        with runtime.transaction(SYSTEM) as uow:
            submitted(uow)

        assert "受理截止" in maker.get("/bank/applications")
        listed = maker.api("GET", "/applications").get_json()["applications"]
        assert listed[0]["due_at"] is not None
        assert listed[0]["late"] is False

    def test_forty_cases_cost_as_many_queries_as_one(
        self, runtime: Runtime, maker: Banker, statements: list[str]
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow)
            row = application(uow, case)
            maker.get("/bank/applications")
            statements.clear()
            for _ in range(40):
                uow.session.add(copy_of(row))
        statements.clear()
        maker.get("/bank/applications?size=50")
        many = len(statements)
        statements.clear()
        maker.get("/bank/applications?size=1")

        assert many == len(statements)

    @pytest.mark.promise("T13")
    def test_an_exported_name_is_no_formula(self, runtime: Runtime, maker: Banker) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = submitted(uow)
            application(uow, case).applicant_name = "=HYPERLINK(1)"

        answer = maker.client.get("/bank/applications.csv")

        rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert rows[1][1] == "'=HYPERLINK(1)"
        assert answer.headers["Content-Disposition"].startswith("attachment")


def copy_of(row: Application) -> Application:
    same = ("enterprise_id", "bank_id", "product_id", "product_version", "state", "amount_fen")
    more = ("term_months", "applicant_name", "created_at", "submitted_at", "evaluation_id")
    return Application(**{name: getattr(row, name) for name in (*same, *more)})


class TestRoad:
    def test_from_acceptance_to_pay_out_by_two_people(
        self, runtime: Runtime, maker: Banker, checker: Banker
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow)
        page = path(case.id)
        assert "990,000" not in maker.get(page)
        assert maker.post(path(case.id, "acceptance")).status_code == 303
        maker.get(page)
        form = {"outcome": "APPROVE", "amount": "800000", "rate_bp": "540", "term_months": "12"}
        assert maker.post(path(case.id, "recommendation"), **form).status_code == 303
        assert "另一人" in maker.get(page) or "复核" in maker.get(page)
        assert "800,000.00" in checker.get(page)
        decided = checker.post(path(case.id, "decision"), outcome="APPROVE", note="同意")
        assert decided.status_code == 303
        assert maker.post(path(case.id, "offer")).status_code == 303
        with runtime.transaction(SYSTEM) as uow:
            offer = uow.session.scalars(select(Offer)).one()
            accept(uow, case, offer)
        for kind, serial in (("CONTRACT", "C1"), ("DISBURSE", "D1")):
            event = {"kind": kind, "serial": serial, "amount": "800000"}
            event["business_date"] = today(maker.get(page))
            assert maker.post(path(case.id, "loan-events"), **event).status_code == 303
            digest = hidden(checker.get(page), "sha256")
            answer = {"accept": "true", "sha256": digest}
            confirmed = checker.post(path(case.id, "loan-events", "confirmation"), **answer)
            assert confirmed.status_code == 303

        assert state_of(runtime, case.id) == "DISBURSED"
        loans = maker.get("/bank/loans")
        assert "800,000.00" in loans
        maker.get(loans.split('href="/bank/loans/')[1].split('"')[0].join(["/bank/loans/", ""]))
        maker.get(page)
        checker.get(page)

    def test_a_rejected_case_can_be_refused_at_once(self, runtime: Runtime, maker: Banker) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow, REJECTED)
        assert "A4" in maker.get(path(case.id))

        maker.post(path(case.id, "screening-refusal"))

        assert state_of(runtime, case.id) == "DECLINED_SCREEN"
        maker.get(path(case.id))

    def test_a_referred_case_shows_its_limit_to_the_bank(
        self, runtime: Runtime, maker: Banker
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow, REFERRED)

        assert "900,000.00" in maker.get(path(case.id))

    def test_english_is_whole(self, app: Flask, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow, REFERRED)
        reader = a_banker(app, runtime, "maker", language="en")

        assert "Refer to a person" in reader.get(path(case.id))
        assert "Work list" in reader.get("/bank/applications")

    def test_progress_renews_itself_until_there_is_a_result(
        self, runtime: Runtime, maker: Banker
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = submitted(uow)
        assert "hx-trigger" in maker.get(path(case.id, "progress"))
        with runtime.transaction(SYSTEM) as uow:
            evaluate(uow, case, GOOD)

        assert "hx-trigger" not in maker.get(path(case.id, "progress"))


def hidden(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"', maxsplit=1)[0]


def today(page: str) -> str:
    return page.split('type="date" value="')[1].split('"', maxsplit=1)[0]


REFUSED = [
    ({}, "outcome"),
    ({"outcome": "MAYBE"}, "outcome"),
    ({"outcome": "APPROVE"}, "amount"),
    ({"outcome": "APPROVE", "amount": "1e3"}, "amount"),
    ({"outcome": "APPROVE", "amount": "-5", "rate_bp": "540", "term_months": "12"}, "amount"),
    ({"outcome": "APPROVE", "amount": "0.001", "rate_bp": "540", "term_months": "12"}, "amount"),
    ({"outcome": "APPROVE", "amount": "9" * 30, "rate_bp": "540", "term_months": "12"}, "amount"),
    ({"outcome": "APPROVE", "amount": "1", "rate_bp": "5.4", "term_months": "12"}, "rate_bp"),
    ({"outcome": "APPROVE", "amount": "1", "rate_bp": "540", "term_months": "0"}, "term_months"),
    ({"outcome": "DECLINE"}, "reasons"),
    ({"outcome": "DECLINE", "reasons": "<script>"}, "reasons"),
    ({"outcome": "DECLINE", "reasons": "MANUAL", "note": "x" * 1001}, "note"),
    ({"outcome": "DECLINE", "reasons": "MANUAL", "state": "APPROVED"}, "state"),
]


class TestForms:
    @pytest.mark.promise("T19")
    def test_what_cannot_be_is_told_and_changes_nothing(
        self, runtime: Runtime, maker: Banker
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow)
        maker.post(path(case.id, "acceptance"))

        for form, field in REFUSED:
            answer = maker.post(path(case.id, "recommendation"), **form)
            assert answer.status_code == 400, form
            assert 'id="form-problem"' in answer.text, form
            assert f"#f-{field}" in answer.text, (form, field)
            assert "<script>" not in answer.text.split("form-problem")[1]
            assert state_of(runtime, case.id) == "ACCEPTED"

    def test_above_the_limit_is_told_on_the_form(self, runtime: Runtime, maker: Banker) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow)
        maker.post(path(case.id, "acceptance"))
        form = {"outcome": "APPROVE", "amount": "900000.01", "rate_bp": "540", "term_months": "12"}

        answer = maker.post(path(case.id, "recommendation"), **form)

        assert answer.status_code == 409
        assert "超过当前可批额度" in answer.text
        assert 'value="900000.01"' in answer.text

    @pytest.mark.promise("T2")
    def test_one_person_in_two_accounts_is_refused(
        self, app: Flask, runtime: Runtime, maker: Banker
    ) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow)
        maker.post(path(case.id, "acceptance"))
        decline = {"outcome": "DECLINE", "reasons": "MANUAL"}
        maker.post(path(case.id, "recommendation"), **decline)
        second = a_second_account_of_the_maker(app, runtime)

        answer = second.post(path(case.id, "decision"), outcome="DECLINE")

        assert answer.status_code == 403
        assert state_of(runtime, case.id) == "PENDING_CHECK"

    def test_a_form_without_its_token_is_refused(self, runtime: Runtime, maker: Banker) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow)

        assert maker.client.post(path(case.id, "acceptance")).status_code == 403
        assert state_of(runtime, case.id) == "SUBMITTED"


def a_second_account_of_the_maker(app: Flask, runtime: Runtime) -> Banker:
    from tests.bank_portal import builders  # noqa: PLC0415 - changed for one account only

    before = dict(builders.PEOPLE)
    builders.PEOPLE["checker"] = ("bank_checker", before["maker"][1])
    try:
        return a_banker(app, runtime, "checker")
    finally:
        builders.PEOPLE.update(before)


class TestForeign:
    @pytest.mark.promise("T5")
    def test_a_foreign_case_looks_like_an_unknown_one(self, app: Flask, runtime: Runtime) -> None:
        with runtime.transaction(SYSTEM) as uow:
            case = evaluated(uow)
        stranger = a_banker(app, runtime, "maker", "bank-quancheng")

        for more in ([], ["progress"]):
            foreign = stranger.client.get(path(case.id, *more))
            unknown = stranger.client.get(path(uuid4(), *more))
            assert foreign.status_code == unknown.status_code == 404
        for act in ("acceptance", "offer", "review"):
            assert stranger.post(path(case.id, act)).status_code == 404
        assert state_of(runtime, case.id) == "SUBMITTED"

    @pytest.mark.promise("T5")
    def test_a_draft_does_not_exist_for_the_bank(self, runtime: Runtime, maker: Banker) -> None:
        with runtime.transaction(SYSTEM) as uow:
            a_bank(uow)
            case = a_draft(uow)

        maker.get(path(case.id), status=404)
