"""Notices on the console: who does not answer, the rows behind it, sending again, addresses."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

import gov_portal
from tests.enterprise_portal.builders import text_of
from tests.gov_portal.test_pages import entered
from tests.notices.builders import World, a_world
from tests.pulls.builders import ONE, revoke
from tests.sandboxes import live_sandbox
from yidaitong.app import create_app
from yidaitong.kernel.actor import SYSTEM
from yidaitong.notices import escalating
from yidaitong.notices.models import CallbackEndpoint
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import hire


@pytest.fixture
def world(runtime: Runtime) -> Iterator[World]:
    with live_sandbox(runtime) as live:
        made = a_world(runtime, live, ONE)
        hire(runtime)
        yield made


@pytest.fixture
def app(world: World) -> Flask:
    return create_app(world.runtime, [gov_portal])


class TestOperations:
    def test_who_does_not_answer_is_shown_and_tried_again(self, world: World, app: Flask) -> None:
        world.live.fault("http-500", department=world.bank_id)
        revoke(world.runtime, world.case)
        world.carry()
        world.later("73 hours")
        with world.runtime.transaction(SYSTEM) as uow:
            late = escalating.due(uow)
        for notice_id in late:
            with world.runtime.transaction(SYSTEM) as uow:
                escalating.escalate(uow, notice_id)
        operator = entered(app, "gov.operator")

        page = operator.get("/gov/operations")
        for part in ("未获确认的通知", world.bank_id, "HTTP_500"):
            assert part in text_of(page)
        behind = f"/gov/operations/notices?group=escalated&amp;receiver={world.bank_id}"
        assert behind in page
        rows = text_of(operator.get(behind.replace("&amp;", "&")))
        assert "授权已撤回" in rows
        assert "已上报" in rows
        assert "SAMR" not in rows
        english = text_of(entered(app, "gov.operator", "en").get("/gov/operations/notices"))
        assert "Consent revoked" in english

        notice = world.notice(world.bank_id)
        world.live.faults()
        assert operator.post(f"/gov/operations/notices/{notice.id}/resend", {}).status_code == 303
        # Its pause was cut short: the next beat of the courier tries it.
        world.carry()
        assert world.states()[world.bank_id] == "ACKED"
        assert "所有通知均已接收并确认" in text_of(operator.get("/gov/operations"))
        again = operator.post(f"/gov/operations/notices/{notice.id}/resend", {})
        assert again.status_code == 409

    def test_only_operators_see_and_send(self, world: World, app: Flask) -> None:
        revoke(world.runtime, world.case)
        viewer = entered(app, "gov.viewer")
        viewer.get("/gov/operations/notices", 403)
        notice_id = world.notice(world.bank_id).id
        assert viewer.post(f"/gov/operations/notices/{notice_id}/resend", {}).status_code == 403


class TestAddresses:
    def proposed(self, world: World) -> UUID:
        with world.runtime.transaction(SYSTEM) as uow:
            query = select(CallbackEndpoint.id).where(CallbackEndpoint.state == "PROPOSED")
            return uow.session.scalars(query).one()

    def test_one_proposes_another_puts_into_use_and_what_waited_goes_out(
        self, world: World, app: Flask
    ) -> None:
        officer, checker = entered(app, "centre.officer"), entered(app, "centre.checker")
        officer.get("/gov/callback-addresses")
        (known,) = self.all(world)
        stop = f"/gov/callback-addresses/{known}/stop"
        assert officer.post(stop, {}).status_code == 403
        assert checker.post(stop, {}).status_code == 303
        revoke(world.runtime, world.case)
        world.carry()
        assert world.notice(world.bank_id).problem == "NO_ADDRESS"

        url = f"{world.live.url}/banks/{world.bank_id}/notices"
        form = {"bank_id": world.bank_id, "url": url}
        assert officer.post("/gov/callback-addresses", form).status_code == 303
        assert "待复核" in text_of(checker.get("/gov/callback-addresses"))
        pin = f"/gov/callback-addresses/{self.proposed(world)}/pin"
        assert officer.post(pin, {}).status_code == 403
        assert checker.post(pin, {}).status_code == 303
        world.carry()
        assert world.states()[world.bank_id] == "ACKED"

    def test_a_refused_one_is_never_used(self, world: World, app: Flask) -> None:
        officer, checker = entered(app, "centre.officer"), entered(app, "centre.checker")
        form = {"bank_id": world.bank_id, "url": f"{world.live.url}/elsewhere"}
        assert officer.post("/gov/callback-addresses", form).status_code == 303
        found = self.proposed(world)
        path = f"/gov/callback-addresses/{found}"
        assert checker.post(f"{path}/refusal", {}).status_code == 303
        assert checker.post(f"{path}/pin", {}).status_code == 409

    def all(self, world: World) -> list[UUID]:
        with world.runtime.transaction(SYSTEM) as uow:
            return list(uow.session.scalars(select(CallbackEndpoint.id)))
