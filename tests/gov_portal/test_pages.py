"""The console: who may open what, figures on pages and by API, files opened for a case."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

import gov_portal
from consent.models import EventRow
from tests.enterprise_portal.builders import Person, visitor
from tests.oversight.builders import a_bank, a_call, a_catalogue, a_firm, a_loan
from yidaitong.app import create_app
from yidaitong.audit.models import AuditEvent
from yidaitong.departments.models import ResourceEntry
from yidaitong.enterprises.models import Enterprise
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date
from yidaitong.kernel.ids import uuid7
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import PASSWORD, hire

PAGES = {
    "/gov/": "gov.viewer",
    "/gov/metrics/M05": "gov.viewer",
    "/gov/boards": "gov.viewer",
    "/gov/boards/C03/dept.TAX": "gov.viewer",
    "/gov/departments": "gov.viewer",
    "/gov/departments/resources/SAMR.REG": "gov.viewer",
    "/gov/ledger": "gov.viewer",
    "/gov/enterprises": "centre.officer",
    "/gov/audit": "gov.auditor",
    "/gov/operations": "gov.operator",
    "/gov/bank-access": "gov.operator",
}


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    hire(runtime)
    with runtime.transaction(SYSTEM) as uow:
        a_catalogue(uow)
        a_bank(uow)
        a_call(uow)
        a_loan(uow, a_firm(uow, 1), 50_000_000, business_date(uow.now))
    return create_app(runtime, [gov_portal])


@pytest.fixture
def firm_id(runtime: Runtime, app: Flask) -> UUID:
    with runtime.transaction(SYSTEM) as uow:
        return uow.session.scalars(select(Enterprise.id)).one()


def entered(app: Flask, login: str, language: str = "zh-CN") -> Person:
    person = visitor(app, language)
    answer = person.post("/login", {"login": login, "password": PASSWORD})
    assert answer.status_code == 303
    person.login = login
    return person


class TestPages:
    @pytest.mark.parametrize(("path", "login"), list(PAGES.items()))
    def test_each_opens_in_both_languages(self, app: Flask, path: str, login: str) -> None:
        zh = entered(app, login).get(path)
        en = entered(app, login, "en").get(path)

        assert 'lang="zh-CN"' in zh
        assert 'lang="en"' in en

    @pytest.mark.promise("T5")
    @pytest.mark.parametrize("path", list(PAGES))
    def test_a_bank_sees_none_of_them(self, app: Flask, path: str) -> None:
        entered(app, "qilu.maker").get(path, 403)

    @pytest.mark.parametrize("path", ["/gov/enterprises", "/gov/audit", "/gov/operations"])
    def test_a_viewer_sees_totals_only(self, app: Flask, path: str) -> None:
        entered(app, "gov.viewer").get(path, 403)

    def test_nobody_signed_in_is_sent_to_the_door(self, app: Flask) -> None:
        assert visitor(app).client.get("/gov/").status_code == 303

    def test_the_overview_shows_the_figures(self, app: Flask) -> None:
        page = entered(app, "gov.viewer").get("/gov/")

        assert "50 万元" in page
        assert "接入部门数" in page

    def test_a_leaf_that_is_not_there_is_not_found(self, app: Flask) -> None:
        person = entered(app, "gov.viewer")

        person.get("/gov/ledger/entries/999999", 404)
        person.get("/gov/ledger?index=-1", 400)

    @pytest.mark.parametrize(
        "query", ["as_of=yesterday", "as_of=2026-13-01", "after=%00", "x=1", "as_of=1&as_of=2"]
    )
    def test_strange_queries_are_refused(self, app: Flask, query: str) -> None:
        entered(app, "gov.viewer").get(f"/gov/metrics/M05?{query}", 400)

    @pytest.mark.parametrize("query", ["days=2", "days=x", "days=-1", "after=x", "y=1"])
    def test_strange_windows_are_refused(self, app: Flask, query: str) -> None:
        entered(app, "gov.viewer").get(f"/gov/boards/C01/asked?{query}", 400)

    def test_an_unknown_board_or_group_is_not_found(self, app: Flask) -> None:
        person = entered(app, "gov.viewer")

        person.get("/gov/boards/C99/asked", 404)
        person.get("/gov/boards/C01/nobody", 404)

    def test_a_hop_opens_its_calls(self, app: Flask) -> None:
        person = entered(app, "gov.viewer")
        page = person.get("/gov/boards?days=7")

        assert 'href="/gov/boards/C03/dept.TAX?days=7">1</a>' in page
        assert "120 ms" in page
        assert "DATA" in person.get("/gov/boards/C03/dept.TAX?days=7")

    def test_an_unknown_metric_is_not_found(self, app: Flask) -> None:
        entered(app, "gov.viewer").get("/gov/metrics/M77", 404)


class TestFiles:
    @pytest.mark.promise("T7")
    def test_a_list_names_nobody(self, app: Flask) -> None:
        assert "济南" not in entered(app, "gov.auditor").get("/gov/enterprises").split("<main")[1]

    @pytest.mark.promise("T7")
    def test_a_file_needs_a_case_and_leaves_a_mark(
        self, app: Flask, runtime: Runtime, firm_id: UUID
    ) -> None:
        person = entered(app, "gov.auditor")
        path = f"/gov/enterprises/{firm_id}"

        missing = person.post(f"{path}/file", {"case_number": "", "purpose": "x"}, path)
        shown = person.post(f"{path}/file", {"case_number": "C-1", "purpose": "核实"}, path)

        assert (missing.status_code, shown.status_code) == (400, 200)
        with runtime.transaction(SYSTEM) as uow:
            (event,) = uow.session.scalars(select(EventRow).where(EventRow.type == "access.viewed"))
            assert event.enterprise_id == firm_id
            assert uow.session.scalars(
                select(AuditEvent.action).where(AuditEvent.action == "enterprise.view")
            ).all() == ["enterprise.view"]

    def test_an_unknown_file_is_not_found(self, app: Flask) -> None:
        entered(app, "gov.auditor").get(f"/gov/enterprises/{uuid7()}", 404)


class TestKillSwitch:
    def test_one_person_stops_and_another_serves_again(self, app: Flask, runtime: Runtime) -> None:
        path = "/gov/departments/resources/TAX.PAY"
        officer, checker = entered(app, "centre.officer"), entered(app, "centre.checker")

        stopped = officer.post(f"{path}/stop", {"reason": "数据异常"}, path)
        again = officer.post(f"{path}/stop", {"reason": "再停"}, path)
        own = officer.post(f"{path}/resumption", {}, "/account")
        resumed = checker.post(f"{path}/resumption", {}, path)

        assert [one.status_code for one in (stopped, again, own, resumed)] == [303, 409, 403, 303]
        with runtime.transaction(SYSTEM) as uow:
            entry = uow.session.scalars(
                select(ResourceEntry).where(ResourceEntry.resource == "TAX.PAY")
            ).one()
            assert entry.stopped_at is None


class TestApi:
    def test_figures_by_api(self, app: Flask) -> None:
        client = app.test_client()
        opened = client.post(
            "/api/session/v1/sessions", json={"login": "gov.viewer", "password": PASSWORD}
        )
        headers = {"Authorization": f"Bearer {opened.get_json()['token']}"}

        found = client.get("/api/gov/v1/metrics", headers=headers).get_json()
        rows = client.get("/api/gov/v1/metrics/M07", headers=headers).get_json()
        refused = client.get("/api/gov/v1/metrics")

        by_id = {one["id"]: one["value"] for one in found["metrics"]}
        assert by_id["M07"] == 50_000_000
        assert rows["rows"][0][-1] == 50_000_000
        assert refused.status_code == 401
        assert refused.get_json()["code"] == "Unauthorised"
