"""Refusals before anybody signed in: counted durably, one leaf an hour, whoever runs the job."""

from datetime import datetime, timedelta
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from werkzeug.test import TestResponse

import bank_portal
import enterprise_portal
from consent.evidence import open_event
from consent.models import EventRow
from tests.enterprise_portal.builders import PASSWORD, a_firm, signed_in, visitor
from yidaitong.app import create_app
from yidaitong.audit.models import RefusalCount
from yidaitong.authorizations.desk import desk_of
from yidaitong.jobs import tasks
from yidaitong.jobs.registry import periods, run
from yidaitong.kernel.actor import SYSTEM
from yidaitong.oversight import rollups
from yidaitong.runtime import Runtime

LOGIN = "13805310000"
tasks.load()


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    a_firm(runtime, LOGIN)
    return create_app(runtime, [enterprise_portal, bank_portal])


def counted(runtime: Runtime) -> dict[str, int]:
    with runtime.transaction(SYSTEM) as uow:
        query = select(RefusalCount.code, RefusalCount.count)
        return {row[0]: row[1] for row in uow.session.execute(query)}


def hours_pass(runtime: Runtime, hours: int) -> datetime:
    """As if everything counted so far had happened earlier; the newest hour."""
    with runtime.transaction(SYSTEM) as uow:
        moved = uow.session.scalars(
            update(RefusalCount)
            .where(RefusalCount.rolled_at.is_(None))
            .values(hour=text("hour - :span").bindparams(span=timedelta(hours=hours)))
            .returning(RefusalCount.hour)
        ).all()
        return max(moved)


def leaves(runtime: Runtime) -> list[dict[str, object]]:
    """Rolled-up events, opened, in log order."""
    with runtime.transaction(SYSTEM) as uow:
        desk = desk_of(uow)
        rows = uow.session.scalars(
            select(EventRow).where(EventRow.type == "security.rollup").order_by(EventRow.entry_id)
        ).all()
        return [dict(open_event(desk, row).event) for row in rows]


def call(app: Flask, path: str, token: str) -> TestResponse:
    return app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})


class TestCounting:
    def test_a_401_of_nobody_counts_by_code(self, app: Flask, runtime: Runtime) -> None:
        someone = visitor(app)
        for _ in range(3):
            assert call(app, "/api/bank/v1/packets", "no-such-token").status_code == 401
        assert someone.post("/login", {"login": LOGIN, "password": "wrong"}).status_code == 401

        # Whether there is such an account is told to nobody, here too.
        # The banks' API hears only signed messages.
        assert counted(runtime) == {"SignatureInvalid": 3, "Unauthorised": 1}

    def test_what_somebody_known_is_refused_is_ledgered_or_audited_by_itself(
        self, app: Flask, runtime: Runtime
    ) -> None:
        rep = signed_in(app, LOGIN)

        assert rep.client.get("/bank/packets").status_code == 403
        proof = {"password": "wrong", "digest": "A" * 43}
        header = {"Authorization": f"Bearer {rep.token}"}
        answer = rep.client.post("/api/session/v1/step-ups", json=proof, headers=header)
        assert answer.status_code == 401

        assert counted(runtime) == {}

    def test_being_sent_to_the_sign_in_page_is_no_refusal(
        self, app: Flask, runtime: Runtime
    ) -> None:
        assert app.test_client().get("/enterprise/profile").status_code == 303
        assert counted(runtime) == {}

    def test_none_is_lost_when_many_come_at_once(self, app: Flask, runtime: Runtime) -> None:
        def knock() -> None:
            for _ in range(10):
                call(app, "/api/enterprise/v1/consents", "x")

        threads = [Thread(target=knock) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert counted(runtime) == {"Unauthorised": 40}


class TestRolling:
    def test_it_runs_each_hour(self) -> None:
        assert periods()[rollups.JOB] == 3600

    def test_an_hour_becomes_one_leaf_however_often_the_job_runs(
        self, app: Flask, runtime: Runtime
    ) -> None:
        for _ in range(2):
            call(app, "/api/bank/v1/packets", "x")
        visitor(app).post("/login", {"login": LOGIN, "password": "wrong"})
        hour = hours_pass(runtime, 2)

        for _ in range(2):
            run(runtime, rollups.JOB, {})

        (event,) = leaves(runtime)
        counts = {"SignatureInvalid": 2, "Unauthorised": 1}
        assert (event["kind"], event["count"]) == (rollups.KIND, 3)
        assert event["digest"] == rollups.digest_of(hour, counts)
        assert event["n"] == int(hour.timestamp()) // 3600
        assert event["actor_id"] == rollups.JOB

    def test_each_hour_has_its_own(self, app: Flask, runtime: Runtime) -> None:
        for hours in (3, 2):
            call(app, "/api/bank/v1/packets", "x")
            hours_pass(runtime, hours)
            # What is rolled up next must not move again.
            run(runtime, rollups.JOB, {})

        assert [event["count"] for event in leaves(runtime)] == [1, 1]

    def test_the_present_hour_waits(self, app: Flask, runtime: Runtime) -> None:
        call(app, "/api/bank/v1/packets", "x")

        run(runtime, rollups.JOB, {})

        assert leaves(runtime) == []

    def test_two_at_once_write_one(self, app: Flask, runtime: Runtime) -> None:
        call(app, "/api/bank/v1/packets", "x")
        hours_pass(runtime, 2)
        threads = [Thread(target=run, args=(runtime, rollups.JOB, {})) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(leaves(runtime)) == 1

    def test_nothing_of_it_is_personal(self, app: Flask, runtime: Runtime) -> None:
        visitor(app).post("/login", {"login": LOGIN, "password": PASSWORD[:-1]})
        with runtime.transaction(SYSTEM) as uow:
            rows = uow.session.execute(text("SELECT * FROM refusal_count")).all()

        assert LOGIN not in str(rows)
