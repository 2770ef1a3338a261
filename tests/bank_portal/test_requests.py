"""The bank's requests over HTTP: the same acts for machines; a list asks no more per row."""

from uuid import UUID

import pytest
from sqlalchemy import select

from tests.bank_portal.builders import Banker, words
from tests.lending.builders import Case, disbursed
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.ids import uuid7
from yidaitong.lending.loan_models import Loan
from yidaitong.runtime import Runtime


@pytest.fixture
def case(runtime: Runtime) -> Case:
    """A case whose loan was paid out; the log is read."""
    with runtime.transaction(SYSTEM) as uow:
        made = disbursed(uow)
    ledger.init(runtime)
    ledger.step(runtime)
    return made


def loan_of(runtime: Runtime, case: Case) -> UUID:
    with runtime.transaction(SYSTEM) as uow:
        return uow.session.scalars(select(Loan.id).where(Loan.application_id == case.id)).one()


class TestApi:
    def test_drafted_sent_and_taken_back(self, runtime: Runtime, maker: Banker, case: Case) -> None:
        body = {"loan_id": str(loan_of(runtime, case))}
        made = maker.api("POST", "/consent-requests", body)
        assert made.status_code == 201, made.text
        draft = made.get_json()
        assert (draft["state"], draft["signed"], draft["m"]) == ("DRAFT", 0, 1)
        assert draft["body"]["purpose"]["code"] == "POST_LOAN"

        path = f"/consent-requests/{draft['request_id']}"
        assert maker.api("POST", f"{path}/dispatch", {}).get_json()["state"] == "REQUESTED"
        assert maker.api("POST", f"{path}/dispatch", {}).status_code == 409
        assert maker.api("POST", f"{path}/cancellation", {}).get_json()["state"] == "CANCELLED"
        listed = maker.api("GET", "/consent-requests?group=closed").get_json()
        assert [one["request_id"] for one in listed] == [draft["request_id"]]
        assert maker.api("GET", "/consent-requests?group=open").get_json() == []

    def test_an_unknown_loan_and_a_list_of_data_are_refused(
        self, runtime: Runtime, maker: Banker, case: Case
    ) -> None:
        assert maker.api("POST", "/consent-requests", {"loan_id": str(uuid7())}).status_code == 404
        typed = {"loan_id": str(loan_of(runtime, case)), "items": ["tax.paid_12m_fen"]}
        assert maker.api("POST", "/consent-requests", typed).status_code == 400
        assert maker.api("GET", "/consent-requests").get_json() == []


class TestList:
    def test_more_rows_need_no_more_statements(
        self, runtime: Runtime, maker: Banker, case: Case, statements: list[str]
    ) -> None:
        body = {"loan_id": str(loan_of(runtime, case))}
        counts = []
        for _ in range(3):
            assert maker.api("POST", "/consent-requests", body).status_code == 201
            statements.clear()
            page = maker.get("/bank/requests")
            counts.append(len(statements))

        assert page.count("/bank/requests/") >= 3
        assert "草稿" in words(page)
        assert len(set(counts)) == 1, counts
